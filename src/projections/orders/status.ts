/** What is shown of an order beside the domain's own fold: its one status (R12.1), its lines, and what no decision needs. */
import type { ExpectedFill } from '../../domain/order/fillEvents.ts';
import { unsourcedOf } from '../../domain/order/lacks.ts';
import { type PlacedLine, wantedOf } from '../../domain/order/lines.ts';
import { returnedOf } from '../../domain/order/returns.ts';
import type { LineQuantity } from '../../domain/order/shapes.ts';
import { voidedAtEnd, voidedReported } from '../../domain/order/standing.ts';
import { isEnded, leftShipments, type PlacedOrder } from '../../domain/order/state.ts';

export type OrderStatus =
  | 'pending'
  | 'processing'
  | 'partially_shipped'
  | 'shipped'
  | 'partially_delivered'
  | 'delivered'
  | 'cancelled'
  /** All that was not cancelled has come back. */
  | 'returned'
  | 'exception';

const sum = (parts: readonly { readonly quantity: number }[]): number =>
  parts.reduce((total, { quantity }) => total + quantity, 0);

const shippedOf = (shipments: PlacedOrder['shipments'], lineId: string): number =>
  sum(shipments.flatMap(({ lines }) => lines.filter((line) => line.lineId === lineId)));

/** Nothing of it has left: nothing that happens later matters to the customer, but that something has left after all. */
const endedStatus = ({ openExceptions }: PlacedOrder): OrderStatus =>
  openExceptions.some((code) => code === voidedReported || code === voidedAtEnd) ? 'exception' : 'cancelled';

/** Counted in pieces over all lines. An order whose rest was cancelled ends by what was shipped of it. */
export const orderStatus = (order: PlacedOrder): OrderStatus => {
  const left = leftShipments(order.shipments);
  const shipped = sum(left.flatMap(({ lines }) => lines));
  if (order.phase === 'cancelled' || (order.phase === 'closed' && shipped === 0)) return endedStatus(order);
  const ordered = order.phase === 'closed' ? shipped : order.lines.reduce((total, line) => total + wantedOf(line), 0);
  const arrived = left.filter(({ delivered }) => delivered);
  // More may have come back of one line than has left of it, and is no other line's.
  const returned = order.lines.map(({ lineId }) => Math.min(returnedOf(order, lineId), shippedOf(left, lineId)));
  if (returned.reduce((total, quantity) => total + quantity, 0) >= ordered) return 'returned';
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

// What became of each line, worked out from the domain's fold and never counted beside it. Quantities are pieces.

export interface OrderLineView extends PlacedLine {
  /** Reserved or shipped by now, per warehouse; nothing once the order is cancelled. */
  readonly allocated: readonly { readonly warehouseId: string; readonly quantity: number }[];
  /** Without a source, although the order was planned. */
  readonly backordered: number;
  readonly shipped: number;
  /** Will not come: it was taken off the order, or the order, or what had not left of it, was cancelled. */
  readonly cancelled: number;
  readonly delivered: number;
  /** What on its way will fill what is backordered; absent: nothing that is known. */
  readonly expected?: readonly Omit<ExpectedFill, 'lineId' | 'sku'>[];
  /** Have come back. Those that were delivered before are counted there too. */
  readonly returned: number;
}

type Quantities = ReadonlyMap<string, number>;

/** Of most orders nothing has left, and nothing waits. */
const none: Quantities = new Map();

const totals = <T extends { readonly quantity: number }>(
  parts: readonly T[],
  keyOf: (part: T) => string,
): Quantities => {
  if (parts.length === 0) return none;
  const sums = new Map<string, number>();
  for (const part of parts) sums.set(keyOf(part), (sums.get(keyOf(part)) ?? 0) + part.quantity);
  return sums;
};
const perLine = (parts: readonly LineQuantity[]): Quantities => totals(parts, ({ lineId }) => lineId);

/** What has no source. Before the first plan nobody knows yet whether a line has to wait. */
const backorderedOf = (order: PlacedOrder): readonly LineQuantity[] =>
  order.phase === 'open' ? unsourcedOf(order) : [];

const allocationsByLine = (order: PlacedOrder): ReadonlyMap<string, PlacedOrder['allocations']> =>
  // Cancelling gives back what was reserved, which the domain has no need to note on each allocation.
  order.phase === 'cancelled' ? new Map() : Map.groupBy(order.allocations, ({ lineId }) => lineId);

const expectedOf = ({ fills = [] }: PlacedOrder, lineId: string): Pick<OrderLineView, 'expected'> => {
  const own = fills.filter((fill) => fill.lineId === lineId);
  return own.length === 0 ? {} : { expected: own.map(({ lineId: _, sku: __, ...fill }) => fill) };
};

export const lineViews = (order: PlacedOrder): readonly OrderLineView[] => {
  const allocations = allocationsByLine(order);
  const backordered = perLine(backorderedOf(order));
  const left = leftShipments(order.shipments);
  const shipped = perLine(left.flatMap(({ lines }) => lines));
  const delivered = perLine(left.flatMap((shipment) => (shipment.delivered ? shipment.lines : [])));
  return order.lines.map(({ lineId, sku, quantity, dropped = 0, priceMinor, currency }) => ({
    ...(dropped === 0 ? {} : { dropped }),
    lineId,
    sku,
    quantity,
    priceMinor,
    currency,
    allocated: [...totals(allocations.get(lineId) ?? [], ({ warehouseId }) => warehouseId)].map(
      ([warehouseId, pieces]) => ({
        warehouseId,
        quantity: pieces,
      }),
    ),
    backordered: backordered.get(lineId) ?? 0,
    ...(backordered.has(lineId) ? expectedOf(order, lineId) : {}),
    shipped: shipped.get(lineId) ?? 0,
    cancelled: isEnded(order) ? quantity - (shipped.get(lineId) ?? 0) : dropped,
    delivered: delivered.get(lineId) ?? 0,
    returned: returnedOf(order, lineId),
  }));
};
