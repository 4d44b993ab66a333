/** What can be asked of an inbound shipment, and why it may be refused. Nothing here is stored. */
import type { InboundAnnounced } from './events.ts';

/** A line to change, or a new one: then it says of what. */
export interface LineChange {
  readonly lineId: string;
  readonly sku?: string;
  /** All that is announced under it; 0: nothing of it comes. */
  readonly quantity: number;
}
export interface LineReceipt {
  readonly lineId: string;
  /** Needed where nothing was announced under this id. */
  readonly sku?: string;
  readonly accepted: number;
  readonly rejected: number;
}

export type InboundCommand =
  | { readonly type: 'AnnounceInbound'; readonly inbound: InboundAnnounced['data'] }
  | {
      readonly type: 'ChangeInbound';
      readonly expectedAt?: string;
      readonly lines: readonly LineChange[];
      readonly reason?: string;
    }
  | { readonly type: 'ReceiveInbound'; readonly lines: readonly LineReceipt[] }
  | { readonly type: 'CancelInbound'; readonly reason: string };
export type InboundCommandOf<Type extends InboundCommand['type']> = Extract<InboundCommand, { readonly type: Type }>;

export type InboundRefusal =
  | 'INBOUND_NOT_FOUND'
  | 'INBOUND_ID_TAKEN'
  /** Its rest was cancelled: what comes after all is received, and what is ordered anew is announced anew. */
  | 'INBOUND_CANCELLED'
  | 'INBOUND_LINE_REPEATED'
  /** Nothing was announced under this id, and the SKU is not told. */
  | 'INBOUND_LINE_NOT_FOUND'
  /** The line is of another SKU. */
  | 'INBOUND_LINE_OF_OTHER_SKU'
  | 'TOO_MANY_INBOUND_LINES'
  | 'QUANTITY_INVALID';

/** A container load. All lines of one are held together in memory, and stand in one answer. */
export const inboundLinesMax = 500;
/** With goods that came unannounced: twice as many. More than that is another delivery. */
export const receivedLinesMax = 1_000;
/** The smallest things of a container, piece by piece; more is a slip of a finger. */
export const inboundQuantityMax = 1_000_000;
