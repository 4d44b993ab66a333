/** Webhook endpoints and their deliveries. */
import Type from 'typebox';
import { webhookEventTypes } from '../../domain/webhook/events.ts';
import type { WebhookEndpointDocument } from '../../webhooks/endpoints.ts';
import { deliveryStatuses } from '../../webhooks/ledger.ts';
import { allOf, Closed, Nullable, named, PageQuery, Revision, Time, Uuid, WarehouseId } from './common.ts';

/** A URL that no server takes is no address (RFC 9110 §4.1 recommends 8,000; partners' are far shorter). */
const urlCharsMax = 2_000;
const warehousesMax = 500;

export const EndpointPath = Closed({ endpointId: Uuid });
export const EndpointBody = Closed({
  url: Type.String({ format: 'uri', maxLength: urlCharsMax, examples: ['https://partner.example/webhooks'] }),
  eventTypes: Type.Array(Type.Enum([...webhookEventTypes], { type: 'string' }), {
    minItems: 1,
    maxItems: webhookEventTypes.length,
    uniqueItems: true,
    examples: [['order.shipped', 'stock.out']],
  }),
  warehouseIds: Type.Optional(Type.Array(WarehouseId, { minItems: 1, maxItems: warehousesMax, uniqueItems: true })),
  description: Type.Optional(Type.String({ minLength: 1, maxLength: 500, examples: ['Stock sync of the shop'] })),
});

const endpoint = {
  endpointId: Uuid,
  url: Type.String(),
  description: Type.Optional(Type.String()),
  eventTypes: Type.Array(Type.String()),
  warehouseIds: Type.Optional(Type.Array(WarehouseId)),
  scope: Type.Union([Type.Literal('all'), Type.Array(WarehouseId)], {
    description: 'Warehouses that its owner may hear of. A token of the owner that names fewer of them narrows it.',
  }),
  status: Type.Enum([...allOf<WebhookEndpointDocument['status']>()(['active', 'disabled'])]),
  createdAt: Time,
  updatedAt: Time,
  revision: Revision,
};
export const Endpoint = named('WebhookEndpoint', Closed(endpoint));
export const CreatedEndpoint = named(
  'CreatedWebhookEndpoint',
  Closed({ ...endpoint, secret: Type.String({ description: 'Told here and never again.', examples: ['whsec_…'] }) }),
);

export const DeliveriesQuery = Closed({
  status: Type.Optional(Type.Enum([...deliveryStatuses])),
  ...PageQuery,
});
export const Delivery = named(
  'WebhookDelivery',
  Closed({
    deliveryId: Type.String({ description: 'The `webhook-id` of every attempt.' }),
    endpointId: Uuid,
    sequence: Type.Integer({ description: '1, 2, 3 … for each endpoint, without a gap.' }),
    type: Type.String(),
    eventId: Type.String(),
    stream: Type.String(),
    streamRevision: Type.Integer(),
    position: Type.String(),
    occurredAt: Time,
    status: Type.Enum([...deliveryStatuses]),
    reason: Type.Optional(Type.String()),
    nextAttemptAt: Nullable(Time),
    attempts: Type.Array(
      Closed({
        at: Time,
        durationMs: Nullable(Type.Integer()),
        httpStatus: Type.Optional(Type.Integer()),
        error: Type.Optional(Type.String()),
        responseStart: Type.Optional(Type.String()),
      }),
    ),
  }),
);
