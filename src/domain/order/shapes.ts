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
