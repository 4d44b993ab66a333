/** Where each shipment is, and all that couriers have said about its parcels. */
import type { ParcelDeclared } from '../../domain/order/shapes.ts';
import type {
  ParcelStatus,
  ParcelTracked,
  ShipmentCorrected,
  ShipmentDispatched,
  ShipmentEvent,
} from '../../domain/shipment/events.ts';
import { labelOf, parcelStatusOf } from '../../domain/shipment/parcel.ts';
import { type Sealed, unreachable } from '../../eventsourcing/message.ts';
import type { Projection, Recorded } from '../../eventsourcing/projecting/projection.ts';

// The one word for a shipment of several parcels (R12.1).

/**
 * What to tell of several parcels, the first that applies. Trouble that a person has to act on comes before everything;
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

/** One report of the courier. */
export interface ParcelEventView {
  readonly status: ParcelStatus;
  readonly detail: Sealed | null;
  /** The carrier's time, ISO 8601 UTC. */
  readonly occurredAt: string;
  /** Ours, ISO 8601 UTC. */
  readonly recordedAt: string;
  readonly location: Sealed | null;
}

/** `status` is the domain's, from all reports whatever order they came in. */
export interface ParcelView extends ParcelDeclared {
  readonly status: ParcelStatus;
  /** Of the latest report that names one. */
  readonly lastLocation: Sealed | null;
  /** By the carrier's time, the earliest first; at most `reportsPerParcelMax` and the delivery. */
  readonly events: readonly ParcelEventView[];
}

export interface ShipmentDocument {
  readonly shipmentId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly status: ParcelStatus;
  readonly parcels: readonly ParcelView[];
  /** When the goods left, ISO 8601 UTC. */
  readonly dispatchedAt: string;
  /** When the last parcel arrived by the carrier's time; `null`: not all of them have, or one went back. */
  readonly deliveredAt: string | null;
  /** When it was voided, ISO 8601 UTC: its goods have not left, whatever a courier says of its parcels. Absent: it was not. */
  readonly voidedAt?: string;
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
  /** When it was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

const freshParcel = ({ parcelId, trackingNumber, sscc, boxes }: ParcelDeclared): ParcelView => ({
  parcelId,
  ...(trackingNumber === undefined ? {} : { trackingNumber }),
  ...(sscc === undefined ? {} : { sscc }),
  status: 'pre_transit',
  lastLocation: null,
  boxes,
  events: [],
});

/** Reports of the same moment stay in the order they came in. */
const inserted = (events: readonly ParcelEventView[], report: ParcelEventView): readonly ParcelEventView[] => {
  const before = events.findLastIndex(({ occurredAt }) => occurredAt <= report.occurredAt);
  return events.toSpliced(before + 1, 0, report);
};

const reported = (parcel: ParcelView, { data, recordedAt }: Recorded<ParcelTracked>): ParcelView => {
  const { status, detail = null, location = null, reportedAt } = data;
  const events = inserted(parcel.events, { status, detail, occurredAt: reportedAt, recordedAt, location });
  const reports = events.map((event) => ({ status: event.status, reportedAt: event.occurredAt }));
  const lastLocation = events.findLast((event) => event.location !== null)?.location ?? null;
  return { ...parcel, status: parcelStatusOf(reports), lastLocation, events };
};

const dispatched = ({ data, occurredAt, revision, recordedAt }: Recorded<ShipmentDispatched>): ShipmentDocument => {
  const { shipmentId, orderId, warehouseId } = data;
  const { parcels: _, ...label } = labelOf(data);
  const parcels = data.parcels.map(freshParcel);
  return {
    shipmentId,
    orderId,
    warehouseId,
    ...label,
    status: shipmentStatus(parcels),
    parcels,
    dispatchedAt: occurredAt,
    deliveredAt: null,
    revision,
    updatedAt: recordedAt,
  };
};

const corrected = (document: ShipmentDocument, { data }: Recorded<ShipmentCorrected>): ShipmentDocument => {
  const { parcels, ...label } = labelOf(data);
  const numbers = new Map(parcels.map(({ parcelId, trackingNumber }) => [parcelId, trackingNumber]));
  return {
    ...document,
    ...label,
    parcels: document.parcels.map((parcel) => {
      const trackingNumber = numbers.get(parcel.parcelId);
      return trackingNumber === undefined ? parcel : { ...parcel, trackingNumber };
    }),
  };
};

const apply = (document: ShipmentDocument | null, event: Recorded<ShipmentEvent>): ShipmentDocument | null => {
  if (event.type === 'ShipmentDispatched') return dispatched(event);
  if (document === null) return null;
  const touched = { ...document, revision: event.revision, updatedAt: event.recordedAt };
  switch (event.type) {
    case 'ParcelTracked': {
      const parcels = document.parcels.map((parcel) =>
        parcel.parcelId === event.data.parcelId ? reported(parcel, event) : parcel,
      );
      return { ...touched, status: shipmentStatus(parcels), parcels };
    }
    case 'ShipmentCorrected':
      return corrected(touched, event);
    case 'ShipmentVoided':
      return { ...touched, voidedAt: event.occurredAt };
    case 'VoidedShipmentReported':
      return touched;
    case 'ShipmentDelivered':
      return { ...touched, deliveredAt: event.data.deliveredAt };
    case 'ShipmentTurnedBack':
      return { ...touched, deliveredAt: null };
    default:
      return unreachable(event);
  }
};

export const shipments: Projection<ShipmentDocument, ShipmentEvent> = {
  name: 'shipments_v2',
  handles: [
    'ShipmentDispatched',
    'ShipmentCorrected',
    'ShipmentVoided',
    'VoidedShipmentReported',
    'ParcelTracked',
    'ShipmentDelivered',
    'ShipmentTurnedBack',
  ],
  indexes: [['orderId'], ['trackingNumber']],
  idsOf: ({ data }) => [data.shipmentId],
  apply,
};
