/**
 * Reservations that were made under an order's id become its sources. Each passes to one of the order's own, with its
 * time to live, in one append; what the order does not need of it is given back.
 */
import type { Demand, Source } from '../domain/policies/allocation.ts';
import { stockStream } from '../domain/values.ts';
import { eachLimited } from '../eventsourcing/concurrency.ts';
import type { Cause } from './cause.ts';
import type { OrderClaims } from './orderClaims.ts';
import type { Hold, Look } from './stockCandidates.ts';

/** Stocks that are worked on side by side; one after another at each. */
const concurrency = 32;

export interface Adoption {
  readonly hold: Hold;
  /** What becomes of its pieces, line by line; the rest of it is not needed. */
  readonly sources: readonly Source[];
}

/** The line that a hold names comes first, then the other lines of its SKU. Pure. */
export const planAdoptions = (holds: readonly Hold[], demand: readonly Demand[]): readonly Adoption[] => {
  const needed = new Map(demand.map(({ lineId, quantity }) => [lineId, quantity]));
  // Holds that name their line go first, so that one without does not take it from them.
  const inOrder = holds.toSorted((a, b) => Number(a.lineId === undefined) - Number(b.lineId === undefined));
  return inOrder.map((hold) => {
    const { warehouseId, sku } = hold;
    const rank = ({ lineId }: Demand): number => (lineId === hold.lineId ? 0 : 1);
    let left = hold.quantity;
    const sources: Source[] = [];
    for (const { lineId } of demand.filter((line) => line.sku === sku).toSorted((a, b) => rank(a) - rank(b))) {
      const quantity = Math.min(left, needed.get(lineId) ?? 0);
      if (quantity === 0) continue;
      left -= quantity;
      needed.set(lineId, (needed.get(lineId) ?? 0) - quantity);
      sources.push({ lineId, sku, warehouseId, quantity });
    }
    return { hold, sources };
  });
};

/**
 * @param place the one warehouse that the order is to come from; absent: from any.
 * @returns whether there was anything to do.
 */
export const adoptHolds = async (
  look: Look,
  { holds, place }: { readonly holds: readonly Hold[]; readonly place?: string | null },
  { exchange, release }: Pick<OrderClaims, 'exchange' | 'release'>,
  cause: Cause,
): Promise<boolean> => {
  const isWanted = ({ warehouseId }: Hold): boolean => place === undefined || warehouseId === place;
  const needless = holds.filter((hold) => !isWanted(hold)).map((hold): Adoption => ({ hold, sources: [] }));
  const all = [...planAdoptions(holds.filter(isWanted), look.demand), ...needless];
  // A later plan leaves what it can not use: the rest of the order may still come to this warehouse.
  const adoptions = look.order.phase === 'pending' ? all : all.filter(({ sources }) => sources.length > 0);
  const byStock = Map.groupBy(adoptions, ({ hold: { warehouseId, sku } }) => stockStream(warehouseId, sku));
  await eachLimited([...byStock.values()], concurrency, async (atOneStock) => {
    for (const { hold, sources } of atOneStock) {
      let left = hold.quantity;
      for (const source of sources) {
        // It ended, or got smaller, a moment ago: the next look tells.
        if (!(await exchange(look, source, hold.reservationId, cause))) return;
        left -= source.quantity;
      }
      if (left > 0) await release([hold], cause);
    }
  });
  return adoptions.length > 0;
};
