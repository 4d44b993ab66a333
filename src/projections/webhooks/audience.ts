/** Who listens to what, and how far they see. */
import type { WebhookEventType } from '../../domain/webhook/events.ts';
import type { Endpoint } from './ports.ts';

/** `webhook.test` needs no subscription: it goes to the endpoint that was asked to be tested. */
export type MessageType = WebhookEventType | 'webhook.test';

export interface Message {
  readonly type: MessageType;
  readonly data: object;
}

/** Ids of warehouses. `all` also stands for what names no warehouse at all. */
export type Sight = 'all' | ReadonlySet<string>;

export interface Audience {
  readonly endpointId: string;
  readonly types: ReadonlySet<MessageType>;
  readonly sight: Sight;
}

export const sees = (sight: Sight, warehouseId: string): boolean => sight === 'all' || sight.has(warehouseId);

/** Never beyond what its owner was allowed to see when it was made. */
const sightOf = ({ scope, warehouseIds }: Endpoint): Sight => {
  if (warehouseIds === undefined) return scope === 'all' ? 'all' : new Set(scope);
  return new Set(scope === 'all' ? warehouseIds : warehouseIds.filter((id) => scope.includes(id)));
};

export const audienceOf = (endpoint: Endpoint): Audience => ({
  endpointId: endpoint.endpointId,
  types: new Set(endpoint.eventTypes),
  sight: sightOf(endpoint),
});
