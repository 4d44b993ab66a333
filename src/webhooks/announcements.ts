/** The one table of webhook messages: for every event there is, what it says to partners, or nothing. */
import type { AlertRaised } from '../domain/alert/events.ts';
import type { LedgerEvent, LedgerEventType } from '../domain/events.ts';
import type { InboundEvent } from '../domain/inbound/events.ts';
import type { ReturnReceived } from '../domain/return/events.ts';
import type { ShipmentEvent } from '../domain/shipment/events.ts';
import type { StockEvent } from '../domain/stock/events.ts';
import { returnMessage, shipmentMessages, stockMessages } from './goodsMessages.ts';
import { inboundMessages } from './inboundMessages.ts';
import { type AnnouncedOrderEvent, orderMessages } from './orderMessages.ts';
import { type Audience, covers, type MessageType, type WebhookMessage } from './ports.ts';

type EventOf<Type extends LedgerEventType> = Extract<LedgerEvent, { readonly type: Type }>;

/** What an event says to partners. */
interface Announcement<E extends LedgerEvent> {
  /** All that it can become; a planner does not look at it when nobody listens to any of these. */
  readonly types: readonly MessageType[];
  messages(event: E, audience: Audience): readonly WebhookMessage[];
}

/** @param change the word for it in `stock.changed` */
const ofStock = <const Types extends readonly MessageType[]>(types: Types, change: string) => ({
  types,
  messages: (event: StockEvent, { warehouses }: Audience) =>
    covers(warehouses, event.data.warehouseId) ? stockMessages(event, change) : [],
});
/** It crosses no line: what can be sold does not become less, or becomes less by a decision. */
const moved = (change: string) => ofStock(['stock.changed'], change);
/** An early warning and an empty shelf can come of it. */
const taken = (change: string) => ofStock(['stock.changed', 'stock.low', 'stock.out'], change);

/** Of what a count has settled, the count tells: between the two, pieces look free that may be gone. */
const rejected = {
  ...moved('change_rejected'),
  messages: (event: EventOf<'StockChangeRejected'>, audience: Audience) =>
    event.data.rejectedBy === undefined ? [] : moved('change_rejected').messages(event, audience),
};

const ofOrder = <const Types extends readonly MessageType[]>(...types: Types) => ({
  types,
  messages: (event: AnnouncedOrderEvent, { warehouses }: Audience) => orderMessages(event, warehouses),
});

const ofShipment = <const Types extends readonly MessageType[]>(...types: Types) => ({
  types,
  messages: (event: ShipmentEvent, { warehouses }: Audience) =>
    covers(warehouses, event.data.warehouseId) ? shipmentMessages(event) : [],
});

const ofInbound = (change: Parameters<typeof inboundMessages>[1]) => ({
  types: ['inbound.updated'] as const,
  messages: (event: InboundEvent, { warehouses }: Audience) =>
    covers(warehouses, event.data.warehouseId) ? inboundMessages(event, change) : [],
});

/** Only an administrator's endpoint listens to it (src/http/routes/webhookEndpoints.ts). */
const alertMessage = ({
  alertId,
  rule,
  caller,
  requestId,
  limit,
  windowSeconds,
}: AlertRaised['data']): WebhookMessage => ({
  type: 'security.alert',
  data: {
    alertId,
    rule,
    ...(caller === undefined ? {} : { caller: { subject: caller.subject, client: caller.client } }),
    requestId,
    limit,
    windowSeconds,
  },
});

/** Every event there is; `null`: it says nothing to partners. A new event does not compile until it stands here. */
const announcements = {
  StockRegistered: moved('registered'),
  StockReceived: moved('received'),
  StockAdjusted: taken('adjusted'),
  StockCounted: taken('counted'),
  StockReserved: taken('reserved'),
  StockReservationReleased: moved('reservation_released'),
  StockReservationExpired: moved('reservation_expired'),
  StockReservationLapsed: moved('reservation_lapsed'),
  StockReservationTakenOver: moved('reservation_taken_over'),
  StockShipped: taken('shipped'),
  StockDeparted: taken('departed'),
  StockDispatchVoided: moved('dispatch_voided'),
  StockDiscrepancyRecorded: moved('discrepancy'),
  StockQuarantined: taken('quarantined'),
  StockQuarantineReleased: moved('quarantine_released'),
  StockQuarantineReduced: moved('quarantine_reduced'),
  StockChangeProposed: taken('change_proposed'),
  StockChangeRejected: rejected,
  StockPolicySet: moved('policy_set'),
  StockRetired: moved('retired'),
  OrderPlaced: ofOrder('order.placed'),
  OrderAllocated: ofOrder('order.allocated'),
  OrderBackordered: ofOrder('order.backordered'),
  OrderLinesChanged: ofOrder('order.changed'),
  OrderCancelled: ofOrder('order.cancelled'),
  OrderRemainderCancelled: ofOrder('order.cancelled'),
  OrderShipmentDispatched: ofOrder('order.shipped'),
  OrderShipmentDelivered: ofOrder('order.delivered'),
  ShipmentDispatched: ofShipment('shipment.updated'),
  ShipmentCorrected: ofShipment('shipment.updated'),
  ShipmentVoided: ofShipment('shipment.updated'),
  VoidedShipmentReported: ofShipment('shipment.exception'),
  ParcelTracked: ofShipment('shipment.updated', 'shipment.exception'),
  ShipmentDelivered: ofShipment('shipment.updated'),
  WebhookTestRequested: {
    types: ['webhook.test'],
    messages: ({ data }: EventOf<'WebhookTestRequested'>, { endpointId }: Audience) =>
      data.endpointId === endpointId ? [{ type: 'webhook.test', data: { endpointId } }] : [],
  },
  AlertRaised: {
    types: ['security.alert'],
    messages: ({ data }: EventOf<'AlertRaised'>, { warehouses }: Audience) =>
      warehouses === 'all' ? [alertMessage(data)] : [],
  },
  StockExpected: moved('expected'),
  StockArrived: moved('arrived'),
  InboundAnnounced: ofInbound('announced'),
  InboundChanged: ofInbound('changed'),
  InboundReceived: ofInbound('received'),
  InboundCancelled: ofInbound('cancelled'),
  OrderFillPromised: null,
  ApiKeyIssued: null,
  ApiKeyRevoked: null,
  // The event after it in the same append has the figures to tell; between the two, pieces look free that are gone.
  StockChangeApproved: null,
  ItemDefined: null,
  OrderAbandoned: null,
  OrderAddressCorrected: null,
  OrderHoldsExcluded: null,
  OrderPartsReserved: null,
  OrderAllocationLapsed: null,
  OrderAllocationReduced: null,
  OrderExceptionRaised: null,
  OrderExceptionResolved: null,
  OrderHeld: null,
  OrderNumberTaken: null,
  OrderNumbered: null,
  OrderReleased: null,
  OrderShipmentCorrected: null,
  OrderShipmentTurnedBack: null,
  OrderShipmentVoided: null,
  OrderSourcesReleased: null,
  ShipmentTurnedBack: null,
  WarehouseDefined: null,
  WarehouseSourcingSet: null,
  WebhookEndpointCreated: null,
  WebhookEndpointDeleted: null,
  WebhookEndpointDisabled: null,
  WebhookEndpointScopeNarrowed: null,
  StockTransferReserved: taken('transfer_reserved'),
  StockTransferDeclined: null,
  StockTransferredOut: taken('transferred_out'),
  StockTransferredIn: moved('transferred_in'),
  TransferPlanned: null,
  TransferLineClaimed: null,
  TransferClaimDeclined: null,
  TransferClaimReturned: null,
  TransferDispatched: null,
  TransferReceived: null,
  TransferPiecesLost: null,
  TransferCancelled: null,
  StockReturned: moved('returned'),
  ReturnReceived: {
    types: ['return.received'],
    messages: ({ data }: ReturnReceived, { warehouses }: Audience) =>
      covers(warehouses, data.warehouseId) ? [returnMessage(data)] : [],
  },
  ReturnRequested: null,
  ReturnCancelled: null,
  OrderReturnRequested: null,
  OrderReturnReceived: null,
  OrderReturnCancelled: null,
  TrackingLinkMade: null,
  TrackingLinkRevoked: null,
} as const satisfies { readonly [Type in LedgerEventType]: Announcement<EventOf<Type>> | null };

export type Announced = NonNullable<(typeof announcements)[LedgerEventType]>['types'][number];

export const announcementOf = (eventType: string): Announcement<LedgerEvent> | null =>
  (announcements as { readonly [type: string]: Announcement<LedgerEvent> | null })[eventType] ?? null;

/** The event types that a planner has to read. */
export const announcedTypes: readonly string[] = Object.keys(announcements).filter(
  (type) => announcementOf(type) !== null,
);
