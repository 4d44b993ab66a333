import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import type { StoredEndpoint, WebhookEndpointDocument } from './projection.ts';

export interface WebhookEndpointsQuery extends PageRequest {
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
