/** Who listens to what, and how far they see. */
import type { WebhookEventType } from '../domain/webhook/events.ts';
import type { Position } from '../eventsourcing/message.ts';
import { comparePositions } from '../eventsourcing/position.ts';
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

/** Never beyond `scope`. */
const sightOf = ({ warehouseIds }: Endpoint, scope: Endpoint['scope']): Sight => {
  if (warehouseIds === undefined) return scope === 'all' ? 'all' : new Set(scope);
  return new Set(scope === 'all' ? warehouseIds : warehouseIds.filter((id) => scope.includes(id)));
};

const audience = (endpoint: Endpoint, scope: Endpoint['scope']): Audience => ({
  endpointId: endpoint.endpointId,
  types: new Set(endpoint.eventTypes),
  sight: sightOf(endpoint, scope),
});

/** Who may be told now. */
export const audienceOf = (endpoint: Endpoint): Audience => audience(endpoint, endpoint.scope);

/** Who was to be told at each position: the same whenever it is asked, so that sequences follow from the log alone. */
export const audiencesOf = (endpoint: Endpoint): ((position: Position) => Audience) => {
  const now = audienceOf(endpoint);
  const past = (endpoint.pastScopes ?? []).map(({ until, scope }) => ({ until, told: audience(endpoint, scope) }));
  return (position) => past.find(({ until }) => comparePositions(position, until) <= 0)?.told ?? now;
};
