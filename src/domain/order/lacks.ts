/** What of an order lacks a source, or has not left. Worked out from its lines and sources, and never counted beside them. */
import type { Allocation, LineQuantity } from './shapes.ts';
import { countedPerLine, type OpenAllocation } from './sources.ts';
import { isEnded, type PlacedOrder } from './state.ts';

/** Pieces of a line. */
export interface Lack extends LineQuantity {
  readonly sku: string;
}

const withoutSku = ({ lineId, quantity }: Lack): LineQuantity => ({ lineId, quantity });

const lackingOf = (order: PlacedOrder, countOf: (allocation: OpenAllocation) => number): readonly Lack[] => {
  if (isEnded(order)) return [];
  const counted = countedPerLine(order.allocations, countOf);
  const lacking: Lack[] = [];
  for (const { lineId, sku, quantity } of order.lines) {
    const left = quantity - (counted.get(lineId) ?? 0);
    if (left > 0) lacking.push({ lineId, sku, quantity: left });
  }
  return lacking;
};

/** As `unsourcedOf`, with the SKU of each line. */
export const lacksOf = (order: PlacedOrder): readonly Lack[] => lackingOf(order, ({ quantity }) => quantity);

/** Per line: what has no source yet. Ordered = sourced + unsourced, always: it is worked out and never counted. */
export const unsourcedOf = (order: PlacedOrder): readonly LineQuantity[] => lacksOf(order).map(withoutSku);

/** Per line: what has not left yet, wherever it is to come from. */
export const unshippedOf = (order: PlacedOrder): readonly LineQuantity[] =>
  lackingOf(order, ({ shipped }) => shipped).map(withoutSku);

/** What is reserved and has not left, as far as the order knows. */
export const unshippedSources = (order: PlacedOrder): readonly Allocation[] =>
  order.allocations
    .filter(({ quantity, shipped }) => quantity > shipped)
    .map(({ shipped, ...allocation }) => ({ ...allocation, quantity: allocation.quantity - shipped }));
