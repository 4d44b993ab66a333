/** Shippo: `track_updated`, with the latest report and those before it. */
import { type CarrierReport, CarrierUnreadable } from '../../commands/carrierPorts.ts';
import type { ParcelStatus } from '../../domain/shipment/events.ts';
import { at, listAt, numberAt, readJson, reportsMax, statusMember, textAt, timeOf, wordsOf } from './bodies.ts';

const statuses: { readonly [status: string]: ParcelStatus } = {
  PRE_TRANSIT: 'pre_transit',
  TRANSIT: 'in_transit',
  DELIVERED: 'delivered',
  RETURNED: 'return_to_sender',
  FAILURE: 'exception',
};

/** The first that the finer code has in it. */
const finer: readonly (readonly [RegExp, ParcelStatus])[] = [
  [/out_for_delivery/, 'out_for_delivery'],
  [/attempt/, 'attempted_delivery'],
  [/pickup_available|held/, 'available_for_pickup'],
  [/delay/, 'delayed'],
];

const statusOf = (report: unknown): ParcelStatus | undefined => {
  const status = statuses[textAt(report, 'status')?.toUpperCase() ?? ''];
  const code = textAt(report, 'substatus', 'code') ?? '';
  return status === 'in_transit' || status === 'exception'
    ? (finer.find(([pattern]) => pattern.test(code))?.[1] ?? status)
    : status;
};

/** @throws CarrierUnreadable */
export const readShippo = (body: Uint8Array): readonly CarrierReport[] => {
  const message = readJson(body);
  if (typeof message !== 'object' || message === null) throw new CarrierUnreadable('The body is no object.');
  const event = textAt(message, 'event');
  if (event !== undefined && event !== 'track_updated') return [];
  const track = at(message, 'data') ?? message;
  const trackingNumber = numberAt(track, 'tracking_number');
  if (trackingNumber === undefined) throw new CarrierUnreadable('The track has no tracking_number.');
  const carrier = textAt(track, 'carrier');
  return [...listAt(track, 'tracking_history'), ...listAt(track, 'tracking_status')]
    .slice(-reportsMax)
    .flatMap((report) => {
      const reportedAt = timeOf(textAt(report, 'status_date'));
      if (reportedAt === undefined) return [];
      const place = (name: string) => textAt(report, 'location', name);
      const words = wordsOf([textAt(report, 'status_details')], [place('city'), place('state'), place('country')]);
      return [
        {
          trackingNumber,
          ...(carrier === undefined ? {} : { carrier }),
          ...statusMember(statusOf(report)),
          ...words,
          reportedAt,
        },
      ];
    });
};
