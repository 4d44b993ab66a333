/** The one word for where an order stands (R12.1, API.md "Orders"). Being on hold is a flag beside it, not a status. */
import { voidedAtEnd, voidedReported } from '../../domain/order/standing.ts';
import { leftShipments, type PlacedOrder } from '../../domain/order/state.ts';

export type OrderStatus =
  | 'pending'
  | 'processing'
  | 'partially_shipped'
  | 'shipped'
  | 'partially_delivered'
  | 'delivered'
  | 'cancelled'
  /** Follows from returns; no event tells of one yet. */
  | 'returned'
  | 'exception';

const sum = (parts: readonly { readonly quantity: number }[]): number =>
  parts.reduce((total, { quantity }) => total + quantity, 0);

/** Nothing of it has left: nothing that happens later matters to the customer, but that something has left after all. */
const endedStatus = ({ openExceptions }: PlacedOrder): OrderStatus =>
  openExceptions.some((code) => code === voidedReported || code === voidedAtEnd) ? 'exception' : 'cancelled';

/** Counted in pieces over all lines. An order whose rest was cancelled ends by what was shipped of it. */
export const orderStatus = (order: PlacedOrder): OrderStatus => {
  const left = leftShipments(order.shipments);
  const shipped = sum(left.flatMap(({ lines }) => lines));
  if (order.phase === 'cancelled' || (order.phase === 'closed' && shipped === 0)) return endedStatus(order);
  const ordered = order.phase === 'closed' ? shipped : sum(order.lines);
  const arrived = left.filter(({ delivered }) => delivered);
  // Every piece of the order, not of what was shipped so far.
  if (sum(arrived.flatMap(({ lines }) => lines)) >= ordered) return 'delivered';
  // A person must look, which is more urgent than how far the goods have come. Once all has arrived it is moot.
  if (order.openExceptions.length > 0) return 'exception';
  // Something is at the door, something else is not, wherever that is.
  if (arrived.length > 0) return 'partially_delivered';
  // Every piece has left a warehouse; none has arrived.
  if (shipped >= ordered) return 'shipped';
  // Some pieces have left, others are reserved or wait for stock.
  if (shipped > 0) return 'partially_shipped';
  // Planned: its sources are reserved, or it is known that it has to wait for them. Before that nobody has looked.
  return order.phase === 'open' ? 'processing' : 'pending';
};
