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

export interface ShippedLine extends LineQuantity {
  readonly sku: string;
  /** `{shipmentId}.{lineId}` names none: these pieces left without a reservation. */
  readonly reservationId: string;
}
export interface ParcelDeclared {
  readonly parcelId: string;
  readonly trackingNumber?: string;
  readonly boxes: readonly { readonly lineId: string; readonly boxCode: string; readonly quantity: number }[];
}
/** What a courier knows a shipment by. It may become known after the goods have left, and be put right. */
export interface ShipmentLabel {
  readonly carrier?: string;
  readonly trackingNumber?: string;
  /** Of those parcels that have a number of their own. */
  readonly parcels: readonly { readonly parcelId: string; readonly trackingNumber: string }[];
}
