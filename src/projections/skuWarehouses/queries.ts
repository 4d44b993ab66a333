import { escapeName } from '../../domain/escapeName.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import type { SkuWarehousesDocument } from './projection.ts';

export interface SkuWarehousesQueries {
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
