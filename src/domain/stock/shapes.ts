/** STORED FOREVER, as part of events (`events.ts`): never edited. */
import type { AdjustmentReason } from '../values.ts';

/** What a second person is to approve (T13). `delta` of a count: how far it lay from the ledger when it was made. */
export type ProposedChange =
  | {
      readonly kind: 'adjustment';
      readonly delta: number;
      readonly reason: AdjustmentReason;
      readonly reference?: string;
    }
  | { readonly kind: 'count'; readonly counted: number; readonly delta: number; readonly reason: string }
  | { readonly kind: 'retirement' };

/** The figures after the event, as a stock ledger prints them beside each entry. Always equal to the fold. */
export interface Balance {
  readonly onHand: number;
  readonly reserved: number;
  readonly quarantined: number;
  readonly incoming: number;
  readonly safetyStock: number;
}

/** Every event of a stock has these. */
export interface StockKey {
  readonly warehouseId: string;
  readonly sku: string;
  readonly after: Balance;
}
