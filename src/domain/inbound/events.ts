/**
 * STORED FOREVER: goods on their way to a warehouse, by a purchase order or a supplier's shipping notice (stream
 * `inbound-{inboundId}`). A shipped shape is never edited: add a version and an upcaster (docs/how-to.md, "Change an event").
 */
import type { FieldClasses } from '../../eventsourcing/message.ts';

interface InboundKey {
  readonly inboundId: string;
  readonly warehouseId: string;
  /** When what is still to come is expected, ISO 8601 UTC; as it stands after the event. */
  readonly expectedAt: string;
}
interface LineKey {
  readonly lineId: string;
  readonly sku: string;
}

export interface AnnouncedLine extends LineKey {
  /** All that is announced under it. */
  readonly quantity: number;
}
/** `expected`: what is still to come of the line, after the event. */
export interface ChangedLine extends AnnouncedLine {
  readonly expected: number;
}
export interface ReceivedLine extends LineKey {
  /** Pieces of this receipt that were taken in. */
  readonly accepted: number;
  /** Pieces of this receipt that were turned away at the door. */
  readonly rejected: number;
  readonly expected: number;
}
export interface CancelledLine extends LineKey {
  /** What does not come any more. */
  readonly quantity: number;
}

export type InboundAnnounced = {
  readonly type: 'InboundAnnounced';
  readonly data: InboundKey & {
    /** Number of the purchase order, or of the notice. */
    readonly reference: string;
    readonly supplier?: string;
    readonly lines: readonly AnnouncedLine[];
  };
};
/** The lines of which something is another now: how much is announced, how much is still to come, or when. */
export type InboundChanged = {
  readonly type: 'InboundChanged';
  readonly data: InboundKey & { readonly reason?: string; readonly lines: readonly ChangedLine[] };
};
/** Goods came, announced or not, in time or not: the lines that something came under. */
export type InboundReceived = {
  readonly type: 'InboundReceived';
  readonly data: InboundKey & { readonly lines: readonly ReceivedLine[] };
};
/** Nothing more is expected: the lines of which something was. */
export type InboundCancelled = {
  readonly type: 'InboundCancelled';
  readonly data: InboundKey & { readonly reason: string; readonly lines: readonly CancelledLine[] };
};
export type InboundEvent = InboundAnnounced | InboundChanged | InboundReceived | InboundCancelled;

const key = { inboundId: 'public', warehouseId: 'public', expectedAt: 'public', lines: 'public' } as const;
export const inboundFields: FieldClasses<InboundEvent> = {
  InboundAnnounced: { ...key, reference: 'public', supplier: 'public' },
  InboundChanged: { ...key, reason: 'public' },
  InboundReceived: key,
  InboundCancelled: { ...key, reason: 'public' },
};
export const inboundVersions = {
  InboundAnnounced: 1,
  InboundChanged: 1,
  InboundReceived: 1,
  InboundCancelled: 1,
} as const;
