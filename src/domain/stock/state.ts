import { type BucketMap, emptyBucketMap, entriesOf, lookUp, withEntry, withoutEntry } from '../bucketMap.ts';
import { unreachable } from '../message.ts';
import type { Balance, StockEvent } from './events.ts';

interface Owner {
  readonly orderId?: string;
  readonly lineId?: string;
}

export interface Reservation extends Owner {
  /** What is still open. */
  readonly quantity: number;
  /** What was asked for, by which a repeated claim is known. */
  readonly quantityAsked: number;
  /** How many claims this stock had seen before: the newest are the first that a loss takes from. */
  readonly sequence: number;
  /** What has left against it. */
  readonly shipped: number;
  readonly expiresAt: string;
  /** The shipments that took from it: each takes once, however often it is reported. */
  readonly shipmentIds: readonly string[];
}

/** Whose claim it is, without the fields that are missing. */
export const ownerOf = ({ orderId, lineId }: Owner): Owner => ({
  ...(orderId === undefined ? {} : { orderId }),
  ...(lineId === undefined ? {} : { lineId }),
});

export interface KnownStock {
  readonly phase: 'active' | 'retired';
  readonly balance: Balance;
  readonly registeredAt: string;
  readonly reservations: BucketMap<Reservation>;
  /** Claims made so far, ended ones included. */
  readonly claimsMade: number;
}
export type Stock = { readonly phase: 'absent' } | KnownStock;

export const initialStock: Stock = { phase: 'absent' };
export const emptyBalance: Balance = { onHand: 0, reserved: 0, quarantined: 0, incoming: 0, safetyStock: 0 };

/** What is on the shelf and nobody has a claim on, before the safety stock is held back. */
export const freeOf = (balance: Balance): number => balance.onHand - balance.reserved - balance.quarantined;

/** What may be promised: never negative; a safety stock that is not met promises nothing (DESIGN §5). */
export const availableOf = (balance: Balance): number => Math.max(0, freeOf(balance) - balance.safetyStock);

/** An event as it moves the figures: without the figures after it, which are the result. */
export type StockMovement = {
  [E in StockEvent as E['type']]: { type: E['type']; data: Omit<E['data'], 'after'> };
}[StockEvent['type']];

/** The one place where an event moves the figures; the decider, the fold and the read model all use it. */
export const moveBalance = (balance: Balance, { type, data }: StockMovement): Balance => {
  switch (type) {
    case 'StockRegistered':
      return { ...emptyBalance, onHand: data.onHand, safetyStock: data.safetyStock };
    case 'StockReceived':
      return { ...balance, onHand: balance.onHand + data.quantity };
    case 'StockAdjusted':
    case 'StockCounted':
      return { ...balance, onHand: balance.onHand + data.delta };
    case 'StockReserved':
      return { ...balance, reserved: balance.reserved + data.quantity };
    case 'StockReservationReleased':
    case 'StockReservationExpired':
    case 'StockReservationLapsed':
      return { ...balance, reserved: balance.reserved - data.quantity };
    case 'StockShipped':
      return { ...balance, onHand: balance.onHand - data.quantity, reserved: balance.reserved - data.quantity };
    case 'StockDeparted':
      return { ...balance, onHand: balance.onHand - data.quantity };
    case 'StockQuarantined':
      return { ...balance, quarantined: balance.quarantined + data.quantity };
    case 'StockQuarantineReleased':
    case 'StockQuarantineReduced':
      return { ...balance, quarantined: balance.quarantined - data.quantity };
    case 'StockPolicySet':
      return { ...balance, safetyStock: data.safetyStock };
    case 'StockRetired':
    case 'StockDiscrepancyRecorded':
      return balance;
    default:
      return unreachable(type);
  }
};

interface Taken {
  readonly reservationId: string;
  readonly quantity: number;
  readonly shipmentId?: string;
}

/** The claims after pieces of one were given back, taken away, or shipped; a claim without pieces is gone. */
const lessen = (reservations: BucketMap<Reservation>, taken: Taken): BucketMap<Reservation> => {
  const { reservationId, quantity, shipmentId } = taken;
  const open = lookUp(reservations, reservationId);
  if (open === undefined) return reservations;
  if (open.quantity <= quantity) return withoutEntry(reservations, reservationId);
  const left = { ...open, quantity: open.quantity - quantity };
  const isShipped = shipmentId !== undefined;
  return withEntry(reservations, reservationId, {
    ...left,
    ...(isShipped ? { shipped: open.shipped + quantity, shipmentIds: [...open.shipmentIds, shipmentId] } : {}),
  });
};

const moveReservations = (stock: KnownStock, { type, data }: StockMovement): BucketMap<Reservation> => {
  const { reservations, claimsMade } = stock;
  switch (type) {
    case 'StockReserved':
      return withEntry(reservations, data.reservationId, {
        quantity: data.quantity,
        quantityAsked: data.quantity,
        sequence: claimsMade,
        shipped: 0,
        expiresAt: data.expiresAt,
        shipmentIds: [],
        ...ownerOf(data),
      });
    case 'StockReservationReleased':
    case 'StockReservationExpired':
    case 'StockReservationLapsed':
    case 'StockShipped':
      return lessen(reservations, data);
    default:
      return reservations;
  }
};

/** A known stock after one more movement; a decision of several events looks ahead with it. */
export const moveStock = (stock: KnownStock, movement: StockMovement): KnownStock => ({
  phase: movement.type === 'StockRetired' ? 'retired' : stock.phase,
  balance: moveBalance(stock.balance, movement),
  registeredAt: stock.registeredAt,
  reservations: moveReservations(stock, movement),
  claimsMade: stock.claimsMade + (movement.type === 'StockReserved' ? 1 : 0),
});

/** Total: history is already true and is never judged again. */
export const evolveStock = (stock: Stock, event: StockEvent): Stock => {
  if (event.type === 'StockRegistered') {
    const balance = moveBalance(emptyBalance, event);
    const { registeredAt } = event.data;
    return { phase: 'active', balance, registeredAt, reservations: emptyBucketMap, claimsMade: 0 };
  }
  return stock.phase === 'absent' ? stock : moveStock(stock, event);
};

/** Open reservations of one order, for the allocation policy: what it has already, it does not ask for again. */
export const reservationsOf = (
  stock: Stock,
  orderId: string,
): readonly (Reservation & { readonly reservationId: string })[] =>
  stock.phase === 'absent'
    ? []
    : [...entriesOf(stock.reservations)]
        .filter(([, reservation]) => reservation.orderId === orderId)
        .map(([reservationId, reservation]) => ({ ...reservation, reservationId }));
