/** What is read of webhooks: their endpoints, and what was sent to each. */
import { webhookStream } from '../domain/values.ts';
import { createFold, createReadModelBuilder, orFolded } from '../eventsourcing/projecting/builtReadModels.ts';
import type { Documents } from '../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../eventsourcing/projecting/page.ts';
import { untyped } from '../eventsourcing/projecting/projection.ts';
import type { ReadSide } from '../eventsourcing/projecting/readModel.ts';
import {
  createWebhookEndpointQueries,
  type WebhookEndpointDocument,
  webhookEndpoints,
} from './endpoints/projection.ts';
import { type Counter, counters, type Delivery, type DeliveryStatus, deliveries, deliveryStatuses } from './ledger.ts';

// What a partner sees of its deliveries, and the sum that has to come out.

interface DeliveriesQuery extends PageRequest {
  readonly endpointId: string;
  readonly status?: DeliveryStatus;
}

interface DeliveryFigures {
  /** Messages the endpoint was ever owed: the sum of the rest. */
  readonly matched: number;
  readonly byStatus: { readonly [Status in DeliveryStatus]: number };
}

interface DeliveryQueries {
  /** Newest first, by sequence. An endpoint nobody knows has none. @throws InvalidCursor */
  list(query: DeliveriesQuery): Promise<Page<Delivery>>;
  /** Counts every row of the endpoint: for operators and audits, not for each request. */
  figures(endpointId: string): Promise<DeliveryFigures>;
}

/** Rows that `figures` reads at once. */
const countPageRows = 1_000;

export const createDeliveryQueries = (documents: Documents): DeliveryQueries => {
  const list = ({ endpointId, status, ...page }: DeliveriesQuery): Promise<Page<Delivery>> =>
    pageOf<Delivery>(
      documents,
      deliveries.name,
      {
        where: { endpointId: { equals: endpointId }, ...(status === undefined ? {} : { status: { equals: status } }) },
        orderBy: { field: 'sequence', direction: 'descending' },
      },
      page,
    );

  const countWith = async (endpointId: string, status: DeliveryStatus): Promise<number> => {
    let count = 0;
    let next: string | null | undefined;
    while (next !== null) {
      const cursor = next === undefined ? {} : { cursor: next };
      const { items, nextCursor } = await list({ endpointId, status, limit: countPageRows, ...cursor });
      count += items.length;
      next = nextCursor;
    }
    return count;
  };

  return {
    list,
    figures: async (endpointId) => {
      const byStatus = { pending: 0, delivered: 0, held: 0, dead: 0, dropped: 0 };
      for (const status of deliveryStatuses) byStatus[status] = await countWith(endpointId, status);
      const counter = await documents.get<Counter>(counters.name, endpointId);
      return { matched: counter?.document.sequence ?? 0, byStatus };
    },
  };
};

/** Every projection of this room; a rebuild names one of them. */
export const webhookProjections = [untyped(webhookEndpoints)];

export const createWebhookReadModels = (side: ReadSide) => {
  const fold = createFold(side);
  const { all, build } = createReadModelBuilder(side);
  return {
    webhookEndpoints: build(untyped(webhookEndpoints), (documents, collection) =>
      orFolded(createWebhookEndpointQueries(documents, collection), (id: string) =>
        fold<WebhookEndpointDocument>(untyped(webhookEndpoints), webhookStream(id), id),
      ),
    ),
    deliveries: createDeliveryQueries(side.documents),
    all,
  };
};

export type WebhookReadModels = ReturnType<typeof createWebhookReadModels>;
