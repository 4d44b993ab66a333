/** What the policies ask the read side, each time as of the event they react to. */
import type { Progress } from '../eventsourcing/consumers/consumerProgress.ts';
import type { Position } from '../eventsourcing/message.ts';
import { comparePositions } from '../eventsourcing/message.ts';
import { StoreUnavailable } from '../eventsourcing/ports.ts';
import type { AllocationFacts, WaitingOrder } from '../processManagers/ports.ts';
import type { ReadModels } from '../projections/index.ts';
import { anySku, type OrderDocument } from '../projections/orders/projection.ts';

/** A read model that is further behind stands still, and so does the policy until it goes on. */
const waitMaxMs = 10_000;
/** Documents of orders are large: so many are held at once, however many wait. */
const waitingPageSize = 100;

const waitingOrderOf = ({ orderId, placedAt, allowSplit, waitingSkus }: OrderDocument): WaitingOrder => ({
  orderId,
  placedAt,
  allowSplit,
  skus: waitingSkus.filter((sku) => sku !== anySku),
});

const caughtUp = async (model: Progress, since: Position): Promise<void> => {
  if (await model.waitFor(since, waitMaxMs)) return;
  throw new StoreUnavailable(`${model.name} did not reach the event that a policy reacts to`, 'not_written');
};

type Asked<T> = (key: string, since: Position) => Promise<T>;

/**
 * Orders of one batch ask the same again and again. What a model answered when it stood at a position holds for every
 * event up to there: figures are exact on the write side, and these only tell where to look.
 */
const askedOnce = <T>(model: Progress, ask: (key: string) => Promise<T>): Asked<T> => {
  let at: Position | null = null;
  let answers = new Map<string, Promise<T>>();
  return async (key, since) => {
    await caughtUp(model, since);
    if (at === null || comparePositions(at, since) < 0) {
      at = model.position();
      answers = new Map();
    }
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = ask(key);
    const kept = answers;
    kept.set(key, answer);
    // A failure is told to those who wait for it, and to nobody after them.
    answer.catch(() => kept.delete(key));
    return answer;
  };
};

export const createAllocationFacts = ({ warehouses, skuWarehouses, orders }: ReadModels): AllocationFacts => {
  const allWarehouses = askedOnce(warehouses.model, async () =>
    (await warehouses.queries.all()).filter(({ sourcing }) => sourcing === 'open'),
  );
  const holding = askedOnce(skuWarehouses.model, (sku) => skuWarehouses.queries.of(sku));
  /** Goods of many SKUs arrive together, and mostly nobody waits for any. */
  const isAnyWaiting = askedOnce(orders.model, () => orders.queries.isAnyWaiting(null));

  const oldestWaiting = askedOnce(orders.model, async (sku): Promise<WaitingOrder | null> => {
    const [oldest] = (await orders.queries.waitingFor(sku, { limit: 1 })).items;
    return oldest === undefined ? null : waitingOrderOf(oldest);
  });

  return {
    warehouses: (since) => allWarehouses('', since),
    warehousesHolding: holding,
    isAnyWaitingFor: async (skus, since) =>
      skus.length > 0 && (await isAnyWaiting('', since)) && orders.queries.isAnyWaiting(skus),
    ordersWaitingFor: async (sku, since, cursor) => {
      await caughtUp(orders.model, since);
      const page = { limit: waitingPageSize, ...(cursor === null ? {} : { cursor }) };
      const { items, nextCursor } = await orders.queries.waitingFor(sku ?? anySku, page);
      return { orders: items.map(waitingOrderOf), nextCursor };
    },
    oldestWaitingFor: oldestWaiting,
  };
};
