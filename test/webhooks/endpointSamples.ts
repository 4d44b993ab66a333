/** Endpoints of partners, and what may happen to them. */
import type { WebhookEndpointCreated, WebhookEvent } from '../../src/domain/webhook/events.ts';
import type { Position } from '../../src/eventsourcing/message.ts';
import { sealed } from '../support/samples.ts';

export const created = (
  endpointId = 'e1',
  changes: Partial<WebhookEndpointCreated['data']> = {},
): WebhookEndpointCreated => ({
  type: 'WebhookEndpointCreated',
  data: {
    endpointId,
    ownerId: 'partner1',
    url: sealed('url'),
    secret: sealed('secret'),
    eventTypes: ['stock.low'],
    scope: ['BER', 'PAR'],
    ...changes,
  },
});
export const deleted = (endpointId = 'e1'): WebhookEvent => ({ type: 'WebhookEndpointDeleted', data: { endpointId } });
export const disabled = (endpointId = 'e1'): WebhookEvent => ({
  type: 'WebhookEndpointDisabled',
  data: { endpointId, reason: 'gone' },
});
export const narrowed = (scope: readonly string[], endpointId = 'e1'): WebhookEvent => ({
  type: 'WebhookEndpointScopeNarrowed',
  data: { endpointId, scope },
});
export const tested = (endpointId = 'e1'): WebhookEvent => ({ type: 'WebhookTestRequested', data: { endpointId } });

export const at = (commit: number): Position => ({ commit: BigInt(commit), prepare: BigInt(commit) });
