/** What is read of webhooks: their endpoints, the directory of all that listen, and what was sent to each. */
import { webhookStream } from '../domain/values.ts';
import type { Progress } from '../eventsourcing/consumers/consumerProgress.ts';
import { formatPosition, type Position, parsePosition, positionKey } from '../eventsourcing/message.ts';
import { createFold, createReadModelBuilder, orFolded } from '../eventsourcing/projecting/builtReadModels.ts';
import type { Documents } from '../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../eventsourcing/projecting/page.ts';
import { untyped } from '../eventsourcing/projecting/projection.ts';
import type { ReadSide } from '../eventsourcing/projecting/readModel.ts';
import {
  createWebhookEndpointQueries,
  type EndpointsMark,
  type WebhookEndpointDocument,
  type WebhookEndpointQueries,
  webhookEndpoints,
} from './endpoints.ts';
import { type Counter, counters, type Delivery, type DeliveryStatus, deliveries, deliveryStatuses } from './ledger.ts';
import type { Endpoint, EndpointDirectory } from './ports.ts';

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

/** The endpoints as webhook deliveries ask for them (`../webhooks/ports.ts`). */

/** The read model has not come as far as it was asked for. The consumer that asked tries again. */
export class EndpointsBehind extends Error {
  override readonly name = 'EndpointsBehind';
}

/** The read model handles a few events a day: if it is not there by then, it stands still, and the alarm is its lag. */
const waitMaxMs = 10_000;

const positionIn = (text: string, endpointId: string): Position => {
  const position = parsePosition(text);
  if (position === null) throw new Error(`${endpointId} has no position: ${text}`);
  return position;
};

const endpointOf = (document: WebhookEndpointDocument): Endpoint => {
  const { endpointId, ownerId, url, secret, eventTypes, warehouseIds, scope, status, createdPosition } = document;
  const createdAt = positionIn(createdPosition, endpointId);
  const pastScopes = (document.pastScopes ?? []).map(({ until, scope: past }) => ({
    until: positionIn(until, endpointId),
    scope: past,
  }));
  const limits = { scope, pastScopes, ...(warehouseIds === undefined ? {} : { warehouseIds }) };
  return { endpointId, ownerId, url, secret, eventTypes, ...limits, status, createdAt };
};

interface Remembered extends EndpointsMark {
  readonly endpoints: readonly Endpoint[];
}

export const createEndpointDirectory = (
  queries: Pick<WebhookEndpointQueries, 'all' | 'get' | 'mark'>,
  progress: Pick<Progress, 'position' | 'waitFor'>,
): EndpointDirectory => {
  let remembered: Remembered | null = null;

  const isLatest = async ({ count, newestKey }: Remembered): Promise<boolean> => {
    const now = await queries.mark();
    return now.count === count && now.newestKey === newestKey;
  };

  return {
    all: async (position) => {
      if (!(await progress.waitFor(position, waitMaxMs))) {
        throw new EndpointsBehind(`webhook endpoints are not known up to ${formatPosition(position)}`);
      }
      if (remembered !== null && (await isLatest(remembered))) return remembered.endpoints;
      const handled = progress.position();
      const { endpoints: documents, mark } = await queries.all();
      const endpoints = documents.map(endpointOf);
      // A batch may be half written, its last change before its first. Such a list is good for this call, whose position
      // was handled in full, and not for the next.
      const isWhole = handled !== null && (mark.newestKey ?? '') <= positionKey(handled);
      remembered = isWhole ? { endpoints, ...mark } : null;
      return endpoints;
    },
    get: async (endpointId) => {
      const document = await queries.get(endpointId);
      return document === null ? null : endpointOf(document);
    },
  };
};
