/** STORED FOREVER, as parts of order events: a shipped shape is never edited. */
export const sourcingStrategies = ['fewest-shipments', 'nearest', 'priority', 'balance'] as const;
export type SourcingStrategy = (typeof sourcingStrategies)[number];

export interface OrderLine {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly priceMinor: number;
  /** ISO 4217. */
  readonly currency: string;
}

export interface Allocation {
  readonly lineId: string;
  readonly sku: string;
  readonly warehouseId: string;
  readonly reservationId: string;
  readonly quantity: number;
}

export interface LineQuantity {
  readonly lineId: string;
  readonly quantity: number;
}

/** What a way of choosing comes to. */
export interface SourcingOutcome {
  readonly warehouseIds: readonly string[];
  readonly shipments: number;
  /** Pieces without a source. */
  readonly missing: number;
}
/** How warehouses were chosen for what an order lacked, and what else it could have been (T8). */
export interface SourcingDecision {
  /** Pieces that lacked a source. */
  readonly pieces: number;
  /** How many warehouses had any of them. */
  readonly offering: number;
  /** The first of these, in the order in which they were asked; how many of the pieces each had. */
  readonly considered: readonly { readonly warehouseId: string; readonly pieces: number }[];
  readonly chosen: SourcingOutcome;
  /** What other strategies come to, where that is something else. Absent: the order was too large to work them out. */
  readonly alternatives?: readonly (SourcingOutcome & { readonly strategy: SourcingStrategy })[];
}

export interface ShippedLine extends LineQuantity {
  readonly sku: string;
  /** `{shipmentId}.{lineId}` names none: these pieces left without a reservation. */
  readonly reservationId: string;
}
export interface ParcelDeclared {
  readonly parcelId: string;
  readonly trackingNumber?: string;
  /** Of GS1, 18 digits; since version 3 of what declares it. */
  readonly sscc?: string;
  readonly boxes: readonly { readonly lineId: string; readonly boxCode: string; readonly quantity: number }[];
}
/** What a courier knows a shipment by. It may become known after the goods have left, and be put right. */
export interface ShipmentLabel {
  readonly carrier?: string;
  readonly trackingNumber?: string;
  /** Of those parcels that have a number of their own. */
  readonly parcels: readonly { readonly parcelId: string; readonly trackingNumber: string }[];
}

// STORED FOREVER: what of an order has left, and what became of it. A shipped shape is never edited.

export type OrderShipmentDispatched = {
  readonly type: 'OrderShipmentDispatched';
  readonly data: {
    readonly orderId: string;
    readonly shipmentId: string;
    readonly warehouseId: string;
    /** Absent: not known when it left. */
    readonly carrier?: string;
    readonly trackingNumber?: string;
    /** One entry a reservation: a line that was reserved twice ships as two. */
    readonly lines: readonly ShippedLine[];
    readonly parcels: readonly ParcelDeclared[];
  };
};
/** The whole label as it stands after it. */
export type OrderShipmentCorrected = {
  readonly type: 'OrderShipmentCorrected';
  readonly data: ShipmentLabel & {
    readonly orderId: string;
    readonly shipmentId: string;
    readonly warehouseId: string;
    /** Of the correction in the shipment's own stream: an older one never overwrites a newer one. */
    readonly shipmentRevision: number;
  };
};
/** It never left: what it was to take along lacks a source again, and is booked back where it was said to have left. */
export type OrderShipmentVoided = {
  readonly type: 'OrderShipmentVoided';
  readonly data: {
    readonly orderId: string;
    readonly shipmentId: string;
    readonly warehouseId: string;
    /** As they were dispatched. */
    readonly lines: readonly ShippedLine[];
  };
};
export type OrderShipmentDelivered = {
  readonly type: 'OrderShipmentDelivered';
  readonly data: { readonly orderId: string; readonly shipmentId: string };
};
/** A parcel of the shipment goes back to the sender: what it brought, or was to bring, is not with the customer. */
export type OrderShipmentTurnedBack = {
  readonly type: 'OrderShipmentTurnedBack';
  readonly data: { readonly orderId: string; readonly shipmentId: string };
};
