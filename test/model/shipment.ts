/**
 * Where parcels are, from reports that come late, twice and out of order (docs/architecture.md, "The way of an event",
 * docs/statuses.md).
 */
import { type Decision, type DeclaredParcel, type Expected, type LogEvent, record, refuse } from './log.ts';

interface Report {
  readonly status: string;
  readonly at: string;
}
interface Parcel extends DeclaredParcel {
  readonly reports: readonly Report[];
}
export interface Shipment {
  readonly shipmentId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly carrier?: string | undefined;
  readonly trackingNumber?: string | undefined;
  readonly parcels: readonly Parcel[];
  readonly end: 'none' | 'delivered' | 'turned_back';
  readonly revision: number;
  readonly updatedAt: string;
}

/** Turned back stays so; delivered never falls back; else the latest by the carrier's time. */
const statusOf = ({ reports }: Pick<Parcel, 'reports'>): string => {
  const known = reports.map(({ status }) => status);
  if (known.includes('return_to_sender')) return 'return_to_sender';
  if (known.includes('delivered')) return 'delivered';
  const latest = reports.toSorted((a, b) => (a.at < b.at ? -1 : 1)).at(-1);
  return latest?.status ?? 'pre_transit';
};

export interface Tracking {
  readonly parcelId?: string | undefined;
  readonly status: string;
  readonly at: string;
}

export const decideTracking = (shipment: Shipment | undefined, { parcelId, status, at }: Tracking): Decision => {
  if (shipment === undefined) return refuse('SHIPMENT_NOT_FOUND');
  const { parcels } = shipment;
  if (parcelId === undefined && parcels.length > 1) return refuse('PARCEL_REQUIRED');
  const parcel = parcelId === undefined ? parcels[0] : parcels.find((each) => each.parcelId === parcelId);
  if (parcel === undefined) return refuse('PARCEL_NOT_FOUND');
  if (parcel.reports.some((report) => report.status === status && report.at === at)) return record();
  const moved = { ...parcel, reports: [...parcel.reports, { status, at }] };
  const after = parcels.map((each) => statusOf(each === parcel ? moved : each));
  const tracked: Expected = {
    type: 'ParcelTracked',
    data: { parcelId: parcel.parcelId, status, reportedAt: at, parcelStatus: statusOf(moved) },
  };
  if (shipment.end !== 'turned_back' && after.includes('return_to_sender')) {
    return record(tracked, { type: 'ShipmentTurnedBack', data: {} });
  }
  const hasArrived = shipment.end === 'none' && after.every((each) => each === 'delivered');
  return hasArrived ? record(tracked, { type: 'ShipmentDelivered', data: {} }) : record(tracked);
};

export interface Label {
  readonly carrier?: string | undefined;
  readonly trackingNumber?: string | undefined;
}

export const decideLabel = (shipment: Shipment | undefined, { carrier, trackingNumber }: Label): Decision => {
  if (shipment === undefined) return refuse('SHIPMENT_NOT_FOUND');
  const after = {
    carrier: carrier ?? shipment.carrier,
    trackingNumber: trackingNumber ?? shipment.trackingNumber,
  };
  const isSame = after.carrier === shipment.carrier && after.trackingNumber === shipment.trackingNumber;
  return isSame ? record() : record({ type: 'ShipmentCorrected', data: after as Partial<LogEvent['data']> });
};

const steps: { readonly [type: string]: (shipment: Shipment, event: LogEvent) => Shipment } = {
  ParcelTracked: (shipment, { data: { parcelId, status, reportedAt: at } }) => ({
    ...shipment,
    parcels: shipment.parcels.map((parcel) =>
      parcel.parcelId === parcelId ? { ...parcel, reports: [...parcel.reports, { status, at }] } : parcel,
    ),
  }),
  ShipmentCorrected: (shipment, { data: { carrier, trackingNumber } }) => ({ ...shipment, carrier, trackingNumber }),
  ShipmentDelivered: (shipment) => ({ ...shipment, end: 'delivered' }),
  ShipmentTurnedBack: (shipment) => ({ ...shipment, end: 'turned_back' }),
};

/** @throws RangeError for an event that the model does not know, or one of a shipment that has not left. */
export const applyToShipment = (shipment: Shipment | undefined, event: LogEvent): Shipment => {
  const { type, data, revision, recordedAt: updatedAt } = event;
  if (type === 'ShipmentDispatched') {
    const { shipmentId, orderId, warehouseId, carrier, trackingNumber } = data;
    const parcels = data.parcels.map((parcel) => ({ ...parcel, reports: [] }));
    return { shipmentId, orderId, warehouseId, carrier, trackingNumber, parcels, end: 'none', revision, updatedAt };
  }
  const step = steps[type];
  if (shipment === undefined || step === undefined) throw new RangeError(`The model does not know ${type} here.`);
  return { ...step(shipment, event), revision, updatedAt };
};

/** As `GET …/tracking` shows it, as far as the parcels alone tell. */
export const showShipment = (shipment: Shipment) => {
  const { shipmentId, orderId, warehouseId, carrier, trackingNumber, revision, updatedAt } = shipment;
  return {
    shipmentId,
    orderId,
    warehouseId,
    carrier,
    trackingNumber,
    parcels: shipment.parcels.map((parcel) => ({
      parcelId: parcel.parcelId,
      status: statusOf(parcel),
      events: parcel.reports
        .toSorted((a, b) => (a.at < b.at ? -1 : 1))
        .map(({ status, at }) => ({ status, occurredAt: at })),
    })),
    revision,
    updatedAt,
  };
};
