/**
 * In which warehouses each SKU was ever registered: a document for each SKU. Stock is split by warehouse, so without it
 * every question about a SKU would go to all parts of a store that is spread over machines.
 */
import type { StockRegistered } from '../../domain/stock/events.ts';
import { escapeName } from '../../domain/values.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

interface SkuWarehousesDocument {
  readonly sku: string;
  /** Sorted. */
  readonly warehouseIds: readonly string[];
}

export const skuWarehouses: Projection<SkuWarehousesDocument, StockRegistered> = {
  name: 'sku_warehouses_v1',
  handles: ['StockRegistered'],
  indexes: [],
  idsOf: ({ data: { sku } }) => [escapeName(sku)],
  apply: (document, { data: { sku, warehouseId } }) => ({
    sku,
    warehouseIds: [...new Set([...(document?.warehouseIds ?? []), warehouseId])].sort(),
  }),
};

interface SkuWarehousesQueries {
  /** Ids of the warehouses where the SKU was ever registered, sorted. */
  of(sku: string): Promise<readonly string[]>;
  /** Those of them that were ever registered anywhere. */
  known(skus: readonly string[]): Promise<ReadonlySet<string>>;
}

export const createSkuWarehousesQueries = (documents: Documents, collection: () => string): SkuWarehousesQueries => ({
  of: async (sku) =>
    (await documents.get<SkuWarehousesDocument>(collection(), escapeName(sku)))?.document.warehouseIds ?? [],
  known: async (skus) => {
    const found = await documents.getMany<SkuWarehousesDocument>(collection(), skus.map(escapeName));
    return new Set([...found.values()].map(({ document }) => document.sku));
  },
});
