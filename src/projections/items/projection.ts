/** What the catalogue says about each SKU. */
import { escapeName } from '../../domain/escapeName.ts';
import type { ItemDescription, ItemEvent } from '../../domain/item/events.ts';
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
