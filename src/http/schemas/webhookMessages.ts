/** What a webhook sends (docs/webhooks.md): the body of each type. */
import Type, { type TSchema } from 'typebox';
import { alertRules } from '../../domain/alert/events.ts';
import { dispositions } from '../../domain/return/events.ts';
import { parcelStatuses } from '../../domain/shipment/events.ts';
import type { webhookEventTypes } from '../../domain/webhook/events.ts';
import { Closed, Count, LineId, Quantity, Reason, Sku, Time, Uuid, WarehouseId } from './common.ts';

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
  trackingNumber: Type.Optional(Type.String({ examples: ['1Z5R89390357567127'] })),
};
const ParcelId = Type.String({ examples: ['P1'] });
const ParcelStatus = Type.Enum([...parcelStatuses]);
const Label = Closed(
  { ...carriage, parcels: Type.Array(Closed({ parcelId: ParcelId, trackingNumber: Type.String() })) },
  { description: 'As it stands after a correction.' },
);
const order = { orderId: Uuid };
const StockData = Closed(stock);

type Subscribable = (typeof webhookEventTypes)[number];

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
  'order.changed': {
    summary: 'Quantities of an order were changed',
    data: Closed({
      ...order,
      reason: Reason,
      lines: Type.Array(Closed({ lineId: LineId, quantity: Count }), {
        description: 'Those that changed: how many pieces are wanted from now on.',
      }),
    }),
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
  'return.received': {
    summary: 'Goods of an order have come back',
    data: Closed({
      returnId: Uuid,
      orderId: Uuid,
      warehouseId: WarehouseId,
      lines: Type.Array(
        Closed({ lineId: LineId, sku: Sku, quantity: Quantity, disposition: Type.Enum([...dispositions]) }),
      ),
    }),
  },
  'security.alert': {
    summary: 'Requests of a caller, or from an address, look like an attack; for administrators alone',
    data: Closed({
      alertId: Uuid,
      rule: Type.Enum([...alertRules]),
      caller: Type.Optional(
        Closed({ subject: Type.String(), client: Type.String() }, { description: 'Absent where it is not known.' }),
      ),
      requestId: Type.String({ description: 'The access log has it.' }),
      limit: Count,
      windowSeconds: Count,
    }),
  },
  'inbound.updated': {
    summary: 'Goods on their way were announced, came, or come at another time or not at all',
    data: Closed({
      inboundId: Uuid,
      warehouseId: WarehouseId,
      expectedAt: { ...Time, description: 'When what is still to come is expected.' },
      change: Type.Enum(['announced', 'changed', 'received', 'cancelled']),
      lines: Type.Array(
        Closed({
          lineId: LineId,
          sku: Sku,
          expected: { ...Count, description: 'Still to come.' },
          accepted: Type.Optional({ ...Count, description: 'Of this receipt.' }),
          rejected: Type.Optional({ ...Count, description: 'Of this receipt.' }),
        }),
        { description: 'Those that it is about.' },
      ),
    }),
  },
};
