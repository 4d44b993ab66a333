/** What is shown of an order beside the domain's own fold: its one status (R12.1), its lines, and what no decision needs. */
import type { ExpectedFill } from '../../domain/order/fillEvents.ts';
import { unsourcedOf } from '../../domain/order/lacks.ts';
import { returnedMore, returnedOf } from '../../domain/order/returns.ts';
import type { LineQuantity, OrderLine } from '../../domain/order/shapes.ts';
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

type Shipments = PlacedOrder['shipments'];
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

/** Pieces that have come back. More may have come back of one line than has left of it, and is no other line's. */
const returnedIn = (order: PlacedOrder, left: Shipments): number => {
  if (order.returns === undefined) return 0;
  const shipped = perLine(left.flatMap(({ lines }) => lines));
  return [...returnedOf(order)].reduce(
    (total, [lineId, pieces]) => total + Math.min(pieces, shipped.get(lineId) ?? 0),
    0,
  );
};

/** Nothing of it has left: nothing that happens later matters to the customer, but that something has left after all. */
const endedStatus = ({ openExceptions }: PlacedOrder): OrderStatus =>
  openExceptions.some((code) => code === voidedReported || code === voidedAtEnd) ? 'exception' : 'cancelled';

/** All of it has arrived or come back, or a person must look; `null`: it is on its way. */
const statusAtEnd = (
  order: PlacedOrder,
  { left, arrived, ordered }: { readonly left: Shipments; readonly arrived: Shipments; readonly ordered: number },
): OrderStatus | null => {
  // More came back than had left: a person must look whose that is.
  if (order.openExceptions.includes(returnedMore)) return 'exception';
  if (returnedIn(order, left) >= ordered) return 'returned';
  // Every piece of the order, not of what was shipped so far.
  if (sum(arrived.flatMap(({ lines }) => lines)) >= ordered) return 'delivered';
  // A person must look, which is more urgent than how far the goods have come. Once all has arrived it is moot.
  return order.openExceptions.length > 0 ? 'exception' : null;
};

/** Counted in pieces over all lines. An order whose rest was cancelled ends by what was shipped of it. */
export const orderStatus = (order: PlacedOrder): OrderStatus => {
  const left = leftShipments(order.shipments);
  const shipped = sum(left.flatMap(({ lines }) => lines));
  if (order.phase === 'cancelled' || (order.phase === 'closed' && shipped === 0)) return endedStatus(order);
  const ordered = order.phase === 'closed' ? shipped : sum(order.lines);
  const arrived = left.filter(({ delivered }) => delivered);
  const atEnd = statusAtEnd(order, { left, arrived, ordered });
  if (atEnd !== null) return atEnd;
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

export interface OrderLineView extends OrderLine {
  /** Reserved or shipped by now, per warehouse; nothing once the order is cancelled. */
  readonly allocated: readonly { readonly warehouseId: string; readonly quantity: number }[];
  /** Without a source, although the order was planned. */
  readonly backordered: number;
  readonly shipped: number;
  /** Will not come: the order, or what had not left of it, was cancelled. */
  readonly cancelled: number;
  readonly delivered: number;
  /** What on its way will fill what is backordered; absent: nothing that is known. */
  readonly expected?: readonly Omit<ExpectedFill, 'lineId' | 'sku'>[];
  /** Have come back. Those that were delivered before are counted there too. */
  readonly returned: number;
}

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
  const returned = order.returns === undefined ? none : returnedOf(order);
  return order.lines.map(({ lineId, sku, quantity, priceMinor, currency }) => ({
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
    cancelled: isEnded(order) ? quantity - (shipped.get(lineId) ?? 0) : 0,
    delivered: delivered.get(lineId) ?? 0,
    returned: returned.get(lineId) ?? 0,
  }));
};
