/** What the policies ask the read side, each time as of the event they react to. */
import { type AllocationFacts, StoreUnavailable } from './commands/ports.ts';
import type { Position } from './domain/message.ts';
import type { Progress } from './projections/consumer.ts';
import type { ReadModels } from './projections/index.ts';

/** A read model that is further behind stands still, and so does the policy until it goes on. */
const waitMaxMs = 10_000;

const caughtUp = async (model: Progress, since: Position): Promise<void> => {
  if (await model.waitFor(since, waitMaxMs)) return;
  throw new StoreUnavailable(`${model.name} did not reach the event that a policy reacts to`, 'not_written');
};

export const createAllocationFacts = ({ warehouses, stockLevels, orders }: ReadModels): AllocationFacts => {
  /** Goods of many SKUs arrive together and mostly nobody waits for any: asked once for each place in the log. */
  let asked: { readonly at: Position | null; readonly isAny: Promise<boolean> } | null = null;

  const isAnyWaiting = (): Promise<boolean> => {
    const at = orders.model.position();
    if (asked === null || asked.at !== at) asked = { at, isAny: orders.queries.isAnyWaiting() };
    return asked.isAny;
  };

  return {
    warehouses: async (since) => {
      await caughtUp(warehouses.model, since);
      return warehouses.queries.all();
    },
    warehousesHolding: async (sku, since) => {
      await caughtUp(stockLevels.model, since);
      return (await stockLevels.queries.bySku(sku)).map(({ warehouseId }) => warehouseId);
    },
    ordersWaitingFor: async (sku, since, limit) => {
      await caughtUp(orders.model, since);
      if (!(await isAnyWaiting())) return [];
      const page = await orders.queries.waitingFor(sku, { limit });
      return page.items.map(({ orderId }) => orderId);
    },
  };
};
