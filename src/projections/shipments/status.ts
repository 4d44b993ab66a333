/** The one word for a shipment of several parcels (R12.1). */
import type { ParcelStatus } from '../../domain/shipment/events.ts';

/**
 * What to tell of several parcels, the first that applies. Trouble that somebody has to act on comes before everything;
 * then the parcel that is furthest from the door speaks for all, so that a shipment is `delivered` when every parcel is.
 */
const tellingOrder: { readonly [Status in ParcelStatus]: number } = {
  exception: 0,
  return_to_sender: 1,
  pre_transit: 2,
  delayed: 3,
  in_transit: 4,
  attempted_delivery: 5,
  available_for_pickup: 6,
  out_for_delivery: 7,
  delivered: 8,
};

/** A shipment that names no parcels has not been reported on by anybody. */
export const shipmentStatus = (parcels: readonly { readonly status: ParcelStatus }[]): ParcelStatus =>
  parcels
    .map(({ status }) => status)
    .reduce(
      (told, status) => (tellingOrder[status] < tellingOrder[told] ? status : told),
      parcels[0]?.status ?? 'pre_transit',
    );
