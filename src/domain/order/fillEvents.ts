/** STORED FOREVER: which goods on their way will fill what an order waits for. A shipped shape is never edited. */

/** Pieces of a line that a line of an inbound shipment will fill. */
export interface ExpectedFill {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly warehouseId: string;
  readonly inboundId: string;
  readonly inboundLineId: string;
  /** ISO 8601 UTC. */
  readonly expectedAt: string;
}

/** Why a fill is promised, or another one now. */
export type FillCause = 'order_waits' | 'order_changed' | 'inbound_changed' | 'goods_came';

/** All that is promised of this SKU from now on, in place of what was before; none: nobody knows when it comes. */
export type OrderFillPromised = {
  readonly type: 'OrderFillPromised';
  readonly data: {
    readonly orderId: string;
    readonly sku: string;
    readonly fills: readonly ExpectedFill[];
    readonly because: FillCause;
  };
};
