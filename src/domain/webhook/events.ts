/** STORED FOREVER: a partner's webhook endpoint (stream `webhook-{endpointId}`). The secret is sealed. */
import type { FieldClasses, Sealed } from '../../eventsourcing/message.ts';

export const webhookEventTypes = [
  'stock.changed',
  'stock.low',
  'stock.out',
  'order.placed',
  'order.allocated',
  'order.backordered',
  'order.cancelled',
  'order.changed',
  'order.shipped',
  'order.delivered',
  'shipment.updated',
  'shipment.exception',
  'return.received',
  'security.alert',
  'inbound.updated',
] as const;
export type WebhookEventType = (typeof webhookEventTypes)[number];

/** What operators subscribe to, and nobody else. */
export const operatorTypes: readonly WebhookEventType[] = ['security.alert'];

export type WebhookEndpointCreated = {
  readonly type: 'WebhookEndpointCreated';
  readonly data: {
    readonly endpointId: string;
    /** Who may see and change it: a partner's id, or the subject of the client that made it. */
    readonly ownerId: string;
    /** Sealed, because a URL may carry a token of the partner. */
    readonly url: Sealed;
    readonly secret: Sealed;
    readonly eventTypes: readonly WebhookEventType[];
    /** Absent: all the warehouses its owner may see; see `scope`. */
    readonly warehouseIds?: readonly string[];
    /** What its owner was allowed to see when it was made; deliveries never go beyond it. It is only ever narrowed. */
    readonly scope: 'all' | readonly string[];
    readonly description?: Sealed;
  };
};
export type WebhookEndpointDeleted = {
  readonly type: 'WebhookEndpointDeleted';
  readonly data: { readonly endpointId: string };
};
/** The receiver answered 410 Gone, or kept failing to the end of the schedule. */
export type WebhookEndpointDisabled = {
  readonly type: 'WebhookEndpointDisabled';
  readonly data: { readonly endpointId: string; readonly reason: 'gone' };
};
export type WebhookTestRequested = {
  readonly type: 'WebhookTestRequested';
  readonly data: { readonly endpointId: string };
};
/** A token of its owner named fewer warehouses than before: what happens there from now on is not its business. */
export type WebhookEndpointScopeNarrowed = {
  readonly type: 'WebhookEndpointScopeNarrowed';
  readonly data: { readonly endpointId: string; readonly scope: readonly string[] };
};
export type WebhookEvent =
  | WebhookEndpointCreated
  | WebhookEndpointScopeNarrowed
  | WebhookEndpointDeleted
  | WebhookEndpointDisabled
  | WebhookTestRequested;

export const webhookFields: FieldClasses<WebhookEvent> = {
  WebhookEndpointCreated: {
    endpointId: 'public',
    ownerId: 'public',
    url: 'pii',
    secret: 'pii',
    eventTypes: 'public',
    warehouseIds: 'public',
    scope: 'public',
    description: 'pii',
  },
  WebhookEndpointScopeNarrowed: { endpointId: 'public', scope: 'public' },
  WebhookEndpointDeleted: { endpointId: 'public' },
  WebhookEndpointDisabled: { endpointId: 'public', reason: 'public' },
  WebhookTestRequested: { endpointId: 'public' },
};
export const webhookVersions = {
  WebhookEndpointCreated: 1,
  WebhookEndpointScopeNarrowed: 1,
  WebhookEndpointDeleted: 1,
  WebhookEndpointDisabled: 1,
  WebhookTestRequested: 1,
} as const;
