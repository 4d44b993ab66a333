/** Warehouses, items, and which warehouses have a SKU: small documents that change seldom. */
import type { ItemDescription, ItemEvent } from '../../domain/item/events.ts';
import type { StockRegistered } from '../../domain/stock/events.ts';
import { escapeName } from '../../domain/values.ts';
import type { SourcingState, WarehouseDescription, WarehouseEvent } from '../../domain/warehouse/events.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf, pageOfIds } from '../../eventsourcing/projecting/page.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

export interface ItemDocument extends ItemDescription {
  readonly sku: string;
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
  /** When it was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

export const items: Projection<ItemDocument, ItemEvent> = {
  name: 'items_v1',
  handles: ['ItemDefined'],
  indexes: [],
  idsOf: ({ data }) => [escapeName(data.sku)],
  apply: (_, { data, revision, recordedAt }) => ({ ...data, revision, updatedAt: recordedAt }),
};

interface ItemQueries {
  get(sku: string): Promise<ItemDocument | null>;
  /** As far as the read model has come: most stocks have no item, and each would cost a look at the log. */
  description(sku: string): Promise<ItemDocument | null>;
  /** By SKU; what is not there is missing. */
  getMany(skus: readonly string[]): Promise<ReadonlyMap<string, ItemDocument>>;
  /** By SKU. @throws InvalidCursor */
  list(page: PageRequest): Promise<Page<ItemDocument>>;
}

export const createItemQueries = (documents: Documents, collection: () => string): ItemQueries => {
  const get = async (sku: string): Promise<ItemDocument | null> =>
    (await documents.get<ItemDocument>(collection(), escapeName(sku)))?.document ?? null;
  return {
    get,
    description: get,
    getMany: async (skus) => {
      const found = await documents.getMany<ItemDocument>(collection(), [...new Set(skus)].map(escapeName));
      return new Map([...found.values()].map(({ document }) => [document.sku, document]));
    },
    list: (page) => pageOf(documents, collection(), { where: {} }, page),
  };
};

/**
 * In which warehouses each SKU was ever registered: a document for each SKU. Stock is split by warehouse, so without it
 * every question about a SKU would go to all parts of a store that is spread over machines.
 */

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

/** What is known about each warehouse. */

export interface WarehouseDocument extends WarehouseDescription {
  readonly warehouseId: string;
  readonly sourcing: SourcingState;
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
  /** When it was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

export const warehouses: Projection<WarehouseDocument, WarehouseEvent> = {
  name: 'warehouses_v2',
  handles: ['WarehouseDefined', 'WarehouseSourcingSet'],
  indexes: [],
  idsOf: ({ data }) => [data.warehouseId],
  apply: (document, event) => {
    const touched = { revision: event.revision, updatedAt: event.recordedAt };
    if (event.type === 'WarehouseDefined') return { sourcing: document?.sourcing ?? 'open', ...event.data, ...touched };
    return document === null ? null : { ...document, sourcing: event.data.sourcing, ...touched };
  },
};

interface WarehouseQueries {
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
