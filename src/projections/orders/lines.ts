/** What became of each line, worked out from the domain's fold and never counted beside it. Quantities are pieces. */
import type { LineQuantity, OrderLine } from '../../domain/order/shapes.ts';
import { isEnded, leftShipments, type PlacedOrder, unsourcedOf } from '../../domain/order/state.ts';

export interface OrderLineView extends OrderLine {
  /** Reserved or shipped by now, per warehouse; nothing once the order is cancelled. */
  readonly allocated: readonly { readonly warehouseId: string; readonly quantity: number }[];
  /** Without a source, although the order was planned. */
  readonly backordered: number;
  readonly shipped: number;
  /** Will not come: the order, or what had not left of it, was cancelled. */
  readonly cancelled: number;
  readonly delivered: number;
  /** Zero as long as no event tells of a return. */
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

export const lineViews = (order: PlacedOrder): readonly OrderLineView[] => {
  const allocations = allocationsByLine(order);
  const backordered = perLine(backorderedOf(order));
  const left = leftShipments(order.shipments);
  const shipped = perLine(left.flatMap(({ lines }) => lines));
  const delivered = perLine(left.flatMap((shipment) => (shipment.delivered ? shipment.lines : [])));
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
    shipped: shipped.get(lineId) ?? 0,
    cancelled: isEnded(order) ? quantity - (shipped.get(lineId) ?? 0) : 0,
    delivered: delivered.get(lineId) ?? 0,
    returned: 0,
  }));
};
