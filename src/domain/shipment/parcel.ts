/**
 * Where one parcel is, from reports that come late, twice and out of order. The answer depends on which reports there
 * are and never on the order they came in: couriers number nothing, their clock is all there is.
 */
import { type ParcelStatus, parcelStatuses } from './events.ts';

export interface Report {
  readonly status: ParcelStatus;
  /** The carrier's time, ISO 8601 UTC, always written with the same number of digits: compared as text. */
  readonly reportedAt: string;
  readonly textDigest?: string;
}

export interface Parcel {
  readonly status: ParcelStatus;
  /** The latest report of all. */
  readonly latest: { readonly status: ParcelStatus; readonly at: string };
  /** The carrier's time of the latest delivery, and of the latest turning back; empty: none so far. */
  readonly deliveredAt: string;
  readonly returnedAt: string;
  /** What was reported already, so that the same report twice is told once. */
  readonly reports: ReadonlySet<string>;
}

export const freshParcel: Parcel = {
  status: 'pre_transit',
  latest: { status: 'pre_transit', at: '' },
  deliveredAt: '',
  returnedAt: '',
  reports: new Set(),
};

export const reportKey = ({ status, reportedAt, textDigest }: Report): string =>
  `${status} ${reportedAt} ${textDigest ?? ''}`;

/** Two reports of one moment: the one further on the way counts, so that their order doesn't. */
const isLater = ({ status, reportedAt }: Report, than: Parcel['latest']): boolean =>
  reportedAt === than.at ? parcelStatuses.indexOf(status) > parcelStatuses.indexOf(than.status) : reportedAt > than.at;

const later = (a: string, b: string): string => (a > b ? a : b);

/**
 * The parcel after one more report. Delivered never falls back to an earlier station; only goods that turn back after
 * their delivery, on the same waybill, move it.
 */
export const moveParcel = (parcel: Parcel, report: Report): Parcel => {
  const { status, reportedAt } = report;
  const deliveredAt = status === 'delivered' ? later(reportedAt, parcel.deliveredAt) : parcel.deliveredAt;
  const returnedAt = status === 'return_to_sender' ? later(reportedAt, parcel.returnedAt) : parcel.returnedAt;
  const latest = isLater(report, parcel.latest) ? { status, at: reportedAt } : parcel.latest;
  const settled = returnedAt >= deliveredAt ? 'return_to_sender' : 'delivered';
  return {
    status: deliveredAt === '' ? latest.status : settled,
    latest,
    deliveredAt,
    returnedAt,
    reports: new Set([...parcel.reports, reportKey(report)]),
  };
};
