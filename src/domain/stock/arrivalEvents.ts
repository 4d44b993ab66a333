/** STORED FOREVER: what inbound shipments bring to a stock (T1). A shipped shape is never edited. */
import type { StockKey } from './shapes.ts';

interface ArrivalKey extends StockKey {
  readonly inboundId: string;
  readonly lineId: string;
  /** Of the newest event of the inbound shipment that the stock was told of this line. */
  readonly inboundRevision: number;
  /** What is still to come of the line, as that event says. */
  readonly expected: number;
  /** When, ISO 8601 UTC. */
  readonly expectedAt: string;
  /** By how much `incoming` moves; 0 where something newer was told before. */
  readonly incomingDelta: number;
}
/** How much of a line is still to come, and when: all of it, not what it differs by. */
export type StockExpected = { readonly type: 'StockExpected'; readonly data: ArrivalKey };
/** Goods of a line came and are on hand: `quantity` of them, announced or not. */
export type StockArrived = {
  readonly type: 'StockArrived';
  readonly data: ArrivalKey & { readonly quantity: number };
};
