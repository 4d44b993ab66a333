/**
 * STORED FOREVER: what happens to one SKU in one warehouse (stream `stock-{warehouseId}.{sku}`).
 * A shipped shape is never edited: add a version and an upcaster (docs/how-to.md, "Change an event").
 */
import type { Sealed } from '../../eventsourcing/message.ts';
import type { Disposition } from '../return/events.ts';
import type { AdjustmentReason } from '../values.ts';
import type { StockArrived, StockExpected } from './arrivalEvents.ts';
import type { StockChangeApproved, StockChangeProposed, StockChangeRejected } from './proposalEvents.ts';
import type { StockKey } from './shapes.ts';
import type { StockTransferEvent } from './transferEvents.ts';

export type StockRegistered = {
  readonly type: 'StockRegistered';
  /** `onHand` is the opening stock; nothing on this stock may have happened before `registeredAt`. */
  readonly data: StockKey & { readonly onHand: number; readonly safetyStock: number; readonly registeredAt: string };
};
export type StockReceived = {
  readonly type: 'StockReceived';
  readonly data: StockKey & {
    readonly quantity: number;
    readonly purchaseOrder?: string;
    readonly asn?: string;
    readonly supplier?: string;
  };
};
export type StockAdjusted = {
  readonly type: 'StockAdjusted';
  readonly data: StockKey & {
    readonly delta: number;
    readonly reason: AdjustmentReason;
    readonly note?: Sealed;
    readonly reference?: string;
  };
};
/** The quantity someone counted, with what it differed by. */
export type StockCounted = {
  readonly type: 'StockCounted';
  readonly data: StockKey & {
    readonly counted: number;
    readonly delta: number;
    readonly reason: string;
    readonly note?: Sealed;
    /**
     * What was on the shelf when counting began, where movements since were counted in: `counted` is with them. Absent, or
     * `null` before version 2: it was counted as the stock was then.
     */
    readonly shelf?: { readonly counted: number; readonly revision: number } | null;
  };
};
export type StockReserved = {
  readonly type: 'StockReserved';
  readonly data: StockKey & {
    readonly reservationId: string;
    readonly quantity: number;
    readonly expiresAt: string;
    readonly orderId?: string;
    readonly lineId?: string;
  };
};
/** What kind of fact took pieces from a claim, or was about more of them than there were. */
export type FactCause = 'adjustment' | 'count' | 'quarantine' | 'departure';

interface ReservationEnd extends StockKey {
  readonly reservationId: string;
  readonly quantity: number;
  readonly orderId?: string;
  readonly lineId?: string;
}
/** `quantity` is what was given back; what is left of the claim stays open. */
export type StockReservationReleased = {
  readonly type: 'StockReservationReleased';
  readonly data: ReservationEnd & { readonly reason: string };
};
/**
 * Pieces of a claim that a fact took away: damage, loss, a count, a quarantine, a departure (T28). Told in the same
 * append as the fact; what is left of the claim stays open.
 */
export type StockReservationLapsed = {
  readonly type: 'StockReservationLapsed';
  readonly data: ReservationEnd & { readonly cause: FactCause };
};
export type StockReservationExpired = { readonly type: 'StockReservationExpired'; readonly data: ReservationEnd };
/**
 * Pieces of an open claim pass to a new one of the same stock: nobody else can get them in between. What the old claim
 * has beyond stays open.
 */
export type StockReservationTakenOver = {
  readonly type: 'StockReservationTakenOver';
  readonly data: StockReserved['data'] & { readonly fromReservationId: string };
};
/** Goods left the building against a reservation; what is left of it stays open. */
export type StockShipped = {
  readonly type: 'StockShipped';
  readonly data: ReservationEnd & { readonly shipmentId: string };
};
/** Goods left the building that no open reservation covered: its claim had been released, had run out, or was too small. */
export type StockDeparted = {
  readonly type: 'StockDeparted';
  readonly data: ReservationEnd & { readonly shipmentId: string };
};
/** Goods of a shipment that never left are on the shelf: what was booked out for it is booked back, and nobody's claim. */
export type StockDispatchVoided = {
  readonly type: 'StockDispatchVoided';
  readonly data: ReservationEnd & { readonly shipmentId: string };
};
/**
 * A fact was about more pieces than the ledger knew of. What it knew of is booked; `missing` is the rest, and moves no
 * figure: on hand is never negative. A count settles what is true.
 */
export type StockDiscrepancyRecorded = {
  readonly type: 'StockDiscrepancyRecorded';
  readonly data: StockKey & {
    readonly missing: number;
    readonly cause: FactCause;
    readonly reason?: string;
    readonly reference?: string;
    readonly shipmentId?: string;
    readonly reservationId?: string;
    readonly orderId?: string;
    readonly lineId?: string;
  };
};
/** Quarantined pieces that are gone with what a fact took: fewer are on hand than were marked. */
export type StockQuarantineReduced = {
  readonly type: 'StockQuarantineReduced';
  readonly data: StockKey & { readonly quantity: number; readonly cause: FactCause };
};
export type StockQuarantined = {
  readonly type: 'StockQuarantined';
  readonly data: StockKey & { readonly quantity: number; readonly reason: string; readonly note?: Sealed };
};
export type StockQuarantineReleased = {
  readonly type: 'StockQuarantineReleased';
  readonly data: StockKey & { readonly quantity: number };
};
export type StockPolicySet = {
  readonly type: 'StockPolicySet';
  readonly data: StockKey & { readonly safetyStock: number };
};
/**
 * Pieces of a return, by what becomes of them: `restock` is on hand, `quarantine` on hand and in quarantine, `scrap` neither.
 */
export type StockReturned = {
  readonly type: 'StockReturned';
  readonly data: StockKey & {
    readonly quantity: number;
    readonly disposition: Disposition;
    readonly returnId: string;
    readonly orderId: string;
    readonly lineId: string;
  };
};
export type StockRetired = { readonly type: 'StockRetired'; readonly data: StockKey };

export type StockEvent =
  | StockRegistered
  | StockReceived
  | StockAdjusted
  | StockCounted
  | StockReserved
  | StockReservationReleased
  | StockReservationExpired
  | StockReservationLapsed
  | StockReservationTakenOver
  | StockShipped
  | StockDeparted
  | StockDispatchVoided
  | StockDiscrepancyRecorded
  | StockQuarantined
  | StockQuarantineReleased
  | StockQuarantineReduced
  | StockChangeProposed
  | StockChangeApproved
  | StockChangeRejected
  | StockPolicySet
  | StockRetired
  | StockTransferEvent
  | StockExpected
  | StockArrived
  | StockReturned;
