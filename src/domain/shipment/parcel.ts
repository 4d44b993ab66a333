/**
 * Where one parcel is, from reports that come late, twice and out of order. The answer depends on which reports there
 * are and never on the order they came in: couriers number nothing, their clock is all there is.
 */
import { accept, type Decision, refuse } from '../../eventsourcing/message.ts';
import type { ShipmentLabel } from '../order/shapes.ts';
import { sameJson } from '../values.ts';
import { type ParcelStatus, parcelStatuses, type ShipmentCorrected } from './events.ts';

interface Report {
  readonly status: ParcelStatus;
  /** The carrier's time, ISO 8601 UTC, always written with the same number of digits: compared as text. */
  readonly reportedAt: string;
  readonly textDigest?: string;
}

interface ParcelStanding {
  readonly status: ParcelStatus;
  /** The latest report of all. */
  readonly latest: { readonly status: ParcelStatus; readonly at: string };
  /** The carrier's time of the latest delivery; empty: none so far. */
  readonly deliveredAt: string;
  /** It goes back to its sender, or is there. */
  readonly isTurnedBack: boolean;
}
export interface Parcel extends ParcelStanding {
  /** What was reported already, so that the same report twice is told once. */
  readonly reports: ReadonlySet<string>;
}

export const freshParcel: Parcel = {
  status: 'pre_transit',
  latest: { status: 'pre_transit', at: '' },
  deliveredAt: '',
  isTurnedBack: false,
  reports: new Set(),
};

export const reportKey = ({ status, reportedAt, textDigest }: Report): string =>
  `${status} ${reportedAt} ${textDigest ?? ''}`;

/** Two reports of one moment: the one further on the way counts, so that their order doesn't. */
const isLater = (
  { status, reportedAt }: Pick<Report, 'status' | 'reportedAt'>,
  than: ParcelStanding['latest'],
): boolean =>
  reportedAt === than.at ? parcelStatuses.indexOf(status) > parcelStatuses.indexOf(than.status) : reportedAt > than.at;

/** Where it was by then, as far as is told: for a report that says nothing of where it is. */
export const statusBy = ({ latest, deliveredAt }: Parcel, reportedAt: string): ParcelStatus => {
  if (reportedAt < latest.at) return 'in_transit';
  return deliveredAt !== '' && deliveredAt <= reportedAt ? 'delivered' : latest.status;
};

/** Whether the same words of the same moment were told, whatever status they came with. */
export const hasHeard = ({ reports }: Parcel, { reportedAt, textDigest = '' }: Omit<Report, 'status'>): boolean =>
  [...reports].some((key) => key.endsWith(` ${reportedAt} ${textDigest}`));

const later = (a: string, b: string): string => (a > b ? a : b);

/**
 * Turned back is the end of a parcel: a carrier goes on to report the way back on the same waybill, `in_transit` and
 * `delivered` (at the sender) included. Delivered never falls back to an earlier station.
 */
const move = (place: ParcelStanding, { status, reportedAt }: Pick<Report, 'status' | 'reportedAt'>): ParcelStanding => {
  const deliveredAt = status === 'delivered' ? later(reportedAt, place.deliveredAt) : place.deliveredAt;
  const isTurnedBack = place.isTurnedBack || status === 'return_to_sender';
  const latest = isLater({ status, reportedAt }, place.latest) ? { status, at: reportedAt } : place.latest;
  const arrived = deliveredAt === '' ? latest.status : 'delivered';
  return { status: isTurnedBack ? 'return_to_sender' : arrived, latest, deliveredAt, isTurnedBack };
};

export const moveParcel = (parcel: Parcel, report: Report): Parcel => ({
  ...move(parcel, report),
  reports: new Set([...parcel.reports, reportKey(report)]),
});

/** Where a parcel is after all of these reports, whatever their order. */
export const parcelStatusOf = (reports: readonly Pick<Report, 'status' | 'reportedAt'>[]): ParcelStatus =>
  reports.reduce(move, freshParcel).status;

// What a courier knows a shipment by: set when it leaves, completed or put right later.

/** What is absent stays as it is. */
export type LabelCorrection = Partial<ShipmentLabel>;

interface Declared {
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly parcels: readonly { readonly parcelId: string; readonly trackingNumber?: string }[];
}
interface Labelled {
  readonly shipmentId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly label: ShipmentLabel;
  readonly parcels: ReadonlyMap<string, unknown>;
}

export const labelOf = ({ carrier, trackingNumber, parcels }: Declared): ShipmentLabel => ({
  ...(carrier === undefined ? {} : { carrier }),
  ...(trackingNumber === undefined ? {} : { trackingNumber }),
  parcels: parcels.flatMap((parcel) => {
    const { parcelId, trackingNumber: number } = parcel;
    return number === undefined ? [] : [{ parcelId, trackingNumber: number }];
  }),
});

export const correctLabel = (
  { carrier, trackingNumber, parcels = [] }: LabelCorrection,
  shipment: Labelled,
): Decision<ShipmentCorrected, 'PARCEL_REPEATED' | 'PARCEL_NOT_FOUND'> => {
  const { shipmentId, orderId, warehouseId, label } = shipment;
  const corrected = new Map(parcels.map((parcel) => [parcel.parcelId, parcel.trackingNumber]));
  if (corrected.size < parcels.length) return refuse('PARCEL_REPEATED', 'Name each parcel once.');
  const unknown = parcels.find(({ parcelId }) => !shipment.parcels.has(parcelId));
  if (unknown !== undefined) {
    return refuse('PARCEL_NOT_FOUND', 'The shipment has no such parcel.', { parcelId: unknown.parcelId });
  }
  const numbers = new Map([
    ...label.parcels.map((each) => [each.parcelId, each.trackingNumber] as const),
    ...corrected,
  ]);
  const after: ShipmentLabel = {
    ...label,
    ...(carrier === undefined ? {} : { carrier }),
    ...(trackingNumber === undefined ? {} : { trackingNumber }),
    parcels: [...numbers].map(([parcelId, number]) => ({ parcelId, trackingNumber: number })),
  };
  if (sameJson(after, label)) return accept();
  return accept({ type: 'ShipmentCorrected', data: { shipmentId, orderId, warehouseId, ...after } });
};
