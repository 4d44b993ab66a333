/** The claims on one stock: made, given back, taken over, shipped. */
import { unreachable } from '../../eventsourcing/message.ts';
import { type BucketMap, emptyBucketMap, lookUp, withEntry, withoutEntry } from '../bucketMap.ts';
import type { StockMovement } from './balance.ts';
import type { StockEvent } from './events.ts';

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
  /** Since 1970: a number takes less than half of the text, and a stock may have 100,000 of them. */
  readonly expiresAtMs: number;
  /** The shipments that took from it: each takes once, however often it is reported. */
  readonly shipmentIds: readonly string[];
}

/** Whose claim it is, without the fields that are missing. */
export const ownerOf = ({ orderId, lineId }: Owner): Owner => ({
  ...(orderId === undefined ? {} : { orderId }),
  ...(lineId === undefined ? {} : { lineId }),
});

type ClaimIds = string | readonly string[];

export interface Claims {
  /** By id; those that are open. */
  readonly reservations: BucketMap<Reservation>;
  /** Ids of the open claims of each order, or the id of its only one: most orders have none here, which is one lookup. */
  readonly claimsOfOrders: BucketMap<ClaimIds>;
  /** Claims made so far, ended ones included. */
  readonly claimsMade: number;
}

export const noClaims: Claims = { reservations: emptyBucketMap, claimsOfOrders: emptyBucketMap, claimsMade: 0 };

const listOf = (ids: ClaimIds | undefined): readonly string[] =>
  ids === undefined ? [] : typeof ids === 'string' ? [ids] : ids;

/** Ids of the open claims of an order. */
export const claimsOf = ({ claimsOfOrders }: Claims, orderId: string): readonly string[] =>
  listOf(lookUp(claimsOfOrders, orderId));

export const withClaim = (claims: BucketMap<ClaimIds>, orderId: string, reservationId: string): BucketMap<ClaimIds> => {
  const known = lookUp(claims, orderId);
  return withEntry(claims, orderId, known === undefined ? reservationId : [...listOf(known), reservationId]);
};

const withoutClaim = (claims: BucketMap<ClaimIds>, orderId: string, reservationId: string): BucketMap<ClaimIds> => {
  const left = listOf(lookUp(claims, orderId)).filter((id) => id !== reservationId);
  const [only] = left;
  if (only === undefined) return withoutEntry(claims, orderId);
  return withEntry(claims, orderId, left.length === 1 ? only : left);
};

const close = (claims: Claims, reservationId: string, { orderId }: Owner): Claims => ({
  ...claims,
  reservations: withoutEntry(claims.reservations, reservationId),
  claimsOfOrders:
    orderId === undefined ? claims.claimsOfOrders : withoutClaim(claims.claimsOfOrders, orderId, reservationId),
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

export const noShipments: readonly string[] = [];

/** All fields at once: what a spread adds lies in an object of its own, and a stock may have 100,000 reservations. */
export const newReservation = (
  { quantity, quantityAsked, sequence, shipped, expiresAtMs, shipmentIds }: Omit<Reservation, keyof Owner>,
  owner: Owner,
): Reservation => {
  const { orderId, lineId } = owner;
  if (orderId === undefined || lineId === undefined) {
    return { quantity, quantityAsked, sequence, shipped, expiresAtMs, shipmentIds, ...ownerOf(owner) };
  }
  return { quantity, quantityAsked, sequence, shipped, expiresAtMs, shipmentIds, orderId, lineId };
};

const open = (claims: Claims, { reservationId, quantity, expiresAt, ...rest }: Claimed, sequence: number): Claims => {
  const { orderId } = rest;
  const expiresAtMs = Date.parse(expiresAt);
  const fresh = { quantity, quantityAsked: quantity, sequence, shipped: 0, expiresAtMs, shipmentIds: noShipments };
  return {
    ...claims,
    reservations: withEntry(claims.reservations, reservationId, newReservation(fresh, rest)),
    claimsOfOrders:
      orderId === undefined ? claims.claimsOfOrders : withClaim(claims.claimsOfOrders, orderId, reservationId),
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
    case 'StockTransferReserved': {
      const { transferId: _, lineId: __, ...claim } = data;
      return { ...open(claims, claim, claimsMade), claimsMade: claimsMade + 1 };
    }
    case 'StockTransferredOut':
      return lessen(claims, { reservationId: data.reservationId, quantity: data.claimed });
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
    case 'StockChangeProposed':
    case 'StockChangeApproved':
    case 'StockChangeRejected':
    case 'StockPolicySet':
    case 'StockRetired':
    case 'StockTransferDeclined':
    case 'StockTransferredIn':
    case 'StockExpected':
    case 'StockArrived':
    case 'StockReturned':
      return claims;
    default:
      return unreachable(type);
  }
};
