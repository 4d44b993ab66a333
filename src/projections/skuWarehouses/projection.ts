/**
 * In which warehouses each SKU was ever registered: a document for each SKU. Stock is split by warehouse, so without it
 * every question about a SKU would go to all parts of a store that is spread over machines.
 */
import { escapeName } from '../../domain/escapeName.ts';
import type { StockRegistered } from '../../domain/stock/events.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

export interface SkuWarehousesDocument {
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
