import { accept, type Decider, type Decision, jsonStates, refuse, unreachable } from '../../eventsourcing/message.ts';
import { type WebhookEndpointCreated, type WebhookEvent, webhookVersions } from './events.ts';

export type Webhook =
  | { readonly phase: 'absent' | 'deleted' }
  | { readonly phase: 'active' | 'disabled'; readonly endpoint: WebhookEndpointCreated['data'] };

export type WebhookCommand =
  | { readonly type: 'CreateEndpoint'; readonly endpoint: WebhookEndpointCreated['data'] }
  | { readonly type: 'NarrowScope'; readonly endpointId: string; readonly warehouses: readonly string[] }
  | { readonly type: 'DeleteEndpoint' | 'RecordGone' | 'RequestTest'; readonly endpointId: string };
export type WebhookRefusal = 'WEBHOOK_ENDPOINT_NOT_FOUND' | 'WEBHOOK_ENDPOINT_EXISTS';

/** To what is left of it. One without a limit was given by a role that has none, and stays. */
const narrow = (
  { endpointId, warehouses }: Extract<WebhookCommand, { type: 'NarrowScope' }>,
  { scope }: WebhookEndpointCreated['data'],
): Decision<WebhookEvent, WebhookRefusal> => {
  if (scope === 'all') return accept();
  const left = scope.filter((warehouseId) => warehouses.includes(warehouseId));
  return left.length === scope.length
    ? accept()
    : accept({ type: 'WebhookEndpointScopeNarrowed', data: { endpointId, scope: left } });
};

export const webhookDecider: Decider<Webhook, WebhookCommand, WebhookEvent, WebhookRefusal> = {
  category: 'webhook',
  initialState: { phase: 'absent' },
  decide: (command, webhook) => {
    if (command.type === 'CreateEndpoint') {
      return webhook.phase === 'absent'
        ? accept({ type: 'WebhookEndpointCreated', data: command.endpoint })
        : refuse('WEBHOOK_ENDPOINT_EXISTS', 'An endpoint with this id exists.');
    }
    if (!('endpoint' in webhook)) {
      return refuse('WEBHOOK_ENDPOINT_NOT_FOUND', 'No such webhook endpoint.');
    }
    const { endpointId } = command;
    switch (command.type) {
      case 'NarrowScope':
        return narrow(command, webhook.endpoint);
      case 'DeleteEndpoint':
        return accept({ type: 'WebhookEndpointDeleted', data: { endpointId } });
      case 'RecordGone':
        return webhook.phase === 'disabled'
          ? accept()
          : accept({ type: 'WebhookEndpointDisabled', data: { endpointId, reason: 'gone' } });
      case 'RequestTest':
        return accept({ type: 'WebhookTestRequested', data: { endpointId } });
      default:
        return unreachable(command);
    }
  },
  evolve: (webhook, event) => {
    switch (event.type) {
      case 'WebhookEndpointCreated':
        return { phase: 'active', endpoint: event.data };
      case 'WebhookEndpointScopeNarrowed':
        return 'endpoint' in webhook
          ? { phase: webhook.phase, endpoint: { ...webhook.endpoint, scope: event.data.scope } }
          : webhook;
      case 'WebhookEndpointDeleted':
        return { phase: 'deleted' };
      case 'WebhookEndpointDisabled':
        return 'endpoint' in webhook ? { phase: 'disabled', endpoint: webhook.endpoint } : webhook;
      case 'WebhookTestRequested':
        return webhook;
      default:
        return unreachable(event);
    }
  },
  weigh: (webhook) => ('endpoint' in webhook ? 1_500 : 100),
  codec: jsonStates(1),
  schemaVersions: webhookVersions,
};
