/**
 * Each order as it is asked for. The document carries the domain's own fold (`evolveOrder`) and works the rest out from
 * it, so that what is read and what is decided can't drift apart.
 */
import type { OrderShipmentCorrected, OrderShipmentDispatched } from '../../domain/order/shapes.ts';
import { evolveOrder, type OrderShipment, type PlacedOrder } from '../../domain/order/state.ts';
import { labelOf } from '../../domain/shipment/parcel.ts';
import type { Projection, Recorded } from '../../eventsourcing/projecting/projection.ts';
import { distinct, type Kept, keepMore, type ShownOrderEvent } from './kept.ts';
import { lineViews, type OrderLineView, type OrderStatus, orderStatus } from './status.ts';

export interface OrderShipmentView extends OrderShipment {
  readonly carrier?: string;
  readonly trackingNumber?: string;
  /** Of its parcels that have one of their own. */
  readonly parcelNumbers: readonly string[];
}

export interface OrderDocument extends PlacedOrder, Kept {
  readonly lines: readonly OrderLineView[];
  readonly shipments: readonly OrderShipmentView[];
  /** Of its shipments and their parcels, whatever became of them; a number that was corrected no longer. */
  readonly trackingNumbers: readonly string[];
  readonly status: OrderStatus;
  /** SKUs that lack a source although the order was planned, and `anySku` if there is one: new stock finds it by them. */
  readonly waitingSkus: readonly string[];
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
  /** When it was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

const trackingNumbersIn = (shipments: readonly OrderShipmentView[]): readonly string[] =>
  distinct(shipments.flatMap(({ trackingNumber, parcelNumbers }) => [trackingNumber ?? [], parcelNumbers].flat()));

/** Stands for all SKUs, of which none can be called so: whether anybody waits at all is one lookup. */
export const anySku = '*';

const waitingIn = (lines: readonly OrderLineView[]): readonly string[] => {
  const skus = distinct(lines.filter(({ backordered }) => backordered > 0).map(({ sku }) => sku));
  return skus.length === 0 ? skus : [anySku, ...skus];
};

type Courier = Pick<OrderShipmentView, 'shipmentId' | 'carrier' | 'trackingNumber' | 'parcelNumbers'>;

const courierOf = ({ data }: OrderShipmentDispatched | OrderShipmentCorrected): Courier => {
  const { parcels, ...label } = labelOf(data);
  return { shipmentId: data.shipmentId, ...label, parcelNumbers: parcels.map(({ trackingNumber }) => trackingNumber) };
};

const couriersAfter = (couriers: readonly Courier[], event: ShownOrderEvent): readonly Courier[] => {
  if (event.type === 'OrderShipmentDispatched') return [...couriers, courierOf(event)];
  if (event.type !== 'OrderShipmentCorrected') return couriers;
  const corrected = courierOf(event);
  return couriers.map((courier) => (courier.shipmentId === corrected.shipmentId ? corrected : courier));
};

const shipmentViews = (order: PlacedOrder, couriers: readonly Courier[]): readonly OrderShipmentView[] =>
  couriers.flatMap(({ shipmentId, carrier, trackingNumber, parcelNumbers }) => {
    const shipment = order.shipments.find((each) => each.shipmentId === shipmentId);
    if (shipment === undefined) return [];
    return {
      ...shipment,
      ...(carrier === undefined ? {} : { carrier }),
      ...(trackingNumber === undefined ? {} : { trackingNumber }),
      parcelNumbers,
    };
  });

const viewOf = (
  order: PlacedOrder,
  kept: Kept,
  couriers: readonly Courier[],
  { revision, recordedAt }: Recorded<ShownOrderEvent>,
): OrderDocument => {
  const lines = lineViews(order);
  const shipments = shipmentViews(order, couriers);
  return {
    ...order,
    ...kept,
    lines,
    shipments,
    trackingNumbers: trackingNumbersIn(shipments),
    status: orderStatus(order),
    waitingSkus: waitingIn(lines),
    revision,
    updatedAt: recordedAt,
  };
};

const apply = (document: OrderDocument | null, event: Recorded<ShownOrderEvent>): OrderDocument | null => {
  const order = evolveOrder(document ?? { phase: 'absent' }, event);
  if (order.phase === 'absent') return null;
  if (event.type === 'OrderPlaced') {
    const { contact } = event.data;
    return viewOf(order, { contact, exceptions: [], warehouseIds: [] }, [], event);
  }
  if (document === null) return null;
  const { contact, cancelReason, exceptions, warehouseIds, shipments } = document;
  const before = {
    contact,
    exceptions,
    warehouseIds,
    ...(cancelReason === undefined ? {} : { cancelReason }),
  };
  return viewOf(order, keepMore(before, event), couriersAfter(shipments, event), event);
};

export const orders: Projection<OrderDocument, ShownOrderEvent> = {
  name: 'orders_v2',
  handles: [
    'OrderPlaced',
    'OrderNumbered',
    'OrderHoldsExcluded',
    'OrderPartsReserved',
    'OrderAddressCorrected',
    'OrderLinesChanged',
    'OrderAllocated',
    'OrderBackordered',
    'OrderAllocationLapsed',
    'OrderAllocationReduced',
    'OrderSourcesReleased',
    'OrderHeld',
    'OrderReleased',
    'OrderCancelled',
    'OrderRemainderCancelled',
    'OrderShipmentDispatched',
    'OrderShipmentCorrected',
    'OrderShipmentVoided',
    'OrderShipmentDelivered',
    'OrderShipmentTurnedBack',
    'OrderExceptionRaised',
    'OrderExceptionResolved',
    'OrderReturnRequested',
    'OrderReturnReceived',
    'OrderReturnCancelled',
    'OrderFillPromised',
  ],
  indexes: [['customerId'], ['customerId', 'status'], ['orderNumber'], ['status'], []].map((by) => [...by, 'placedAt']),
  lists: ['warehouseIds', 'trackingNumbers', 'waitingSkus'],
  idsOf: ({ data }) => [data.orderId],
  apply,
};
