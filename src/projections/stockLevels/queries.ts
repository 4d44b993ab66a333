import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import { type StockLevelDocument, stockLevelId } from './projection.ts';

export interface StockLevelsQuery extends PageRequest {
  readonly warehouseId: string;
  readonly sku?: string;
  /** Case matters. Beside `sku`, which says more, it changes nothing. */
  readonly skuPrefix?: string;
  readonly belowSafetyStock?: boolean;
}

export interface StockLevelQueries {
  get(warehouseId: string, sku: string): Promise<StockLevelDocument | null>;
  /** What there is of them, in the order of the keys. */
  getMany(
    keys: readonly { readonly warehouseId: string; readonly sku: string }[],
  ): Promise<readonly StockLevelDocument[]>;
  /** By SKU. @throws InvalidCursor */
  list(query: StockLevelsQuery): Promise<Page<StockLevelDocument>>;
}

const skuCondition = ({ sku, skuPrefix }: StockLevelsQuery) => {
  if (sku !== undefined) return { sku: { equals: sku } };
  return skuPrefix === undefined ? {} : { sku: { startsWith: skuPrefix } };
};

/** `collection` is asked each time: a rebuild may be switched in while the service runs. */
export const createStockLevelQueries = (documents: Documents, collection: () => string): StockLevelQueries => ({
  get: async (warehouseId, sku) =>
    (await documents.get<StockLevelDocument>(collection(), stockLevelId(warehouseId, sku)))?.document ?? null,
  getMany: async (keys) => {
    const ids = [...new Set(keys.map(({ warehouseId, sku }) => stockLevelId(warehouseId, sku)))];
    const found = await documents.getMany<StockLevelDocument>(collection(), ids);
    return ids.flatMap((id) => found.get(id)?.document ?? []);
  },
  list: (query) => {
    const { warehouseId, belowSafetyStock, ...page } = query;
    const where = {
      warehouseId: { equals: warehouseId },
      ...skuCondition(query),
      ...(belowSafetyStock === undefined ? {} : { belowSafetyStock: { equals: belowSafetyStock } }),
    };
    return pageOf(documents, collection(), { where, orderBy: { field: 'sku', direction: 'ascending' } }, page);
  },
});
