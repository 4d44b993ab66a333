/** The endpoints that partners have, without those that were deleted. */
import type { WebhookEvent } from '../domain/webhook/events.ts';
import { formatPosition, positionKey, type Sealed, unreachable } from '../eventsourcing/message.ts';
import type { Documents } from '../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../eventsourcing/projecting/page.ts';
import type { Projection, Recorded } from '../eventsourcing/projecting/projection.ts';
import type { Endpoint } from './ports.ts';

/** As a partner sees it, and as its deliveries need it (`Endpoint`). */
export interface WebhookEndpointDocument extends Omit<Endpoint, 'createdAt' | 'pastScopes'> {
  /** Wider ones, each up to the event that narrowed it (as `formatPosition` writes it), the oldest first. */
  readonly pastScopes?: readonly { readonly until: string; readonly scope: 'all' | readonly string[] }[];
  readonly description?: Sealed;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  /** Where in the log it was made, as `formatPosition` writes it: only what happened after it is delivered. */
  readonly createdPosition: string;
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
  /** When it was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

/** As stored: with where in the log it was last changed, which tells whether a list of them is still the latest. */
export interface StoredEndpoint extends WebhookEndpointDocument {
  /** See `positionKey`. */
  readonly changedKey: string;
}

const apply = (document: StoredEndpoint | null, event: Recorded<WebhookEvent>): StoredEndpoint | null => {
  const { revision, recordedAt, position } = event;
  const touched = { revision, updatedAt: recordedAt, changedKey: positionKey(position) };
  if (event.type === 'WebhookEndpointCreated') {
    const made = { createdAt: recordedAt, createdPosition: formatPosition(position) };
    return { ...event.data, status: 'active', ...made, ...touched };
  }
  if (document === null) return null;
  switch (event.type) {
    case 'WebhookEndpointDeleted':
      return null;
    case 'WebhookEndpointScopeNarrowed': {
      const past = { until: formatPosition(position), scope: document.scope };
      return { ...document, ...touched, scope: event.data.scope, pastScopes: [...(document.pastScopes ?? []), past] };
    }
    case 'WebhookEndpointDisabled':
      return { ...document, ...touched, status: 'disabled' };
    case 'WebhookTestRequested':
      return { ...document, ...touched };
    default:
      return unreachable(event);
  }
};

export const webhookEndpoints: Projection<StoredEndpoint, WebhookEvent> = {
  name: 'webhook_endpoints_v1',
  handles: [
    'WebhookEndpointCreated',
    'WebhookEndpointScopeNarrowed',
    'WebhookEndpointDeleted',
    'WebhookEndpointDisabled',
    'WebhookTestRequested',
  ],
  indexes: [['ownerId'], ['changedKey']],
  idsOf: ({ data }) => [data.endpointId],
  apply,
};

interface WebhookEndpointsQuery extends PageRequest {
  readonly ownerId?: string;
}

/** How many there are and the `positionKey` of the latest change. */
export interface EndpointsMark {
  readonly count: number;
  /** `null`: there are none. */
  readonly newestKey: string | null;
}

export interface WebhookEndpointQueries {
  get(endpointId: string): Promise<WebhookEndpointDocument | null>;
  /** By endpoint id, which is the order they were made in. @throws InvalidCursor */
  list(query: WebhookEndpointsQuery): Promise<Page<WebhookEndpointDocument>>;
  /** All that are not deleted, as of one moment. @throws RangeError beyond `endpointsMax` */
  all(): Promise<{ readonly endpoints: readonly WebhookEndpointDocument[]; readonly mark: EndpointsMark }>;
  /**
   * Tells apart two moments between which an endpoint was made, changed or deleted, at the cost of two lookups: what is
   * made or changed is newer than all before, and what is deleted is missing from the count.
   */
  mark(): Promise<EndpointsMark>;
}

/** All are held in memory, at some 1.5 kB each. More than that is not partners but a mistake, and must be heard of. */
const endpointsMax = 10_000;

export const createWebhookEndpointQueries = (
  documents: Documents,
  collection: () => string,
): WebhookEndpointQueries => ({
  get: async (endpointId) => (await documents.get<StoredEndpoint>(collection(), endpointId))?.document ?? null,
  list: ({ ownerId, ...page }) =>
    pageOf<WebhookEndpointDocument>(
      documents,
      collection(),
      { where: ownerId === undefined ? {} : { ownerId: { equals: ownerId } } },
      page,
    ),
  all: async () => {
    const found = await documents.find<StoredEndpoint>(collection(), { where: {}, limit: endpointsMax + 1 });
    if (found.length > endpointsMax) throw new RangeError(`more than ${endpointsMax} webhook endpoints`);
    const endpoints = found.map(({ document }) => document);
    const newestKey = endpoints.reduce<string | null>(
      (newest, { changedKey }) => (newest === null || changedKey > newest ? changedKey : newest),
      null,
    );
    return { endpoints, mark: { count: endpoints.length, newestKey } };
  },
  mark: async () => {
    // In this order nothing that was made before is ever missed. One that is deleted between the lookups while another is
    // made can stay unnoticed, until the next call finds a newer change.
    const [newest] = await documents.find<StoredEndpoint>(collection(), {
      where: {},
      orderBy: { field: 'changedKey', direction: 'descending' },
      limit: 1,
    });
    return { newestKey: newest?.document.changedKey ?? null, count: await documents.count(collection()) };
  },
});
