/** The claims on one stock: made, given back, taken over, shipped. */
import { unreachable } from '../../eventsourcing/message.ts';
import { type BucketMap, emptyBucketMap, lookUp, withEntry, withoutEntry } from '../bucketMap.ts';
import type { Balance, StockEvent } from './events.ts';

// How an event moves the figures of a stock.

export const emptyBalance: Balance = { onHand: 0, reserved: 0, quarantined: 0, incoming: 0, safetyStock: 0 };

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
    case 'StockDispatchVoided':
      return { ...balance, onHand: balance.onHand + data.quantity };
    case 'StockQuarantined':
      return { ...balance, quarantined: balance.quarantined + data.quantity };
    case 'StockQuarantineReleased':
    case 'StockQuarantineReduced':
      return { ...balance, quarantined: balance.quarantined - data.quantity };
    case 'StockPolicySet':
      return { ...balance, safetyStock: data.safetyStock };
    case 'StockRetired':
    case 'StockDiscrepancyRecorded':
    case 'StockReservationTakenOver':
      return balance;
    default:
      return unreachable(type);
  }
};

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

export interface Claims {
  /** By id; those that are open. */
  readonly reservations: BucketMap<Reservation>;
  /** Ids of the open claims of each order: most orders have none here, which is one lookup. */
  readonly claimsOfOrders: BucketMap<readonly string[]>;
  /** Claims made so far, ended ones included. */
  readonly claimsMade: number;
}

export const noClaims: Claims = { reservations: emptyBucketMap, claimsOfOrders: emptyBucketMap, claimsMade: 0 };

const without = (claims: BucketMap<readonly string[]>, orderId: string, reservationId: string) => {
  const left = (lookUp(claims, orderId) ?? []).filter((id) => id !== reservationId);
  return left.length === 0 ? withoutEntry(claims, orderId) : withEntry(claims, orderId, left);
};

const close = (claims: Claims, reservationId: string, { orderId }: Owner): Claims => ({
  ...claims,
  reservations: withoutEntry(claims.reservations, reservationId),
  claimsOfOrders:
    orderId === undefined ? claims.claimsOfOrders : without(claims.claimsOfOrders, orderId, reservationId),
});

interface ReservationChange {
  readonly reservationId: string;
  readonly quantity: number;
  readonly shipmentId?: string;
}

/** After pieces of a claim were given back, taken away, or shipped; a claim without pieces is gone. */
const lessen = (claims: Claims, { reservationId, quantity, shipmentId }: ReservationChange): Claims => {
  const open = lookUp(claims.reservations, reservationId);
  if (open === undefined) return claims;
  if (open.quantity <= quantity) return close(claims, reservationId, open);
  const left = {
    ...open,
    quantity: open.quantity - quantity,
    ...(shipmentId === undefined
      ? {}
      : { shipped: open.shipped + quantity, shipmentIds: [...open.shipmentIds, shipmentId] }),
  };
  return { ...claims, reservations: withEntry(claims.reservations, reservationId, left) };
};

type Claimed = Omit<Extract<StockEvent, { type: 'StockReserved' }>['data'], 'after'>;

const open = (claims: Claims, { reservationId, quantity, expiresAt, ...rest }: Claimed, sequence: number): Claims => {
  const owner = ownerOf(rest);
  const { claimsOfOrders } = claims;
  const known = owner.orderId === undefined ? [] : (lookUp(claimsOfOrders, owner.orderId) ?? []);
  return {
    ...claims,
    reservations: withEntry(claims.reservations, reservationId, {
      quantity,
      quantityAsked: quantity,
      sequence,
      shipped: 0,
      expiresAt,
      shipmentIds: [],
      ...owner,
    }),
    claimsOfOrders:
      owner.orderId === undefined
        ? claimsOfOrders
        : withEntry(claimsOfOrders, owner.orderId, [...known, reservationId]),
  };
};

/** What is left of the claim stands; what came back of it is nobody's claim. */
const bringBack = (claims: Claims, { reservationId, quantity }: ReservationChange): Claims => {
  const left = lookUp(claims.reservations, reservationId);
  if (left === undefined) return claims;
  const shipped = Math.max(0, left.shipped - quantity);
  return { ...claims, reservations: withEntry(claims.reservations, reservationId, { ...left, shipped }) };
};

/** The claims after one more movement. */
export const moveClaims = (claims: Claims, { type, data }: StockMovement): Claims => {
  const { claimsMade } = claims;
  switch (type) {
    case 'StockReserved':
      return { ...open(claims, data, claimsMade), claimsMade: claimsMade + 1 };
    case 'StockReservationTakenOver': {
      const { fromReservationId, quantity } = data;
      // It is as old as the claim that it goes on from.
      const sequence = lookUp(claims.reservations, fromReservationId)?.sequence ?? claimsMade;
      return open(lessen(claims, { reservationId: fromReservationId, quantity }), data, sequence);
    }
    case 'StockReservationReleased':
    case 'StockReservationExpired':
    case 'StockReservationLapsed':
    case 'StockShipped':
      return lessen(claims, data);
    case 'StockDispatchVoided':
      return bringBack(claims, data);
    // What is about the shelf and about nobody's claim. A departure without a reservation takes from none.
    case 'StockRegistered':
    case 'StockReceived':
    case 'StockAdjusted':
    case 'StockCounted':
    case 'StockDeparted':
    case 'StockDiscrepancyRecorded':
    case 'StockQuarantined':
    case 'StockQuarantineReleased':
    case 'StockQuarantineReduced':
    case 'StockPolicySet':
    case 'StockRetired':
      return claims;
    default:
      return unreachable(type);
  }
};
