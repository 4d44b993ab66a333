/** What process managers need from the world beside the log: where to look, and who hears what they found. */
import type { Candidate } from '../domain/policies/ranking.ts';
import type { SourcingState } from '../domain/warehouse/events.ts';
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
 * What allocations ask of the read models, which may be behind and are never waited for: what has changed since is kept
 * beside them (`allocationIndex.ts`). All answers are at least as new as `position` said before they were asked for.
 */
export interface AllocationReadModels {
  /** Names the builds that answer now: a rebuild switches in others, which may have folded less. */
  builds(): string;
  /** All of these builds have folded the log up to here, as far as this process has heard. `null`: nothing. */
  position(): Position | null;
  /** The same, as their checkpoints have it. */
  storedPosition(): Promise<Position | null>;
  warehouses(): Promise<readonly SourcingWarehouse[]>;
  /** Ids of the warehouses where this SKU was ever registered, sorted. */
  warehousesHolding(sku: string): Promise<readonly string[]>;
  /** `null`: for anything. */
  isAnyWaitingFor(skus: readonly string[] | null): Promise<boolean>;
  /** A page of those for this SKU (`null`: for any), by `placedAt` and id. `cursor` of the first: `null`. */
  ordersWaitingFor(sku: string | null, page: WaitingPageRequest): Promise<WaitingPage>;
}

export interface SourcingWarehouse extends Candidate {
  readonly sourcing: SourcingState;
}

export interface WaitingPageRequest {
  readonly limit: number;
  readonly cursor: string | null;
}

export interface WaitingOrder {
  readonly orderId: string;
  readonly placedAt: string;
  readonly allowSplit: boolean;
  /** All that it lacks a source for. */
  readonly skus: readonly string[];
}

export interface WaitingPage {
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

/** Is told how late reservations end; the metrics show it. */
export interface LapseWatch {
  /** A reservation was ended, so long after its time. */
  ended(lateMs: number): void;
  /** How long the oldest of all that are due has been due, at each look; 0 when none is. */
  oldestDue(dueForMs: number): void;
}
