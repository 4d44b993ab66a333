/** The endpoints that partners have, without those that were deleted. */
import type { WebhookEvent, WebhookEventType } from '../../domain/webhook/events.ts';
import { positionKey } from '../../eventsourcing/consumers/positionKey.ts';
import { type Sealed, unreachable } from '../../eventsourcing/message.ts';
import { formatPosition } from '../../eventsourcing/position.ts';
import type { Projection, Recorded } from '../../eventsourcing/projecting/projection.ts';

export interface WebhookEndpointDocument {
  readonly endpointId: string;
  /** Who may see and change it: a partner's id, or the subject of the client that made it. */
  readonly ownerId: string;
  readonly url: Sealed;
  readonly secret: Sealed;
  readonly eventTypes: readonly WebhookEventType[];
  /** Absent: all the warehouses of `scope`. */
  readonly warehouseIds?: readonly string[];
  /** What its owner may see, as of its last token that named fewer warehouses than before. */
  readonly scope: 'all' | readonly string[];
  /** Wider ones, each up to the event that narrowed it (as `formatPosition` writes it), the oldest first. */
  readonly pastScopes?: readonly { readonly until: string; readonly scope: 'all' | readonly string[] }[];
  readonly description?: Sealed;
  readonly status: 'active' | 'disabled';
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
