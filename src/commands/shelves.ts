/** What an allocation looks at: the stocks that could serve an order, and what it holds of them already. Pure. */
import { lookUp } from '../domain/bucketMap.ts';
import type { Allocation } from '../domain/order/events.ts';
import { type PlacedOrder, unsourcedOf } from '../domain/order/state.ts';
import type { Demand } from '../domain/policies/allocation.ts';
import { availableOf, type Reservation, type Stock } from '../domain/stock/state.ts';
import { derivedId } from './ids.ts';

export interface Shelf {
  readonly warehouseId: string;
  readonly sku: string;
  readonly stock: Stock;
  /** -1: not registered there. */
  readonly revision: number;
}

export const shelfOf = (shelves: readonly Shelf[], warehouseId: string, sku: string): Shelf | undefined =>
  shelves.find((shelf) => shelf.warehouseId === warehouseId && shelf.sku === sku);

export const promiseOf = (stock: Stock | undefined): number =>
  stock?.phase === 'active' ? availableOf(stock.balance) : 0;

/** What a reservation is for. One cause, such as an arrival of goods, may serve many orders with a line of that id. */
interface Purpose {
  readonly causeId: string;
  readonly orderId: string;
  readonly lineId: string;
}

/**
 * The id of the n-th reservation that is made for one purpose at a warehouse. Whoever acts for the same cause again,
 * after a crash or a lost race, finds by it what was reserved.
 */
const reservationIdOf = ({ causeId, orderId, lineId }: Purpose, warehouseId: string, count: number): string =>
  derivedId(`reservation/${causeId}/${orderId}/${lineId}/${warehouseId}/${count}`);

const countedBy = (order: PlacedOrder): ReadonlySet<string> =>
  new Set(order.allocations.map(({ reservationId }) => reservationId));

const openAt = ({ stock }: Shelf, reservationId: string): Reservation | undefined =>
  stock.phase === 'absent' ? undefined : lookUp(stock.reservations, reservationId);

/** What was reserved for this cause and the order does not count yet. */
export const heldFor = (order: PlacedOrder, shelves: readonly Shelf[], causeId: string): readonly Allocation[] => {
  const counted = countedBy(order);
  const held: Allocation[] = [];
  for (const { lineId, sku } of order.lines) {
    for (const shelf of shelves.filter((each) => each.sku === sku)) {
      const { warehouseId } = shelf;
      for (let count = 0; ; count += 1) {
        const reservationId = reservationIdOf({ causeId, orderId: order.orderId, lineId }, warehouseId, count);
        if (counted.has(reservationId)) continue;
        const open = openAt(shelf, reservationId);
        if (open === undefined) break;
        held.push({ lineId, sku, warehouseId, reservationId, quantity: open.quantity });
      }
    }
  }
  return held;
};

/** An id for one more reservation: neither open nor counted by the order, whose goods may have left long ago. */
export const unusedReservationId = (order: PlacedOrder, shelf: Shelf, lineId: string, causeId: string): string => {
  const counted = countedBy(order);
  const purpose = { causeId, orderId: order.orderId, lineId };
  for (let count = 0; ; count += 1) {
    const reservationId = reservationIdOf(purpose, shelf.warehouseId, count);
    if (!counted.has(reservationId) && openAt(shelf, reservationId) === undefined) return reservationId;
  }
};

const pieces = (allocations: readonly Allocation[], lineId: string): number =>
  allocations.reduce((sum, allocation) => sum + (allocation.lineId === lineId ? allocation.quantity : 0), 0);

/** What has no source yet, when `held` is counted as one. */
export const demandOf = (order: PlacedOrder, held: readonly Allocation[]): readonly Demand[] => {
  const skuOf = new Map(order.lines.map(({ lineId, sku }) => [lineId, sku]));
  return unsourcedOf(order)
    .map(({ lineId, quantity }) => ({
      lineId,
      sku: skuOf.get(lineId) ?? '',
      quantity: quantity - pieces(held, lineId),
    }))
    .filter(({ quantity }) => quantity > 0);
};
