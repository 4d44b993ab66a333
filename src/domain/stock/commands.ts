/** What can be asked of one SKU in one warehouse, and why it may be refused. Nothing here is stored. */
import type { Decision, Sealed } from '../../eventsourcing/message.ts';
import type { Disposition } from '../return/events.ts';
import type { AdjustmentReason } from '../values.ts';
import type { StockEvent } from './events.ts';

export interface StockTarget {
  readonly warehouseId: string;
  readonly sku: string;
  /** Business time of the command, checked against the registration. */
  readonly occurredAt: string;
}
type StockRequest<Type extends string, Fields extends object = object> = { readonly type: Type } & StockTarget & Fields;

/** What of a change takes a second person (T13); absent: nothing. */
interface NeedsApproval {
  readonly approval?: {
    /** A change of so many pieces, or more, is only proposed; a retirement in any case. At least 1. */
    readonly fromUnits: number;
    /** UUID of the proposal, should it become one. */
    readonly approvalId: string;
    /** Subject of who asks. */
    readonly by: string;
  };
}

interface Departure {
  readonly reservationId: string;
  readonly quantity: number;
  readonly shipmentId: string;
  /** Whose goods these are, for the case that the reservation is gone. */
  readonly orderId?: string;
  readonly lineId?: string;
}

/** The stock when counting began, and what is known of the time since (B9). All of it stays true. */
export interface CountBegin {
  readonly revision: number;
  readonly onHand: number;
  /** What later counts have put right: not a movement, as this count saw the same shelf. */
  readonly corrected: number;
  /** Changes that were proposed since (their approvals): this count has not seen them. */
  readonly proposed: readonly string[];
}

interface OfTransfer {
  readonly transferId: string;
  readonly lineId: string;
}

/** What an inbound shipment says of one of its lines. */
interface ArrivalNews {
  readonly inboundId: string;
  readonly lineId: string;
  /** Of the event that says it. */
  readonly inboundRevision: number;
  /** What is still to come of the line. */
  readonly expected: number;
  readonly expectedAt: string;
}

export type StockCommand =
  | StockRequest<'RegisterStock', { readonly onHand: number; readonly safetyStock: number }>
  | StockRequest<
      'ReceiveStock',
      {
        readonly quantity: number;
        readonly purchaseOrder?: string;
        readonly asn?: string;
        readonly supplier?: string;
      }
    >
  | StockRequest<
      'AdjustStock',
      NeedsApproval & {
        readonly delta: number;
        readonly reason: AdjustmentReason;
        readonly note?: Sealed;
        readonly reference?: string;
      }
    >
  | StockRequest<
      'SetStock',
      NeedsApproval & {
        readonly counted: number;
        readonly reason: string;
        readonly note?: Sealed;
        /** Absent: the shelf was counted as the stock is now. */
        readonly began?: CountBegin;
      }
    >
  | StockRequest<
      'ReserveStock',
      {
        readonly reservationId: string;
        readonly quantity: number;
        readonly expiresAt: string;
        /** An open reservation that gives its pieces for it; absent: they are free ones. */
        readonly from?: string;
        readonly orderId?: string;
        readonly lineId?: string;
      }
    >
  /** `quantity`: how much of it to give back; absent, or more than is open: all of it. */
  | StockRequest<
      'ReleaseReservation',
      { readonly reservationId: string; readonly quantity?: number; readonly reason: string }
    >
  | StockRequest<'ExpireReservation', { readonly reservationId: string; readonly now: string }>
  | StockRequest<'ShipStock', Departure>
  /** Once for each departure: a second one books back twice. */
  | StockRequest<'VoidDeparture', Departure>
  | StockRequest<'QuarantineStock', { readonly quantity: number; readonly reason: string; readonly note?: Sealed }>
  | StockRequest<'ReleaseQuarantine', { readonly quantity: number }>
  | StockRequest<'SetStockPolicy', { readonly safetyStock: number }>
  | StockRequest<'RetireStock', NeedsApproval>
  | StockRequest<'ApproveChange', { readonly approvalId: string; readonly approvedBy: string }>
  | StockRequest<'RejectChange', { readonly approvalId: string; readonly rejectedBy: string; readonly reason: string }>
  /** What a transfer tells: never refused. */
  | StockRequest<
      'ReserveForTransfer',
      OfTransfer & { readonly reservationId: string; readonly quantity: number; readonly expiresAt: string }
    >
  | StockRequest<
      'TransferOut',
      OfTransfer & {
        readonly reservationId: string;
        readonly quantity: number;
        /** The last pieces of the line leave: what is left of its claim is free. */
        readonly endsClaim: boolean;
        readonly toWarehouseId: string;
      }
    >
  | StockRequest<
      'TransferIn',
      OfTransfer & { readonly quantity: number; readonly damaged: number; readonly fromWarehouseId: string }
    >
  | StockRequest<'ExpectArrival', ArrivalNews>
  /** Once for each receipt: a second one takes in twice. */
  | StockRequest<'RecordArrival', ArrivalNews & { readonly quantity: number }>
  /** Pieces of a line of a return that were received. Never refused. */
  | StockRequest<
      'ReturnStock',
      {
        readonly quantity: number;
        readonly disposition: Disposition;
        readonly returnId: string;
        readonly orderId: string;
        readonly lineId: string;
      }
    >;

/** The command of that type, e.g. `StockCommandOf<'ShipStock'>`. */
export type StockCommandOf<Type extends StockCommand['type']> = Extract<StockCommand, { type: Type }>;

export type StockRefusal =
  | 'STOCK_NOT_FOUND'
  | 'STOCK_ALREADY_REGISTERED'
  | 'STOCK_RETIRED'
  | 'STOCK_NOT_EMPTY'
  | 'INSUFFICIENT_STOCK'
  /** A quantity of the command is no whole number, negative, or beyond what one stock can count. */
  | 'QUANTITY_INVALID'
  /** Each quantity is fine, but the stock would be more than the integers we count in. */
  | 'QUANTITY_TOO_LARGE'
  /** As many are open as a stock may have. */
  | 'TOO_MANY_RESERVATIONS'
  | 'RESERVATION_NOT_FOUND'
  /** An open reservation has this id, for another quantity or another order line. */
  | 'RESERVATION_ID_TAKEN'
  /** It was approved or rejected, or is not one of this stock. */
  | 'APPROVAL_ENDED'
  | 'APPROVAL_BY_PROPOSER'
  /** A proposal of this stock is open, and a retired stock has none. */
  | 'APPROVAL_OPEN'
  /** A later count is open. */
  | 'COUNTED_SINCE'
  | 'TOO_MANY_PROPOSALS'
  | 'OCCURRED_BEFORE_REGISTRATION';

export type StockDecision = Decision<StockEvent, StockRefusal>;
