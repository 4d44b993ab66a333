/** What the events of orders and their shipments ask for. */
import type { OrderCommand } from '../order/commands.ts';
import type { OrderCancelled, OrderEvent, OrderRemainderCancelled } from '../order/events.ts';
import type { OrderReturnEvent } from '../order/returnEvents.ts';
import type { Allocation } from '../order/shapes.ts';
import { voidedReported } from '../order/standing.ts';
import type { ShipmentEvent } from '../shipment/events.ts';
import { labelOf } from '../shipment/parcel.ts';
import { orderStream, shipmentStream } from '../values.ts';
import type { Reaction, ReactionTable } from './reaction.ts';

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

const look = ({ data }: { readonly data: { readonly orderId: string } }): readonly Reaction[] => [
  { type: 'AllocateOrder', orderId: data.orderId },
];
const lookAfterLoss = ({ data }: { readonly data: { readonly orderId: string } }): readonly Reaction[] => [
  { type: 'AllocateOrder', orderId: data.orderId, afterLoss: true },
  { type: 'PromiseOrder', orderId: data.orderId, because: 'order_changed' },
];

/** It may wait for more now, or for less: then younger ones move up. */
const promise = (orderId: string, because: 'order_waits' | 'order_changed'): Reaction => ({
  type: 'PromiseOrder',
  orderId,
  because,
});

/** What people hold for it is let go as well. */
const letGo = (event: OrderCancelled | OrderRemainderCancelled): readonly Reaction[] => [
  ...releaseAll(event.data.released, 'order_cancelled'),
  ...look(event),
  promise(event.data.orderId, 'order_changed'),
];

export const orderReactions: ReactionTable<Exclude<OrderEvent, OrderReturnEvent>> = {
  OrderPlaced: look,
  OrderAllocated: (event) =>
    event.data.backordered.length > 0 ? [...look(event), promise(event.data.orderId, 'order_waits')] : [],
  // Stock may have come between the plan and its record: look once more.
  OrderBackordered: (event) => [...look(event), promise(event.data.orderId, 'order_waits')],
  // Nothing is reserved for an order on hold, so it is looked at now.
  OrderLinesChanged: (event) => [
    ...releaseAll(event.data.released, 'order_changed'),
    ...look(event),
    promise(event.data.orderId, 'order_changed'),
  ],
  OrderReleased: (event) => [...look(event), promise(event.data.orderId, 'order_changed')],
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
  OrderAbandoned: null,
  OrderAddressCorrected: null,
  OrderExceptionRaised: null,
  OrderExceptionResolved: null,
  OrderHeld: ({ data }) => [promise(data.orderId, 'order_changed')],
  OrderHoldsExcluded: null,
  OrderNumbered: null,
  OrderPartsReserved: null,
  OrderShipmentCorrected: null,
  OrderShipmentDelivered: null,
  OrderShipmentTurnedBack: null,
  OrderFillPromised: null,
};

export const shipmentReactions: ReactionTable<ShipmentEvent> = {
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
  ParcelTracked: null,
  ShipmentDispatched: null,
};
