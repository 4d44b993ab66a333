import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf, pageOfIds } from '../../eventsourcing/projecting/page.ts';
import type { WarehouseDocument } from './projection.ts';

export interface WarehouseQueries {
  get(warehouseId: string): Promise<WarehouseDocument | null>;
  /** By id; of these alone, where they are named. @throws InvalidCursor */
  list(page: PageRequest & { readonly warehouseIds?: readonly string[] }): Promise<Page<WarehouseDocument>>;
  /** By id, at most `warehousesMax`. */
  all(): Promise<readonly WarehouseDocument[]>;
}

/** More than the largest chains have shops that ship; so many fit a few megabytes and are read in one go. */
const warehousesMax = 10_000;

export const createWarehouseQueries = (documents: Documents, collection: () => string): WarehouseQueries => ({
  get: async (warehouseId) => (await documents.get<WarehouseDocument>(collection(), warehouseId))?.document ?? null,
  list: ({ warehouseIds, ...page }) =>
    warehouseIds === undefined
      ? pageOf(documents, collection(), { where: {} }, page)
      : pageOfIds(documents, collection(), warehouseIds, page),
  all: async () => {
    const found = await documents.find<WarehouseDocument>(collection(), { where: {}, limit: warehousesMax });
    return found.map(({ document }) => document);
  },
});
