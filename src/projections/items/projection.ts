/** What the catalogue says about each SKU. */
import type { ItemDescription, ItemEvent } from '../../domain/item/events.ts';
import { escapeName } from '../../domain/values.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
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
