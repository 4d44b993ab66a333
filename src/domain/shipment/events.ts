/**
 * STORED FOREVER: the way of one shipment to the door (stream `shipment-{shipmentId}`). A courier's own words are sealed
 * under the key of the customer who waits for the parcel.
 */
import type { FieldClasses, Sealed } from '../../eventsourcing/message.ts';
import type { ParcelDeclared, ShipmentLabel, ShippedLine } from '../order/shapes.ts';

/** What a courier reports of a parcel; the words are the carrier-neutral ones of the tracking trade. */
export const parcelStatuses = [
  'pre_transit',
  'in_transit',
  'out_for_delivery',
  'available_for_pickup',
  'attempted_delivery',
  'delayed',
  'exception',
  'delivered',
  'return_to_sender',
] as const;
export type ParcelStatus = (typeof parcelStatuses)[number];

export type ShipmentDispatched = {
  readonly type: 'ShipmentDispatched';
  readonly data: {
    readonly shipmentId: string;
    readonly orderId: string;
    readonly warehouseId: string;
    readonly carrier?: string;
    readonly trackingNumber?: string;
    readonly lines: readonly ShippedLine[];
    readonly parcels: readonly ParcelDeclared[];
  };
};
/** The whole label as it stands after it, whether a part of it was missing or wrong. */
export type ShipmentCorrected = {
  readonly type: 'ShipmentCorrected';
  readonly data: ShipmentLabel & {
    readonly shipmentId: string;
    readonly orderId: string;
    readonly warehouseId: string;
  };
};
/** One report of the courier about one parcel, kept even when it came late or out of order. */
export type ParcelTracked = {
  readonly type: 'ParcelTracked';
  readonly data: {
    readonly shipmentId: string;
    readonly orderId: string;
    readonly warehouseId: string;
    readonly parcelId: string;
    readonly status: ParcelStatus;
    /** The parcel's status after it, as it was worked out then; `parcelStatusOf` says what it is today. */
    readonly parcelStatus: ParcelStatus;
    /**
     * What a courier says in words may name a neighbour: free text is personal (docs/architecture.md, "Personal data").
     */
    readonly detail?: Sealed;
    readonly location?: Sealed;
    /** Keyed digest of the words, by which the same report is known again. Tells nothing without the key. */
    readonly textDigest?: string;
    /** The carrier's time, ISO 8601 UTC. */
    readonly reportedAt: string;
  };
};
export type ShipmentDelivered = {
  readonly type: 'ShipmentDelivered';
  readonly data: {
    readonly shipmentId: string;
    readonly orderId: string;
    readonly warehouseId: string;
    readonly deliveredAt: string;
  };
};
/** The first parcel of it has turned back: the shipment as a whole does not reach the customer, or no longer has. */
export type ShipmentTurnedBack = {
  readonly type: 'ShipmentTurnedBack';
  readonly data: {
    readonly shipmentId: string;
    readonly orderId: string;
    readonly warehouseId: string;
    readonly parcelId: string;
  };
};
/** It never was handed over: its goods are in the house. Only as long as no courier has said to have them. */
export type ShipmentVoided = {
  readonly type: 'ShipmentVoided';
  readonly data: {
    readonly shipmentId: string;
    readonly orderId: string;
    readonly warehouseId: string;
    readonly reason: string;
    readonly note?: Sealed;
  };
};
/** The first report of a courier who has goods that were said to be in the house. The report itself stands before it. */
export type VoidedShipmentReported = {
  readonly type: 'VoidedShipmentReported';
  readonly data: {
    readonly shipmentId: string;
    readonly orderId: string;
    readonly warehouseId: string;
    readonly parcelId: string;
    readonly status: ParcelStatus;
    /** The carrier's time, ISO 8601 UTC. */
    readonly reportedAt: string;
  };
};
export type ShipmentEvent =
  | ShipmentDispatched
  | ShipmentCorrected
  | ShipmentVoided
  | VoidedShipmentReported
  | ParcelTracked
  | ShipmentDelivered
  | ShipmentTurnedBack;

const place = { shipmentId: 'public', orderId: 'public', warehouseId: 'public' } as const;
export const shipmentFields: FieldClasses<ShipmentEvent> = {
  ShipmentDispatched: { ...place, carrier: 'public', trackingNumber: 'public', lines: 'public', parcels: 'public' },
  ShipmentCorrected: { ...place, carrier: 'public', trackingNumber: 'public', parcels: 'public' },
  ParcelTracked: {
    ...place,
    parcelId: 'public',
    status: 'public',
    parcelStatus: 'public',
    detail: 'pii',
    location: 'pii',
    textDigest: 'public',
    reportedAt: 'public',
  },
  ShipmentVoided: { ...place, reason: 'public', note: 'pii' },
  VoidedShipmentReported: { ...place, parcelId: 'public', status: 'public', reportedAt: 'public' },
  ShipmentDelivered: { ...place, deliveredAt: 'public' },
  ShipmentTurnedBack: { ...place, parcelId: 'public' },
};
export const shipmentVersions = {
  ShipmentDispatched: 3,
  ShipmentCorrected: 1,
  ShipmentVoided: 1,
  VoidedShipmentReported: 1,
  ParcelTracked: 1,
  ShipmentDelivered: 1,
  ShipmentTurnedBack: 1,
} as const;
