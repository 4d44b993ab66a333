/**
 * First come, first served among orders that are planned together. Where there is enough for all of them they are planned
 * side by side: who comes first then changes nothing.
 */
import type { Handlers } from '../commands/handlers.ts';
import { lacksOf } from '../domain/order/lacks.ts';
import type { PlacedOrder } from '../domain/order/state.ts';
import type { ReactionOf } from '../domain/policies/reaction.ts';
import { orderStream, stockStream } from '../domain/values.ts';
import { eachLimited, type TakeTurn } from '../eventsourcing/concurrency.ts';
import { isBefore } from './allocationChanges.ts';
import type { AllocationFacts } from './allocationIndex.ts';
import type { Cause } from './cause.ts';
import { promiseOf } from './stockCandidates.ts';

export interface PlanTask {
  readonly reaction: ReactionOf<'AllocateOrder'>;
  readonly cause: Cause;
}

export interface RankedPlanTask extends PlanTask {
  /** SKUs of which it may get too few if another order is planned first. */
  readonly scarceSkus: readonly string[];
}

interface TaskWithOrder {
  readonly task: PlanTask;
  /** `null`: the cache does not have it yet. */
  readonly order: PlacedOrder | null;
  /** Pieces that it has no source for, by SKU. */
  readonly wanted: ReadonlyMap<string, number>;
}

interface SkuDemand {
  readonly pieces: number;
  readonly isWhole: boolean;
}

/** SKUs whose stocks are read side by side. */
const concurrency = 32;

/** An order that the cache does not have yet comes last; its plan reads it from the store. */
const byAge = (a: PlacedOrder | null, b: PlacedOrder | null): number => {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (isBefore(a, b)) return -1;
  return isBefore(b, a) ? 1 : 0;
};

const wantedBy = (order: PlacedOrder): ReadonlyMap<string, number> => {
  const wanted = new Map<string, number>();
  for (const { sku, quantity } of lacksOf(order)) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
  return wanted;
};

export interface PlanSequencePorts {
  readonly handlers: Pick<Handlers, 'order' | 'stock'>;
  readonly facts: AllocationFacts;
  readonly takeTurn: TakeTurn;
}

export const createPlanSequence = ({ handlers, facts, takeTurn }: PlanSequencePorts) => {
  /** Pieces that open warehouses can promise. Counting ends where there are enough. */
  const promisedOf = async (sku: string, enough: number, cause: Cause): Promise<number> => {
    const open = new Set((await facts.warehouses()).map(({ warehouseId }) => warehouseId));
    const holding = (await facts.warehousesHolding(sku)).filter((id) => open.has(id));
    let there = 0;
    for (const id of holding) {
      if (there >= enough) break;
      there += promiseOf((await handlers.stock.loadSince(stockStream(id, sku), cause)).state);
    }
    return there;
  };

  /** There are some pieces, and a later plan may find too few. Where there are none, no order gets any. */
  const isScarce = async (sku: string, askers: ReadonlyMap<string, SkuDemand>, cause: Cause): Promise<boolean> => {
    if (askers.size < 2) return false;
    await takeTurn();
    const all = [...askers.values()];
    if (all.some(({ isWhole }) => isWhole)) return (await promisedOf(sku, 1, cause)) > 0;
    const asked = all.reduce((sum, { pieces }) => sum + pieces, 0);
    const there = await promisedOf(sku, asked, cause);
    return there > 0 && there < asked;
  };

  const scarceAmong = async (withOrders: readonly TaskWithOrder[], cause: Cause): Promise<ReadonlySet<string>> => {
    const asking = new Map<string, Map<string, SkuDemand>>();
    for (const { order, wanted } of withOrders) {
      if (order === null) continue;
      await takeTurn();
      for (const [sku, pieces] of wanted) {
        const askers = asking.get(sku) ?? new Map<string, SkuDemand>();
        askers.set(order.orderId, { pieces, isWhole: !order.allowSplit });
        asking.set(sku, askers);
      }
    }
    const scarce = new Set<string>();
    await eachLimited([...asking], concurrency, async ([sku, askers]) => {
      if (await isScarce(sku, askers, cause)) scarce.add(sku);
    });
    return scarce;
  };

  const withOrder = async (task: PlanTask): Promise<TaskWithOrder> => {
    const { state } = await handlers.order.load(orderStream(task.reaction.orderId));
    await takeTurn();
    return state.phase === 'absent'
      ? { task, order: null, wanted: new Map() }
      : { task, order: state, wanted: wantedBy(state) };
  };

  /** In the order in which they are to be planned. */
  return async (tasks: readonly PlanTask[]): Promise<readonly RankedPlanTask[]> => {
    const last = tasks.at(-1);
    if (last === undefined) return [];
    const withOrders = await Promise.all(tasks.map(withOrder));
    const scarce = await scarceAmong(withOrders, last.cause);
    return withOrders
      .toSorted((a, b) => byAge(a.order, b.order))
      .map(({ task, wanted }) => ({ ...task, scarceSkus: [...wanted.keys()].filter((sku) => scarce.has(sku)) }));
  };
};
