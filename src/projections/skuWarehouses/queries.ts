import { escapeName } from '../../domain/escapeName.ts';
import type { Documents } from '../ports.ts';
import type { SkuWarehousesDocument } from './projection.ts';

export interface SkuWarehousesQueries {
  /** Ids of the warehouses where the SKU was ever registered, sorted. */
  of(sku: string): Promise<readonly string[]>;
}

export const createSkuWarehousesQueries = (documents: Documents, collection: () => string): SkuWarehousesQueries => ({
  of: async (sku) =>
    (await documents.get<SkuWarehousesDocument>(collection(), escapeName(sku)))?.document.warehouseIds ?? [],
});
