/** What an order and a stock say of one claim, side by side, where they drift apart, and what a look at them needs. */
import { lookUp } from '../domain/bucketMap.ts';
import type { OpenAllocation } from '../domain/order/sources.ts';
import type { Order, PlacedOrder } from '../domain/order/state.ts';
import type { Ask } from '../domain/policies/reactions.ts';
import type { Reservation } from '../domain/stock/claims.ts';
import { reservationsOf, type Stock } from '../domain/stock/state.ts';
import type { Position } from '../eventsourcing/message.ts';
import type { Claim, DriftKind } from './ports.ts';

const openAt = (stock: Stock, reservationId: string): Reservation | undefined =>
  stock.phase === 'absent' ? undefined : lookUp(stock.reservations, reservationId);

const isCounted = (order: Order, reservationId: string): boolean =>
  order.phase !== 'absent' && order.allocations.some((allocation) => allocation.reservationId === reservationId);

/** Why the claim is to be let go; `null`: the order counts it, its first plan is still to decide, or it is gone. */
export const uncountedFor = (claim: Claim, order: Order, stock: Stock): 'unknown' | 'cancelled' | null => {
  const open = openAt(stock, claim.reservationId);
  if (open === undefined || open.orderId !== claim.orderId) return null;
  if (order.phase === 'pending') return null;
  if (!isCounted(order, claim.reservationId)) return 'unknown';
  return order.phase === 'cancelled' ? 'cancelled' : null;
};

/** What of it has left by the order's word, and is on hand and reserved by the stock's; voided or not, as that is booked back. */
export const unbookedOf = (
  { orderId, warehouseId, reservationId }: Claim,
  order: Order,
  stock: Stock,
): readonly Extract<Ask, { ask: 'ShipReserved' }>[] => {
  const open = openAt(stock, reservationId);
  if (order.phase === 'absent' || open === undefined || open.orderId !== orderId) return [];
  return order.shipments.flatMap(({ shipmentId, lines }) =>
    lines
      .filter((line) => line.reservationId === reservationId && !open.shipmentIds.includes(shipmentId))
      .map((line) => ({ ask: 'ShipReserved', orderId, warehouseId, shipmentId, ...line })),
  );
};

/** What the order still wants to ship, so that a stock must hold it. */
export const countedBy = (order: PlacedOrder): readonly OpenAllocation[] =>
  order.phase === 'cancelled' ? [] : order.allocations.filter(({ quantity, shipped }) => quantity > shipped);

/** Pieces that were reserved under the order's id, and are there for it when it is planned. */
export const heldFor = (order: PlacedOrder, stock: Stock): number =>
  order.excludesHolds === true
    ? 0
    : reservationsOf(stock, order.orderId)
        .filter(({ reservationId }) => !isCounted(order, reservationId))
        .reduce((sum, { quantity }) => sum + quantity, 0);

/** A departure is told by the order first and booked by the stock later, so that the stock never holds less. */
export const isLost = ({ reservationId, quantity, shipped }: OpenAllocation, stock: Stock): boolean =>
  (openAt(stock, reservationId)?.quantity ?? 0) < quantity - shipped;

/** `isSure`: a cache is not asked, as other processes may have recorded what no policy of this one has handled. */
export type Subject = { readonly orderId: string } | { readonly claim: Claim; readonly isSure?: boolean };

export interface View {
  /** `false`: as the cache has it, which may be behind. `true`: as the store has it now. */
  readonly isSure: boolean;
  /** Where the read models that tell where to look must have come to. */
  readonly since: Position;
}

/** Two sides that do not agree. */
export interface Sight {
  readonly kind: DriftKind;
  /** Of this drift, at whichever revisions it is seen. */
  readonly name: string;
  /** The revisions at which it was seen: ids of commands are derived from it, so that a second try is the same one. */
  readonly version: string;
  /** Where this is another at a second look, something has happened in between that the policies may not have come to. */
  readonly basis: string;
  readonly ask: Ask;
  /** Everything that it was seen in lies up to here. */
  readonly at: Position;
  /** Of the order. */
  readonly stream: string;
  readonly revision: number;
}
