/** What there is to keep: warehouses and items. Both are described as a whole, and the same again records nothing. */
import type { ItemCommand } from '../domain/item/decider.ts';
import { itemStream, warehouseStream } from '../domain/values.ts';
import type { SourcingState, WarehouseDescription } from '../domain/warehouse/events.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import type { Handlers } from './handlers.ts';

export const createCatalogueUseCases = ({ item, warehouse }: Handlers) => ({
  defineWarehouse: (
    warehouseId: string,
    description: WarehouseDescription & { readonly sourcing: SourcingState },
    context: CommandContext,
  ) => warehouse(warehouseStream(warehouseId), { type: 'DefineWarehouse', warehouseId, ...description }, context),
  defineItem: (sku: string, description: Omit<ItemCommand, 'type' | 'sku'>, context: CommandContext) =>
    item(itemStream(sku), { type: 'DefineItem', sku, ...description }, context),
});
