/**
 * STORED FOREVER: pieces on their way from one warehouse to another (stream `transfer-{transferId}`). Each event names both
 * ends, so that whoever reaches one of them hears of it. A shipped shape is never edited.
 */
import type { FieldClasses } from '../../eventsourcing/message.ts';

interface TransferEnds {
  readonly transferId: string;
  readonly fromWarehouseId: string;
  readonly toWarehouseId: string;
}
export interface MovedLine {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
}

/** A promise: from here on the stocks at the source are asked to keep its pieces, until `claimsUntil` at the latest. */
export type TransferPlanned = {
  readonly type: 'TransferPlanned';
  readonly data: TransferEnds & {
    readonly lines: readonly MovedLine[];
    /** ISO 8601 UTC. */
    readonly claimsUntil: string;
    readonly plannedAt: string;
  };
};
/** The stock at the source keeps the pieces of this line. */
export type TransferLineClaimed = {
  readonly type: 'TransferLineClaimed';
  readonly data: TransferEnds & MovedLine;
};
/** It does not have them. What has not left is cancelled in the same append. */
export type TransferClaimDeclined = {
  readonly type: 'TransferClaimDeclined';
  readonly data: TransferEnds & MovedLine;
};
/** A claim that came when nothing of the line was to leave any more: it is given back. */
export type TransferClaimReturned = {
  readonly type: 'TransferClaimReturned';
  readonly data: TransferEnds & { readonly lineId: string; readonly sku: string };
};
export type TransferDispatched = {
  readonly type: 'TransferDispatched';
  readonly data: TransferEnds & {
    /** `open`: pieces of the line that are still to leave after it. */
    readonly lines: readonly (MovedLine & { readonly open: number })[];
  };
};
export type TransferReceived = {
  readonly type: 'TransferReceived';
  readonly data: TransferEnds & {
    /** `damaged`: how many of the pieces that came. */
    readonly lines: readonly (MovedLine & { readonly damaged: number })[];
  };
};
/** What has left, and will not come. */
export type TransferPiecesLost = {
  readonly type: 'TransferPiecesLost';
  readonly data: TransferEnds & { readonly reason: string; readonly lines: readonly MovedLine[] };
};
/** What has not left, and will not. */
export type TransferCancelled = {
  readonly type: 'TransferCancelled';
  readonly data: TransferEnds & { readonly reason: string; readonly lines: readonly MovedLine[] };
};

export type TransferEvent =
  | TransferPlanned
  | TransferLineClaimed
  | TransferClaimDeclined
  | TransferClaimReturned
  | TransferDispatched
  | TransferReceived
  | TransferPiecesLost
  | TransferCancelled;

const ends = { transferId: 'public', fromWarehouseId: 'public', toWarehouseId: 'public' } as const;
export const transferFields: FieldClasses<TransferEvent> = {
  TransferPlanned: { ...ends, lines: 'public', claimsUntil: 'public', plannedAt: 'public' },
  TransferLineClaimed: { ...ends, lineId: 'public', sku: 'public', quantity: 'public' },
  TransferClaimDeclined: { ...ends, lineId: 'public', sku: 'public', quantity: 'public' },
  TransferClaimReturned: { ...ends, lineId: 'public', sku: 'public' },
  TransferDispatched: { ...ends, lines: 'public' },
  TransferReceived: { ...ends, lines: 'public' },
  TransferPiecesLost: { ...ends, reason: 'public', lines: 'public' },
  TransferCancelled: { ...ends, reason: 'public', lines: 'public' },
};
export const transferVersions = {
  TransferPlanned: 1,
  TransferLineClaimed: 1,
  TransferClaimDeclined: 1,
  TransferClaimReturned: 1,
  TransferDispatched: 1,
  TransferReceived: 1,
  TransferPiecesLost: 1,
  TransferCancelled: 1,
} as const;
