/** What can be asked of a transfer, and why it may be refused. Nothing here is stored. */
import type { Decision } from '../../eventsourcing/message.ts';
import type { TransferEvent, TransferPlanned } from './events.ts';

/** A lorry load; a transfer of more lines is several. It is one event, and each line is a command to a stock. */
export const transferLinesMax = 100;

export interface AskedLine {
  readonly lineId: string;
  readonly quantity: number;
}
export interface ArrivedLine extends AskedLine {
  /** Of these pieces; absent: none. */
  readonly damaged?: number;
}

export type TransferCommand =
  | { readonly type: 'PlanTransfer'; readonly transfer: TransferPlanned['data'] }
  /** Absent lines: all that is still to leave. */
  | { readonly type: 'DispatchTransfer'; readonly lines?: readonly AskedLine[] }
  /** Absent lines: all that is on its way, intact. */
  | { readonly type: 'ReceiveTransfer'; readonly lines?: readonly ArrivedLine[] }
  /** Absent lines: all that is on its way. */
  | { readonly type: 'RecordLoss'; readonly lines?: readonly AskedLine[]; readonly reason: string }
  | { readonly type: 'CancelTransfer'; readonly reason: string }
  /** What the stock at the source answers to a plan. */
  | { readonly type: 'RecordClaim'; readonly lineId: string }
  | { readonly type: 'RecordDecline'; readonly lineId: string };

export type TransferRefusal =
  | 'TRANSFER_NOT_FOUND'
  /** Another transfer has this id. */
  | 'TRANSFER_ID_TAKEN'
  | 'TRANSFER_LINE_NOT_FOUND'
  | 'TRANSFER_LINE_REPEATED'
  /** There is nothing to be dispatched, received, lost or cancelled. */
  | 'TRANSFER_NOTHING_LEFT'
  /** More than is on its way. */
  | 'LOSS_EXCEEDS_TRANSIT'
  | 'QUANTITY_INVALID';
export type TransferDecision = Decision<TransferEvent, TransferRefusal>;
