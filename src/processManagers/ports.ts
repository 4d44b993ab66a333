/** What process managers need from the world beside the log: where to look, and who hears what they found. */
import type { Candidate } from '../domain/policies/ranking.ts';
import type { Position } from '../eventsourcing/message.ts';

/** A reservation that a stock holds for an order. */
export interface OrderClaim {
  readonly orderId: string;
  readonly warehouseId: string;
  readonly sku: string;
  readonly reservationId: string;
}

/** As it is published in `stockledger_reservation_drift`. */
export const driftKinds = [
  /** A stock holds a reservation for an order that does not count it. */
  'uncounted_reservation',
  /** An order counts on pieces that no stock holds for it. */
  'lost_reservation',
  /** An order waits, or was never planned, although goods for it are free, or held for it. */
  'waiting_beside_stock',
  /** Goods left with a shipment, and the stock still holds them. */
  'unbooked_departure',
] as const;
export type DriftKind = (typeof driftKinds)[number];

/** A page of a list, which may be behind: it only tells where to look. */
export interface ClaimPage<T> {
  readonly items: readonly T[];
  /** `null`: this was the last one. */
  readonly nextCursor: string | null;
}

/** Where orders and stocks have claims on each other, and how far the policies have come. */
export interface ClaimLists {
  /** Ids of orders that may still ship or wait. `cursor` of the first page: `null`. */
  orders(cursor: string | null): Promise<ClaimPage<string>>;
  /** Whether any order lacks a source for any of these. */
  isAnyWaiting(skus: readonly string[]): Promise<boolean>;
  /** Ids of orders that lack a source for this SKU (`null`: for any). */
  waiting(sku: string | null, cursor: string | null): Promise<ClaimPage<string>>;
  /** Open reservations that were made for an order. */
  reservations(cursor: string | null): Promise<ClaimPage<OrderClaim>>;
  /** `true` once the policies have done all that events up to here ask for, `false` when that takes too long. */
  hasReacted(position: Position): Promise<boolean>;
}

/** Hears what each look at the claims has found, also when that is nothing. */
export interface DriftWatch {
  found(kind: DriftKind, count: number): void;
}

/**
 * What a policy must find out before it can ask for anything. Figures come from the write side and are exact; these
 * only tell where to look, and must have seen the log up to `since`, the event that is reacted to.
 */
export interface AllocationFacts {
  /** Those that are open to sourcing. */
  warehouses(since: Position): Promise<readonly Candidate[]>;
  /** Ids of the warehouses where this SKU is registered. */
  warehousesHolding(sku: string, since: Position): Promise<readonly string[]>;
  /** Whether any order lacks a source for any of these: asked before the next two, which read orders. */
  isAnyWaitingFor(skus: readonly string[], since: Position): Promise<boolean>;
  /** A page of those for this SKU (`null`: for any), by `placedAt` and id. `cursor` of the first: `null`. */
  ordersWaitingFor(sku: string | null, since: Position, cursor: string | null): Promise<WaitingPage>;
  oldestWaitingFor(sku: string, since: Position): Promise<WaitingOrder | null>;
}

export interface WaitingOrder {
  readonly orderId: string;
  readonly placedAt: string;
  readonly allowSplit: boolean;
  /** All that it lacks a source for. */
  readonly skus: readonly string[];
}

interface WaitingPage {
  readonly orders: readonly WaitingOrder[];
  readonly nextCursor: string | null;
}

export interface DueReservation {
  readonly warehouseId: string;
  readonly sku: string;
  readonly reservationId: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly expiresAt: string;
}

/** Which reservations are past their time. May be behind: the decider has the last word. */
export interface DueReservations {
  /** The longest overdue first; `after`: those that follow it. */
  dueAt(now: string, limit: number, after?: DueReservation): Promise<readonly DueReservation[]>;
}

/** Hears how late reservations end, for whoever watches the service. */
export interface LapseWatch {
  /** A reservation was ended, so long after its time. */
  ended(lateMs: number): void;
  /** How long the oldest of all that are due has been due, at each look; 0 when none is. */
  oldestDue(dueForMs: number): void;
}
