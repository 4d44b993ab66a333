/**
 * What is cached: answers of read models that many ask for and that are the same for all. Each says what it is made of,
 * so that an event of any of these makes it useless. Orders, and all that is personal, are read anew each time.
 */
import { escapeName, itemStream, stockStream, warehouseStream } from '../../domain/values.ts';
import type { ReadModel } from '../../eventsourcing/projecting/readModel.ts';
import type { ReadModels } from '../../projections/index.ts';
import type { ItemDocument } from '../../projections/items/projection.ts';
import { allWarehouses, stocksOfSku } from '../../projections/readCache/lastChanges.ts';
import type { Cacheable } from '../../projections/readCache/readCache.ts';
import { type StockLevelDocument, stockLevelId } from '../../projections/stockLevels/projection.ts';
import type { WarehouseDocument } from '../../projections/warehouses/projection.ts';

export interface StockWithItem {
  readonly level: StockLevelDocument;
  readonly item: ItemDocument | null;
}

export interface Holdings {
  /** Active ones, of all warehouses. */
  readonly levels: readonly StockLevelDocument[];
  /** Those that hold it. */
  readonly warehouses: readonly WarehouseDocument[];
  readonly hasItem: boolean;
}

/** A rebuild that is switched in, and a release with other documents, begin with keys of their own. */
const keyOf = (kind: string, id: string, models: readonly ReadModel[]): string =>
  [kind, ...models.map((model) => model.collection()), id].join('/');

export const createCachedReads = ({ stockLevels, skuWarehouses, items, warehouses }: ReadModels) => ({
  stock: (warehouseId: string, sku: string): Cacheable<StockWithItem> => ({
    key: keyOf('stock', stockLevelId(warehouseId, sku), [stockLevels.model, items.model]),
    madeOf: [stockStream(warehouseId, sku), itemStream(sku)],
    load: async () => {
      const [level, item] = await Promise.all([
        stockLevels.queries.get(warehouseId, sku),
        items.queries.description(sku),
      ]);
      return level === null ? null : { level, item };
    },
  }),
  holdings: (sku: string): Cacheable<Holdings> => ({
    key: keyOf('holdings', escapeName(sku), [stockLevels.model, skuWarehouses.model, warehouses.model, items.model]),
    madeOf: [stocksOfSku(sku), allWarehouses, itemStream(sku)],
    load: async () => {
      const warehouseIds = skuWarehouses.queries.of(sku);
      const [known, all, described] = await Promise.all([
        warehouseIds.then((ids) => stockLevels.queries.getMany(ids.map((warehouseId) => ({ warehouseId, sku })))),
        warehouses.queries.all(),
        items.queries.description(sku),
      ]);
      const levels = known.filter(({ status }) => status === 'active');
      const item = described ?? (levels.length === 0 ? await items.queries.get(sku) : null);
      if (levels.length === 0 && item === null) return null;
      const holders = new Set(levels.map(({ warehouseId }) => warehouseId));
      return {
        levels,
        warehouses: all.filter(({ warehouseId }) => holders.has(warehouseId)),
        hasItem: item !== null,
      };
    },
  }),
  item: (sku: string): Cacheable<ItemDocument> => ({
    key: keyOf('item', escapeName(sku), [items.model]),
    madeOf: [itemStream(sku)],
    load: () => items.queries.get(sku),
  }),
  warehouse: (warehouseId: string): Cacheable<WarehouseDocument> => ({
    key: keyOf('warehouse', warehouseId, [warehouses.model]),
    madeOf: [warehouseStream(warehouseId)],
    load: () => warehouses.queries.get(warehouseId),
  }),
});
