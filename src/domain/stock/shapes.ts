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
