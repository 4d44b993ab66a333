/**
 * STORED FOREVER: goods on their way back (stream `return-{returnId}`). What came back is a fact, with what is to become of
 * it; what was announced is not. What a customer writes of it is sealed under the customer's key.
 */
import type { FieldClasses, Sealed } from '../../eventsourcing/message.ts';
import type { LineQuantity } from '../order/shapes.ts';

/** Why goods come back, as the one who asked for it said. */
export const returnReasons = [
  'unwanted',
  'damaged',
  'defective',
  'wrong_item',
  'late',
  'undeliverable',
  'other',
] as const;
export type ReturnReason = (typeof returnReasons)[number];

/** What becomes of pieces that came back: sold again, looked at first, or thrown away. */
export const dispositions = ['restock', 'quarantine', 'scrap'] as const;
export type Disposition = (typeof dispositions)[number];

export interface ReturnLine extends LineQuantity {
  readonly sku: string;
}
export interface ReceivedLine extends ReturnLine {
  readonly disposition: Disposition;
}

export interface ReturnRequest {
  readonly returnId: string;
  readonly orderId: string;
  readonly customerId: string;
  /** Where the goods are to go. */
  readonly warehouseId: string;
  /** Lines of the order. */
  readonly lines: readonly ReturnLine[];
  readonly reason: ReturnReason;
  readonly note?: Sealed;
}

export type ReturnRequested = { readonly type: 'ReturnRequested'; readonly data: ReturnRequest };
/** Goods arrived, announced or not; the same line may have come in several conditions. */
export type ReturnReceived = {
  readonly type: 'ReturnReceived';
  readonly data: {
    readonly returnId: string;
    readonly orderId: string;
    /** Where they arrived. */
    readonly warehouseId: string;
    readonly lines: readonly ReceivedLine[];
  };
};
/** What had not arrived is not waited for any more. Should it arrive all the same, it is received. */
export type ReturnCancelled = {
  readonly type: 'ReturnCancelled';
  readonly data: {
    readonly returnId: string;
    readonly orderId: string;
    /** Where it was waited for. */
    readonly warehouseId: string;
    readonly reason: string;
    readonly lines: readonly LineQuantity[];
  };
};
export type ReturnEvent = ReturnRequested | ReturnReceived | ReturnCancelled;

const place = { returnId: 'public', orderId: 'public', warehouseId: 'public', lines: 'public' } as const;
export const returnRequestFields = { ...place, customerId: 'public', reason: 'public', note: 'pii' } as const;
export const returnFields: FieldClasses<ReturnEvent> = {
  ReturnRequested: returnRequestFields,
  ReturnReceived: place,
  ReturnCancelled: { ...place, reason: 'public' },
};
export const returnVersions = { ReturnRequested: 1, ReturnReceived: 1, ReturnCancelled: 1 } as const;
