import type { Item } from '../domain/item/decider.ts';
import type { LineQuantity } from '../domain/order/shapes.ts';
import type { PlacedOrder } from '../domain/order/state.ts';
import type { Loaded } from '../eventsourcing/commandHandling/stateCache.ts';
import { eachLimited } from '../eventsourcing/concurrency.ts';

/** Items that are read side by side for the lines of one order. */
const loadsAtOnce = 8;

/** Of the lines that a first plan lacks pieces of, those whose item may not be backordered (`backorderAllowed: false`). */
export const linesThatMayNotWait = async (
  load: (sku: string) => Promise<Loaded<Item>>,
  { phase, lines }: PlacedOrder,
  missing: readonly LineQuantity[],
): Promise<readonly string[]> => {
  if (phase !== 'pending' || missing.length === 0) return [];
  const skuOf = new Map(lines.map(({ lineId, sku }) => [lineId, sku]));
  const found: string[] = [];
  await eachLimited(missing, loadsAtOnce, async ({ lineId }) => {
    const { state: item } = await load(skuOf.get(lineId) ?? '');
    if (item.phase === 'defined' && item.description.backorderAllowed === false) found.push(lineId);
  });
  return found;
};
