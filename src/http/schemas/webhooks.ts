/** Webhook endpoints and their deliveries, and what a webhook sends (docs/webhooks.md): the body of each type. */
import Type, { type TSchema } from 'typebox';
import { parcelStatuses } from '../../domain/shipment/events.ts';
import { subscribableTypes } from '../../domain/webhook/events.ts';
import type { WebhookEndpointDocument } from '../../webhooks/endpoints.ts';
import { deliveryStatuses } from '../../webhooks/ledger.ts';
import {
  allOf,
  Closed,
  Count,
  LineId,
  Nullable,
  named,
  PageQuery,
  Quantity,
  Reason,
  Revision,
  Sku,
  Time,
  Uuid,
  WarehouseId,
} from './common.ts';

/** A URL that no server takes is no address (RFC 9110 §4.1 recommends 8,000; partners' are far shorter). */
const urlCharsMax = 2_000;
const warehousesMax = 500;

export const EndpointPath = Closed({ endpointId: Uuid });
export const EndpointBody = Closed({
  url: Type.String({ format: 'uri', maxLength: urlCharsMax, examples: ['https://partner.example/webhooks'] }),
  eventTypes: Type.Array(Type.Enum([...subscribableTypes], { type: 'string' }), {
    minItems: 1,
    maxItems: subscribableTypes.length,
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

const stock = {
  warehouseId: WarehouseId,
  sku: Sku,
  onHand: Count,
  reserved: Count,
  quarantined: Count,
  incoming: Count,
  safetyStock: Count,
  available: Count,
};
const LineQuantity = Closed({ lineId: LineId, quantity: Quantity });
const Line = Closed({ lineId: LineId, sku: Sku, quantity: Quantity });
const Allocation = Closed({
  lineId: LineId,
  sku: Sku,
  warehouseId: WarehouseId,
  reservationId: Uuid,
  quantity: Quantity,
});
const shipment = { shipmentId: Uuid, orderId: Uuid, warehouseId: WarehouseId };
/** Both are absent as long as they are not known. */
const carriage = {
  carrier: Type.Optional(Type.String({ examples: ['ups'] })),
  trackingNumber: Type.Optional(Type.String({ examples: ['1Z12345E0205271688'] })),
};
const ParcelId = Type.String({ examples: ['P1'] });
const ParcelStatus = Type.Enum([...parcelStatuses]);
const Label = Closed(
  { ...carriage, parcels: Type.Array(Closed({ parcelId: ParcelId, trackingNumber: Type.String() })) },
  { description: 'As it stands after a correction.' },
);
const order = { orderId: Uuid };
const StockData = Closed(stock);

type Subscribable = (typeof subscribableTypes)[number];

/** `data` of each type, and when it is sent. Types without a line here do not compile. */
export const webhookMessages: {
  readonly [T in Subscribable]: { readonly summary: string; readonly data: TSchema };
} = {
  'stock.changed': {
    summary: 'A figure of a stock has changed',
    data: Closed({ ...stock, change: Type.String({ examples: ['adjusted'] }) }),
  },
  'stock.low': { summary: 'What can be sold has fallen to the safety stock', data: StockData },
  'stock.out': { summary: 'Nothing can be sold any more', data: StockData },
  'order.placed': { summary: 'An order was placed', data: Closed({ ...order, lines: Type.Array(Line) }) },
  'order.allocated': {
    summary: 'Goods were reserved for an order',
    data: Closed({
      ...order,
      allocations: Type.Array(Allocation),
      backordered: Type.Optional(
        Type.Array(LineQuantity, { description: 'Absent where warehouses limit the endpoint.' }),
      ),
    }),
  },
  'order.backordered': {
    summary: 'An order, or a part of it, waits for goods',
    data: Closed({ ...order, backordered: Type.Array(LineQuantity) }),
  },
  'order.cancelled': {
    summary: 'An order, or what had not left of it, was cancelled',
    data: Closed({
      ...order,
      reason: Reason,
      released: Type.Array(Allocation),
      cancelled: Type.Optional(
        Type.Array(LineQuantity, {
          description: 'What will not come, where a part had left; absent where warehouses limit the endpoint.',
        }),
      ),
    }),
  },
  'order.shipped': {
    summary: 'Goods of an order have left a warehouse',
    data: Closed({
      ...shipment,
      ...carriage,
      lines: Type.Array(Line),
    }),
  },
  'order.delivered': {
    summary: 'One shipment of an order has arrived',
    data: Closed({ ...order, shipmentId: Uuid }),
  },
  'shipment.updated': {
    summary: 'A shipment, or a parcel of it, has a new status',
    data: Closed({
      ...shipment,
      status: Type.Enum(['dispatched', 'corrected', 'voided', ...parcelStatuses]),
      label: Type.Optional(Label),
      parcelId: Type.Optional(ParcelId),
      reportedAt: Type.Optional(Time),
    }),
  },
  'shipment.exception': {
    summary: 'A parcel is late, turned back, could not be handed over, or is of a shipment that was voided',
    data: Closed({ ...shipment, parcelId: ParcelId, status: ParcelStatus, reportedAt: Time }),
  },
};
