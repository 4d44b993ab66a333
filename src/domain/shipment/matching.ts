/**
 * Which shipment a carrier speaks of. It names a number alone, and numbers are used again: by the same carrier after some
 * months, and by others at any time.
 */
import { carrierSlug } from '../trackingNumber/recognise.ts';

/** A shipment that has, or had, this number. */
export interface NumberedShipment {
  readonly shipmentId: string;
  /** As somebody has written it. */
  readonly carrier?: string;
  /** ISO 8601 UTC. */
  readonly dispatchedAt: string;
  /** When it was told that it has arrived, went back, or was voided; `null`: it is on its way. */
  readonly endedAt: string | null;
}

/** Labels are bought weeks ahead, and a dispatch may be recorded late; a year before it is another parcel, or no clock. */
export const reportsAheadMs = 90 * 24 * 3_600_000;
/** Where an older shipment has arrived already, so long before a dispatch a report is about the newer one. */
const newLabelAheadMs = 7 * 24 * 3_600_000;

/** `dispatched` less than `aheadMs` after the report, or before it. */
const isNear = ({ dispatchedAt }: NumberedShipment, reportedAt: string, aheadMs: number): boolean =>
  Date.parse(dispatchedAt) - Date.parse(reportedAt) <= aheadMs;

/** A carrier that nobody has named may be any; one that is named is that one, where any shipment names it. */
const ofCarrier = <S extends NumberedShipment>(shipments: readonly S[], carrier: string): readonly S[] => {
  const slug = carrierSlug(carrier);
  const named = shipments.filter(
    (shipment) => shipment.carrier !== undefined && carrierSlug(shipment.carrier) === slug,
  );
  return named.length > 0 ? named : shipments.filter((shipment) => shipment.carrier === undefined);
};

/**
 * The newest that had left by then. What had arrived before, while the next one left soon after, had its last report. What
 * is older than all belongs to the oldest, unless it is too old for that. @returns `null`: none of them.
 */
export const shipmentMeant = <S extends NumberedShipment>(
  shipments: readonly S[],
  { carrier, reportedAt }: { readonly carrier: string; readonly reportedAt: string },
): S | null => {
  const newestFirst = ofCarrier(shipments, carrier).toSorted((a, b) => (a.dispatchedAt < b.dispatchedAt ? 1 : -1));
  const index = newestFirst.findIndex(({ dispatchedAt }) => dispatchedAt <= reportedAt);
  const left = newestFirst[index];
  if (left === undefined) {
    const oldest = newestFirst.at(-1);
    return oldest !== undefined && isNear(oldest, reportedAt, reportsAheadMs) ? oldest : null;
  }
  const next = newestFirst[index - 1];
  const hasEnded = left.endedAt !== null && left.endedAt < reportedAt;
  return hasEnded && next !== undefined && isNear(next, reportedAt, newLabelAheadMs) ? next : left;
};

/** A number of the whole shipment is that of each parcel without a number of its own. */
export const parcelsMeant = (
  { trackingNumber, parcels }: NumberedParcels,
  isIt: (trackingNumber: string) => boolean,
): readonly string[] => {
  const own = parcels.filter((parcel) => parcel.trackingNumber !== undefined && isIt(parcel.trackingNumber));
  if (own.length > 0) return own.map(({ parcelId }) => parcelId);
  if (trackingNumber === undefined || !isIt(trackingNumber)) return [];
  return parcels.filter((parcel) => parcel.trackingNumber === undefined).map(({ parcelId }) => parcelId);
};

export interface NumberedParcels {
  readonly trackingNumber?: string;
  readonly parcels: readonly { readonly parcelId: string; readonly trackingNumber?: string }[];
}
