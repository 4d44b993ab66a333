/** What allocations ask of the read side, as far as it has come. */

import type { Position } from '../eventsourcing/message.ts';
import { earlierOf } from '../eventsourcing/message.ts';
import type { Checkpoints } from '../eventsourcing/ports.ts';
import { partNames } from '../eventsourcing/projecting/projection.ts';
import type { AllocationReadModels, WaitingOrder } from '../processManagers/ports.ts';
import type { ReadModels } from '../projections/index.ts';
import { anySku, type OrderDocument } from '../projections/orders/projection.ts';

const waitingOrderOf = ({ orderId, placedAt, allowSplit, waitingSkus }: OrderDocument): WaitingOrder => ({
  orderId,
  placedAt,
  allowSplit,
  skus: waitingSkus.filter((sku) => sku !== anySku),
});

/** The least of them; `null`, which is before everything, where one is. */
const earliest = (positions: readonly (Position | null)[]): Position | null =>
  positions.reduce((a, b) => (a === null || b === null ? null : earlierOf(a, b))) ?? null;

/** @param parts of each read model, as `ReadSide` has it. */
export const createAllocationReadModels = (
  { warehouses, skuWarehouses, orders }: ReadModels,
  { checkpoints, parts }: { readonly checkpoints: Pick<Checkpoints, 'get'>; readonly parts: number },
): AllocationReadModels => {
  const models = [warehouses.model, skuWarehouses.model, orders.model];
  const builds = (): readonly string[] => models.map((model) => model.collection());
  return {
    builds: () => builds().join(),
    position: () => earliest(models.map((model) => model.position())),
    storedPosition: async () => {
      const names = builds().flatMap((build) => partNames(build, parts));
      return earliest(await Promise.all(names.map((name) => checkpoints.get(name))));
    },
    warehouses: warehouses.queries.all,
    warehousesHolding: skuWarehouses.queries.of,
    isAnyWaitingFor: orders.queries.isAnyWaiting,
    ordersWaitingFor: async (sku, { limit, cursor }) => {
      const page = { limit, ...(cursor === null ? {} : { cursor }) };
      const { items, nextCursor } = await orders.queries.waitingFor(sku ?? anySku, page);
      return { orders: items.map(waitingOrderOf), nextCursor };
    },
  };
};
