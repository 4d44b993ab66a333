/** Our own shape, for carriers without an adapter: what a forwarder or an integrator can send in an afternoon (docs/couriers.md). */
import { type CarrierReport, CarrierUnreadable } from '../../commands/carrierPorts.ts';
import { type ParcelStatus, parcelStatuses } from '../../domain/shipment/events.ts';
import { at, listAt, numberAt, readJson, reportsMax, statusMember, textAt, timeOf, wordsOf } from './bodies.ts';

const statusOf = (event: unknown): ParcelStatus | undefined => {
  const told = textAt(event, 'status');
  const status = parcelStatuses.find((each) => each === told);
  const goesBack = at(event, 'leg') === 'return' && status !== undefined && status !== 'pre_transit';
  return goesBack ? 'return_to_sender' : status;
};

/** @throws CarrierUnreadable */
export const readGeneric = (body: Uint8Array): readonly CarrierReport[] => {
  const message = readJson(body);
  if (!Array.isArray(at(message, 'events'))) throw new CarrierUnreadable('The body has no list of events.');
  return listAt(message, 'events')
    .slice(0, reportsMax)
    .map((event) => {
      const trackingNumber = numberAt(event, 'trackingNumber');
      const reportedAt = timeOf(textAt(event, 'occurredAt'));
      if (trackingNumber === undefined || reportedAt === undefined) {
        throw new CarrierUnreadable('An event has no trackingNumber, or no occurredAt.');
      }
      const carrier = textAt(event, 'carrier');
      const words = wordsOf([textAt(event, 'detail')], [textAt(event, 'location')]);
      return {
        trackingNumber,
        ...(carrier === undefined ? {} : { carrier }),
        ...statusMember(statusOf(event)),
        ...words,
        reportedAt,
      };
    });
};
