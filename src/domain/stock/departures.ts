/** What of a departure could not be booked out, as the ledger did not know of it: if it never left, it is not booked back. */
import { type BucketMap, emptyBucketMap, lookUp, withEntry } from '../bucketMap.ts';
import type { StockMovement } from './movement.ts';

/** Pieces, by departure. Few: each is a discrepancy that a person sees. */
export type Unbooked = BucketMap<number>;
export const noneUnbooked: Unbooked = emptyBucketMap;

interface Departure {
  readonly shipmentId: string;
  readonly reservationId: string;
}

/** A shipment takes from a reservation once. */
const keyOf = ({ shipmentId, reservationId }: Departure): string => `${shipmentId}/${reservationId}`;

export const unbookedOf = (unbooked: Unbooked, departure: Departure): number => lookUp(unbooked, keyOf(departure)) ?? 0;

export const moveUnbooked = (unbooked: Unbooked, { type, data }: StockMovement): Unbooked => {
  if (type !== 'StockDiscrepancyRecorded') return unbooked;
  const { shipmentId, reservationId, missing } = data;
  if (shipmentId === undefined || reservationId === undefined) return unbooked;
  return withEntry(unbooked, keyOf({ shipmentId, reservationId }), missing);
};
