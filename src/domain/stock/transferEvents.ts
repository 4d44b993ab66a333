/** STORED FOREVER: pieces of one stock that go to another warehouse, or came from one. A shipped shape is never edited. */
import type { StockKey } from './shapes.ts';

interface OfTransfer extends StockKey {
  readonly transferId: string;
  /** Of the transfer. */
  readonly lineId: string;
}
/** Pieces are kept for a transfer: a claim like any other, which whoever holds them for no order has. */
export type StockTransferReserved = {
  readonly type: 'StockTransferReserved';
  readonly data: OfTransfer & {
    readonly reservationId: string;
    readonly quantity: number;
    readonly expiresAt: string;
  };
};
/** A transfer asked for more than could be promised; nothing is kept for it. */
export type StockTransferDeclined = {
  readonly type: 'StockTransferDeclined';
  readonly data: OfTransfer & { readonly quantity: number; readonly available: number };
};
/** Pieces left for another warehouse; `claimed` of them were kept for it. */
export type StockTransferredOut = {
  readonly type: 'StockTransferredOut';
  readonly data: OfTransfer & {
    readonly reservationId: string;
    readonly quantity: number;
    readonly claimed: number;
    readonly toWarehouseId: string;
  };
};
/** Pieces came from another warehouse; `damaged` of them are in quarantine. */
export type StockTransferredIn = {
  readonly type: 'StockTransferredIn';
  readonly data: OfTransfer & {
    readonly quantity: number;
    readonly damaged: number;
    readonly fromWarehouseId: string;
  };
};
export type StockTransferEvent =
  | StockTransferReserved
  | StockTransferDeclined
  | StockTransferredOut
  | StockTransferredIn;
