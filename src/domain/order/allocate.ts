/** An order takes the sources that a plan has reserved for it. */
import { accept, refuse } from '../../eventsourcing/message.ts';
import { isQuantity } from '../values.ts';
import type { OrderCommandOf, OrderDecision } from './commands.ts';
import type { OrderEvent } from './events.ts';
import { unsourcedOf } from './lacks.ts';
import { keptAgain } from './standing.ts';
import { isEnded, type PlacedOrder } from './state.ts';

/**
 * The result of a plan. Its sender has reserved already: when it is refused, because the order was cancelled or
 * another plan was quicker, they release what they reserved. What is backordered is worked out here and not by the
 * planner, whose figures are as old as its look at the order: a reservation that lapsed meanwhile would be forgotten.
 * An order that may not wait, or a line of which may not, ends here when its first plan can't give all of that; later
 * ones were promised, and wait.
 */
export const recordAllocation = (command: OrderCommandOf<'RecordAllocation'>, order: PlacedOrder): OrderDecision => {
  if (isEnded(order)) return refuse('ORDER_CANCELLED', 'The order, or the rest of it, was cancelled.');
  const known = new Set(order.allocations.map(({ reservationId }) => reservationId));
  const named = new Map(command.allocations.map((allocation) => [allocation.reservationId, allocation]));
  const { type: _, allocations: __, mayNotWait: lines = [], ...decision } = command;
  const allocations = [...named.values()].filter(({ reservationId }) => !known.has(reservationId));
  const unsourced = new Map(unsourcedOf(order).map(({ lineId, quantity }) => [lineId, quantity]));
  for (const { lineId, quantity } of allocations) {
    if (!isQuantity(quantity)) return refuse('QUANTITY_INVALID', 'A source gives a whole number of pieces.');
    const left = (unsourced.get(lineId) ?? 0) - quantity;
    if (left < 0) return refuse('ALLOCATION_EXCEEDS_DEMAND', 'The line has sources for that already.', { lineId });
    unsourced.set(lineId, left);
  }
  const { orderId } = order;
  const mayNotWait = order.allowBackorder ? lines : order.lines.map(({ lineId }) => lineId);
  if (order.phase === 'pending' && mayNotWait.some((lineId) => (unsourced.get(lineId) ?? 0) > 0)) {
    const cancelled = { orderId, reason: 'insufficient_stock', released: allocations, ...decision };
    return accept({ type: 'OrderCancelled', data: cancelled });
  }
  const backordered = [...unsourced]
    .filter(([, quantity]) => quantity > 0)
    .map(([lineId, quantity]) => ({ lineId, quantity }));
  if (allocations.length > 0) {
    const allocated = { type: 'OrderAllocated', data: { orderId, allocations, backordered, ...decision } } as const;
    return accept<OrderEvent>(allocated, ...keptAgain(order, backordered));
  }
  // A second look at an order that waits already is no news.
  return order.phase === 'open'
    ? accept()
    : accept({ type: 'OrderBackordered', data: { orderId, backordered, ...decision } });
};
