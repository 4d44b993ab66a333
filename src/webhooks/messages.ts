/**
 * What an event says to a partner: a pure function of the event and of what the endpoint may see, so that a retry, a
 * replay and a pull feed make the same bytes. No personal data, no prices, no free text: ids, figures and statuses.
 */
import type { LedgerEvent, LedgerEventType } from '../domain/events.ts';
import { webhookEventTypes } from '../domain/webhook/events.ts';
import type { RecordedEvent } from '../eventsourcing/message.ts';
import { shipmentMessages, stockMessages } from './goodsMessages.ts';
import { orderMessages } from './orderMessages.ts';
import { type Audience, type MessageType, sees, type WebhookMessage } from './ports.ts';

/** An early warning and an empty shelf can come of any of these. */
const stock = ['stock.changed', 'stock.low', 'stock.out'] as const;

/** What an event can become; an event that is missing here says nothing to partners. */
const typesOf: { readonly [Type in LedgerEventType]?: readonly MessageType[] } = {
  StockRegistered: ['stock.changed'],
  StockReceived: ['stock.changed'],
  StockAdjusted: stock,
  StockCounted: stock,
  StockReserved: stock,
  StockReservationReleased: ['stock.changed'],
  StockReservationExpired: ['stock.changed'],
  StockReservationLapsed: ['stock.changed'],
  StockReservationTakenOver: ['stock.changed'],
  StockShipped: stock,
  StockDeparted: stock,
  StockDispatchVoided: ['stock.changed'],
  StockDiscrepancyRecorded: ['stock.changed'],
  StockQuarantined: stock,
  StockQuarantineReleased: ['stock.changed'],
  StockQuarantineReduced: ['stock.changed'],
  StockPolicySet: ['stock.changed'],
  StockRetired: ['stock.changed'],
  OrderPlaced: ['order.placed'],
  OrderAllocated: ['order.allocated'],
  OrderBackordered: ['order.backordered'],
  OrderCancelled: ['order.cancelled'],
  OrderRemainderCancelled: ['order.cancelled'],
  OrderShipmentDispatched: ['order.shipped'],
  OrderShipmentDelivered: ['order.delivered'],
  ShipmentDispatched: ['shipment.updated'],
  ShipmentCorrected: ['shipment.updated'],
  ShipmentVoided: ['shipment.updated'],
  VoidedShipmentReported: ['shipment.exception'],
  ParcelTracked: ['shipment.updated', 'shipment.exception'],
  ShipmentDelivered: ['shipment.updated'],
  WebhookTestRequested: ['webhook.test'],
};

/** The event types that a planner has to read. */
export const announcedTypes: readonly string[] = Object.keys(typesOf);

/** Whether the event can be of interest, before anything is made of it. */
export const mayAnnounce = (eventType: string, types: ReadonlySet<MessageType>): boolean =>
  (typesOf[eventType as LedgerEventType] ?? []).some((type) => type === 'webhook.test' || types.has(type));

const allMessages = (event: LedgerEvent, { endpointId, sight }: Audience): readonly WebhookMessage[] => {
  switch (event.type) {
    case 'StockRegistered':
    case 'StockReceived':
    case 'StockAdjusted':
    case 'StockCounted':
    case 'StockReserved':
    case 'StockReservationReleased':
    case 'StockReservationExpired':
    case 'StockReservationLapsed':
    case 'StockReservationTakenOver':
    case 'StockShipped':
    case 'StockDeparted':
    case 'StockDispatchVoided':
    case 'StockDiscrepancyRecorded':
    case 'StockQuarantined':
    case 'StockQuarantineReleased':
    case 'StockQuarantineReduced':
    case 'StockPolicySet':
    case 'StockRetired':
      return sees(sight, event.data.warehouseId) ? stockMessages(event) : [];
    case 'OrderPlaced':
    case 'OrderAllocated':
    case 'OrderBackordered':
    case 'OrderCancelled':
    case 'OrderRemainderCancelled':
    case 'OrderShipmentDispatched':
    case 'OrderShipmentDelivered':
      return orderMessages(event, sight);
    case 'ShipmentDispatched':
    case 'ShipmentCorrected':
    case 'ShipmentVoided':
    case 'VoidedShipmentReported':
    case 'ParcelTracked':
    case 'ShipmentDelivered':
    case 'ShipmentTurnedBack':
      return sees(sight, event.data.warehouseId) ? shipmentMessages(event) : [];
    case 'WebhookTestRequested':
      return event.data.endpointId === endpointId ? [{ type: 'webhook.test', data: { endpointId } }] : [];
    default:
      return [];
  }
};

/** The messages one endpoint is owed for one event, in an order that never changes: the sequence follows it. */
export const messagesFor = (event: RecordedEvent, audience: Audience): readonly WebhookMessage[] => {
  if (!mayAnnounce(event.type, audience.types)) return [];
  return allMessages(event as RecordedEvent & LedgerEvent, audience).filter(
    ({ type }) => type === 'webhook.test' || audience.types.has(type),
  );
};

/** The delivery's body. `timestamp` is when it happened (Standard Webhooks 1.0), not when it was sent. */
export const bodyOf = (event: RecordedEvent, { type, data }: WebhookMessage, sequence: number): string =>
  JSON.stringify({
    type,
    timestamp: event.occurredAt,
    data,
    stream: event.stream,
    streamRevision: event.revision,
    sequence,
  });

/** All that a delivery may be called. */
export const messageTypes: readonly MessageType[] = [...webhookEventTypes, 'webhook.test'];
