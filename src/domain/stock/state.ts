import { type BucketMap, emptyBucketMap, lookUp, withEntry } from '../bucketMap.ts';
import { type Arrivals, moveArrivals, noArrivals } from './arrivals.ts';
import { emptyBalance, moveBalance, type StockMovement } from './balance.ts';
import { type Claims, claimsOf, moveClaims, noClaims, type Reservation } from './claims.ts';
import type { StockEvent } from './events.ts';
import { moveProposals, noProposals, type Proposals } from './proposals.ts';
import type { Balance } from './shapes.ts';

// What of a departure could not be booked out, as the ledger did not know of it: if it never left, it is not booked back.

/** Pieces, by departure. Few: each is a discrepancy that a person sees. */
type Unbooked = BucketMap<number>;
const noneUnbooked: Unbooked = emptyBucketMap;

interface UnbookedDeparture {
  readonly shipmentId: string;
  readonly reservationId: string;
}

/** A shipment takes from a reservation once. */
const keyOf = ({ shipmentId, reservationId }: UnbookedDeparture): string => `${shipmentId}/${reservationId}`;

export const unbookedOf = (unbooked: Unbooked, departure: UnbookedDeparture): number =>
  lookUp(unbooked, keyOf(departure)) ?? 0;

const moveUnbooked = (unbooked: Unbooked, { type, data }: StockMovement): Unbooked => {
  if (type !== 'StockDiscrepancyRecorded') return unbooked;
  const { shipmentId, reservationId, missing } = data;
  if (shipmentId === undefined || reservationId === undefined) return unbooked;
  return withEntry(unbooked, keyOf({ shipmentId, reservationId }), missing);
};

export interface KnownStock extends Claims {
  readonly phase: 'active' | 'retired';
  readonly balance: Balance;
  readonly registeredAt: string;
  readonly unbooked: Unbooked;
  readonly proposals: Proposals;
  readonly arrivals: Arrivals;
}
export type Stock = { readonly phase: 'absent' } | KnownStock;

export const initialStock: Stock = { phase: 'absent' };

/** What is on the shelf and nobody has a claim on, before the safety stock is held back. */
export const freeOf = (balance: Balance): number => balance.onHand - balance.reserved - balance.quarantined;

/**
 * What may be promised: never negative; a safety stock that is not met promises nothing (docs/architecture.md, "Facts
 * and promises").
 */
export const availableOf = (balance: Balance): number => Math.max(0, freeOf(balance) - balance.safetyStock);

/**
 * Reservations that may be open at one stock. They are held in memory together, some 350 bytes each: without a bound, one SKU
 * that all buyers want could take all of it.
 */
export const reservationsMax = 100_000;

/** How many more may be open. */
export const roomToReserve = ({ reservations }: KnownStock): number => Math.max(0, reservationsMax - reservations.size);

const claimsIn = ({ reservations, claimsOfOrders, claimsMade }: KnownStock): Claims => ({
  reservations,
  claimsOfOrders,
  claimsMade,
});

/** A known stock after one more movement; a decision of several events looks ahead with it. */
export const moveStock = (stock: KnownStock, movement: StockMovement): KnownStock => {
  const balance = moveBalance(stock.balance, movement);
  return {
    phase: movement.type === 'StockRetired' ? 'retired' : stock.phase,
    balance,
    registeredAt: stock.registeredAt,
    unbooked: moveUnbooked(stock.unbooked, movement),
    proposals: moveProposals(stock.proposals, movement, balance.quarantined),
    arrivals: moveArrivals(stock.arrivals, movement),
    ...moveClaims(claimsIn(stock), movement),
  };
};

/** Total: history is already true and is never judged again. */
export const evolveStock = (stock: Stock, event: StockEvent): Stock => {
  if (event.type === 'StockRegistered') {
    const balance = moveBalance(emptyBalance, event);
    const { registeredAt } = event.data;
    // What left before is known by its shipments still, which may be voided.
    const unbooked = stock.phase === 'absent' ? noneUnbooked : stock.unbooked;
    // A retired stock expects nothing; what it was told last is known still, as older news may be told after it.
    const arrivals = stock.phase === 'absent' ? noArrivals : stock.arrivals;
    return { phase: 'active', balance, registeredAt, unbooked, proposals: noProposals, arrivals, ...noClaims };
  }
  return stock.phase === 'absent' ? stock : moveStock(stock, event);
};

/** Open reservations of one order. */
export const reservationsOf = (
  stock: Stock,
  orderId: string,
): readonly (Reservation & { readonly reservationId: string })[] => {
  if (stock.phase === 'absent') return [];
  return claimsOf(stock, orderId).flatMap((reservationId) => {
    const open = lookUp(stock.reservations, reservationId);
    return open === undefined ? [] : [{ ...open, reservationId }];
  });
};
