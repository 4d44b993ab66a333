/** Policies: what an event asks for. Pure; who carries the reactions out derives their command ids from the event. */
import type { RecordedEvent } from '../../eventsourcing/message.ts';
import type { LedgerEvent, LedgerEventType } from '../events.ts';
import type { OrderCommand } from '../order/commands.ts';
import type { OrderCancelled, OrderRemainderCancelled } from '../order/events.ts';
import type { Allocation } from '../order/shapes.ts';
import { voidedReported } from '../order/standing.ts';
import { labelOf } from '../shipment/parcel.ts';
import type {
  StockAdjusted,
  StockChangeApproved,
  StockChangeRejected,
  StockCounted,
  StockReservationExpired,
  StockReservationLapsed,
  StockReservationReleased,
} from '../stock/events.ts';
import { orderStream, shipmentStream } from '../values.ts';
import type { Reaction } from './reaction.ts';

const releaseAll = (released: readonly Allocation[], reason: string): readonly Reaction[] =>
  released.map(({ warehouseId, sku, reservationId, quantity }) => ({
    type: 'ReleaseReservation',
    warehouseId,
    sku,
    reservationId,
    quantity,
    reason,
  }));

const tellOrder = (orderId: string, name: string, command: OrderCommand): Reaction => ({
  type: 'Tell',
  to: 'order',
  stream: orderStream(orderId),
  command,
  name: `follow/${name}`,
});

const serveSku = ({ data }: { readonly data: { readonly sku: string } }): readonly Reaction[] => [
  { type: 'AllocateWaitingOrders', sku: data.sku },
];
const serveMore = (event: StockAdjusted | StockCounted): readonly Reaction[] =>
  event.data.delta > 0 ? serveSku(event) : [];

const serveFreed = (event: StockChangeApproved | StockChangeRejected): readonly Reaction[] =>
  event.data.freed > 0 ? serveSku(event) : [];

const look = ({ data }: { readonly data: { readonly orderId: string } }): readonly Reaction[] => [
  { type: 'AllocateOrder', orderId: data.orderId },
];
const lookAfterLoss = ({ data }: { readonly data: { readonly orderId: string } }): readonly Reaction[] => [
  { type: 'AllocateOrder', orderId: data.orderId, afterLoss: true },
];

/** What people hold for it is let go as well. */
const letGo = (event: OrderCancelled | OrderRemainderCancelled): readonly Reaction[] => [
  ...releaseAll(event.data.released, 'order_cancelled'),
  ...look(event),
];

/** An order that counts on a reservation which is gone would ship what others were promised. */
const lapseOf = (
  event: StockReservationExpired | StockReservationReleased | StockReservationLapsed,
): readonly Reaction[] => {
  const { orderId, warehouseId, sku, reservationId } = event.data;
  return orderId === undefined ? [] : [{ type: 'LapseAllocation', orderId, warehouseId, sku, reservationId }];
};
const lapseAndServe = (event: StockReservationExpired | StockReservationReleased): readonly Reaction[] => [
  ...lapseOf(event),
  ...serveSku(event),
];

type Recorded<Type extends LedgerEventType> = Extract<LedgerEvent, { readonly type: Type }> & {
  readonly revision: number;
  readonly occurredAt: string;
};

/**
 * What each event asks for, in this order. `null`: nothing; a new event does not compile until it stands here. Command ids
 * are derived from the event and a name, so names differ within an event.
 */
const reactions: {
  readonly [Type in LedgerEventType]: ((event: Recorded<Type>) => readonly Reaction[]) | null;
} = {
  OrderPlaced: look,
  OrderAllocated: (event) => (event.data.backordered.length > 0 ? look(event) : []),
  // Stock may have come between the plan and its record: look once more.
  OrderBackordered: look,
  // Nothing is reserved for an order on hold, so it is looked at now.
  OrderReleased: look,
  OrderAllocationLapsed: lookAfterLoss,
  OrderAllocationReduced: lookAfterLoss,
  OrderSourcesReleased: ({ data }) => releaseAll(data.released, 'not_needed'),
  OrderCancelled: letGo,
  OrderRemainderCancelled: letGo,
  OrderShipmentDispatched: ({ data }) => {
    const { orderId, shipmentId, warehouseId, lines } = data;
    const command = { type: 'RecordDispatch', shipment: data } as const;
    return [
      { type: 'Tell', to: 'shipment', stream: shipmentStream(shipmentId), command, name: 'follow/dispatch' },
      ...lines.map((line): Reaction => ({ type: 'ShipReserved', orderId, warehouseId, shipmentId, ...line })),
    ];
  },
  OrderShipmentVoided: (event) => [{ type: 'BookBack', voided: event.data }, ...lookAfterLoss(event)],
  ShipmentCorrected: ({ data, revision }) => {
    const { orderId, shipmentId } = data;
    const correction = { shipmentId, shipmentRevision: revision, label: labelOf(data) };
    return [tellOrder(orderId, 'correction', { type: 'RecordCorrection', ...correction })];
  },
  ShipmentVoided: ({ data: { orderId, shipmentId } }) => [
    tellOrder(orderId, 'void', { type: 'RecordVoid', shipmentId }),
  ],
  ShipmentDelivered: ({ data: { orderId, shipmentId } }) => [
    tellOrder(orderId, 'delivery', { type: 'RecordDelivery', shipmentId }),
  ],
  ShipmentTurnedBack: ({ data: { orderId, shipmentId } }) => [
    tellOrder(orderId, 'turn-back', { type: 'RecordTurnBack', shipmentId }),
  ],
  VoidedShipmentReported: ({ data: { orderId, shipmentId, parcelId, status } }) => {
    const detail = `Shipment ${shipmentId} was voided, and a courier says that parcel ${parcelId} is ${status}.`;
    return [tellOrder(orderId, 'exception', { type: 'RaiseException', code: voidedReported, detail })];
  },
  StockReserved: ({ data: { orderId, warehouseId, sku, reservationId } }) =>
    orderId === undefined ? [] : [{ type: 'ReleaseUncounted', orderId, warehouseId, sku, reservationId }],
  StockReservationTakenOver: ({ data: { orderId, warehouseId, sku, reservationId, fromReservationId } }) => {
    if (orderId === undefined) return [];
    const at = { orderId, warehouseId, sku };
    return [
      { type: 'ReleaseUncounted', ...at, reservationId },
      // Another process may have given it to the order a moment before it was passed on.
      { type: 'LapseAllocation', ...at, reservationId: fromReservationId },
    ];
  },
  StockReservationExpired: lapseAndServe,
  StockReservationReleased: lapseAndServe,
  // The pieces are gone: there is nothing to offer to others.
  StockReservationLapsed: lapseOf,
  StockAdjusted: serveMore,
  StockCounted: serveMore,
  StockRegistered: (event) => (event.data.onHand > 0 ? serveSku(event) : []),
  StockReceived: serveSku,
  StockDispatchVoided: serveSku,
  StockQuarantineReleased: serveSku,
  // What was held is free again. Of what is gone with an approval, the events after it tell.
  StockChangeApproved: serveFreed,
  StockChangeRejected: serveFreed,
  // A lower safety stock sets pieces free; a higher one finds nothing to allocate.
  StockPolicySet: serveSku,
  WarehouseSourcingSet: ({ data }) => (data.sourcing === 'open' ? [{ type: 'AllocateAllWaitingOrders' }] : []),
  ItemDefined: null,
  OrderAbandoned: null,
  OrderAddressCorrected: null,
  OrderExceptionRaised: null,
  OrderExceptionResolved: null,
  OrderHeld: null,
  OrderHoldsExcluded: null,
  OrderNumberTaken: null,
  OrderNumbered: null,
  OrderPartsReserved: null,
  OrderShipmentCorrected: null,
  OrderShipmentDelivered: null,
  OrderShipmentTurnedBack: null,
  ParcelTracked: null,
  ShipmentDispatched: null,
  StockChangeProposed: null,
  StockDeparted: null,
  StockDiscrepancyRecorded: null,
  StockQuarantineReduced: null,
  StockQuarantined: null,
  StockRetired: null,
  StockShipped: null,
  WarehouseDefined: null,
  WebhookEndpointCreated: null,
  WebhookEndpointDeleted: null,
  WebhookEndpointDisabled: null,
  WebhookEndpointScopeNarrowed: null,
  AlertRaised: null,
  ApiKeyIssued: null,
  ApiKeyRevoked: null,
  WebhookTestRequested: null,
};

type Asked = Pick<RecordedEvent, 'type' | 'data' | 'revision' | 'occurredAt'>;
type React = (event: Asked) => readonly Reaction[];

const reactionOf = (type: string): React | null =>
  (reactions as { readonly [type: string]: React | null })[type] ?? null;

/** Events that ask for something. */
export const reactionTypes: readonly string[] = Object.keys(reactions).filter((type) => reactionOf(type) !== null);

export const reactTo = (event: Asked): readonly Reaction[] => reactionOf(event.type)?.(event) ?? [];
