/** What is known about each warehouse. */
import type { SourcingState, WarehouseDescription, WarehouseEvent } from '../../domain/warehouse/events.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf, pageOfIds } from '../../eventsourcing/projecting/page.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

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
