/** The endpoints as webhook deliveries ask for them (`../webhooks/ports.ts`). */
import type { Progress } from '../../eventsourcing/consumers/consumerProgress.ts';
import type { Position } from '../../eventsourcing/message.ts';
import { formatPosition, parsePosition, positionKey } from '../../eventsourcing/message.ts';
import type { Endpoint, EndpointDirectory } from '../ports.ts';
import type { EndpointsMark, WebhookEndpointDocument, WebhookEndpointQueries } from './projection.ts';

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
