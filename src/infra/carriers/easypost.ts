/** EasyPost: `tracker.created` and `tracker.updated`, each with all that its carrier has said so far. */
import { type CarrierReport, CarrierUnreadable } from '../../commands/carrierPorts.ts';
import type { ParcelStatus } from '../../domain/shipment/events.ts';
import { at, listAt, numberAt, readJson, reportsMax, statusMember, textAt, timeOf, wordsOf } from './bodies.ts';

/** `unknown`, `error` and `cancelled` say nothing of the parcel: the label was cancelled, or the tracker failed. */
const statuses: { readonly [status: string]: ParcelStatus } = {
  pre_transit: 'pre_transit',
  in_transit: 'in_transit',
  out_for_delivery: 'out_for_delivery',
  available_for_pickup: 'available_for_pickup',
  delivered: 'delivered',
  return_to_sender: 'return_to_sender',
  failure: 'exception',
};

const statusOf = (detail: unknown): ParcelStatus | undefined => {
  const finer = textAt(detail, 'status_detail') ?? '';
  const status = statuses[textAt(detail, 'status') ?? ''];
  if (status === 'in_transit' && /delay/.test(finer)) return 'delayed';
  if (status !== 'delivered' && /attempt/.test(finer)) return 'attempted_delivery';
  return status;
};

/** On the way back each station is one of the way back: a delivery is one to the sender. */
const turned = (status: ParcelStatus | undefined): ParcelStatus | undefined =>
  status === undefined || status === 'pre_transit' ? status : 'return_to_sender';

const reportsOf = (tracker: unknown): readonly CarrierReport[] => {
  const trackingNumber = numberAt(tracker, 'tracking_code');
  if (trackingNumber === undefined) throw new CarrierUnreadable('The tracker has no tracking_code.');
  const carrier = textAt(tracker, 'carrier');
  const isReturn = at(tracker, 'is_return') === true;
  return listAt(tracker, 'tracking_details')
    .slice(-reportsMax)
    .flatMap((detail) => {
      const reportedAt = timeOf(textAt(detail, 'datetime'));
      if (reportedAt === undefined) return [];
      const status = isReturn ? turned(statusOf(detail)) : statusOf(detail);
      const place = (name: string) => textAt(detail, 'tracking_location', name);
      const words = wordsOf([textAt(detail, 'message')], [place('city'), place('state'), place('country')]);
      return [
        {
          trackingNumber,
          ...(carrier === undefined ? {} : { carrier }),
          ...statusMember(status),
          ...words,
          reportedAt,
        },
      ];
    });
};

/** @throws CarrierUnreadable */
export const readEasyPost = (body: Uint8Array): readonly CarrierReport[] => {
  const message = readJson(body);
  // As an event, which is what is sent, or a tracker alone, which is what is answered.
  const tracker = at(message, 'object') === 'Tracker' ? message : at(message, 'result');
  if (at(message, 'object') !== 'Event' && at(message, 'object') !== 'Tracker') {
    throw new CarrierUnreadable('Neither an Event nor a Tracker.');
  }
  return at(tracker, 'object') === 'Tracker' ? reportsOf(tracker) : [];
};
