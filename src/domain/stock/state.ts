import { type BucketMap, emptyBucketMap, entriesOf, lookUp, withEntry, withoutEntry } from '../bucketMap.ts';
import { unreachable } from '../message.ts';
import type { Balance, StockEvent, StockShipped } from './events.ts';

interface Owner {
  readonly orderId?: string;
  readonly lineId?: string;
}

export interface Reservation extends Owner {
  /** What is still open. */
  readonly quantity: number;
  /** What was asked for, by which a repeated claim is known. */
  readonly quantityAsked: number;
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
      return { ...balance, reserved: balance.reserved - data.quantity };
    case 'StockShipped':
      return { ...balance, onHand: balance.onHand - data.quantity, reserved: balance.reserved - data.quantity };
    case 'StockQuarantined':
      return { ...balance, quarantined: balance.quarantined + data.quantity };
    case 'StockQuarantineReleased':
      return { ...balance, quarantined: balance.quarantined - data.quantity };
    case 'StockPolicySet':
      return { ...balance, safetyStock: data.safetyStock };
    case 'StockRetired':
      return balance;
    default:
      return unreachable(type);
  }
};

const ship = (reservations: BucketMap<Reservation>, shipped: StockShipped['data']): BucketMap<Reservation> => {
  const { reservationId, quantity, shipmentId } = shipped;
  const open = lookUp(reservations, reservationId);
  if (open === undefined) return reservations;
  if (open.quantity <= quantity) return withoutEntry(reservations, reservationId);
  const shipmentIds = [...open.shipmentIds, shipmentId];
  return withEntry(reservations, reservationId, { ...open, quantity: open.quantity - quantity, shipmentIds });
};

const moveReservations = (reservations: BucketMap<Reservation>, { type, data }: StockEvent): BucketMap<Reservation> => {
  switch (type) {
    case 'StockReserved':
      return withEntry(reservations, data.reservationId, {
        quantity: data.quantity,
        quantityAsked: data.quantity,
        expiresAt: data.expiresAt,
        shipmentIds: [],
        ...ownerOf(data),
      });
    case 'StockReservationReleased':
    case 'StockReservationExpired':
      return withoutEntry(reservations, data.reservationId);
    case 'StockShipped':
      return ship(reservations, data);
    default:
      return reservations;
  }
};

/** Total: history is already true and is never judged again. */
export const evolveStock = (stock: Stock, event: StockEvent): Stock => {
  if (event.type === 'StockRegistered') {
    const balance = moveBalance(emptyBalance, event);
    return { phase: 'active', balance, registeredAt: event.data.registeredAt, reservations: emptyBucketMap };
  }
  if (stock.phase === 'absent') return stock;
  return {
    phase: event.type === 'StockRetired' ? 'retired' : stock.phase,
    balance: moveBalance(stock.balance, event),
    registeredAt: stock.registeredAt,
    reservations: moveReservations(stock.reservations, event),
  };
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
