/** STORED FOREVER: changes of a stock that wait for a second person (T13). A shipped shape is never edited. */
import type { Sealed } from '../../eventsourcing/message.ts';
import type { ProposedChange, StockKey } from './shapes.ts';

/** `held`: pieces that may be gone, which count as quarantined until it is decided. */
export type StockChangeProposed = {
  readonly type: 'StockChangeProposed';
  readonly data: StockKey & {
    readonly approvalId: string;
    readonly change: ProposedChange;
    readonly note?: Sealed;
    readonly held: number;
    /** Subject. */
    readonly proposedBy: string;
    /** Of a count: changes that were proposed while it was made (their approvals), which it has not seen. Absent: none. */
    readonly unseen?: readonly string[];
  };
};
/** `freed`: pieces that were still held for it. */
interface ProposalEnd extends StockKey {
  readonly approvalId: string;
  readonly freed: number;
}
/** Followed, in the same append, by what was proposed. */
export type StockChangeApproved = {
  readonly type: 'StockChangeApproved';
  readonly data: ProposalEnd & { readonly approvedBy: string };
};
export type StockChangeRejected = {
  readonly type: 'StockChangeRejected';
  /** `rejectedBy`: absent where a later count has settled it. */
  readonly data: ProposalEnd & { readonly rejectedBy?: string; readonly reason: string };
};
