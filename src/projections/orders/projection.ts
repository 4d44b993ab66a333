/**
 * Each order as it is asked for. The document carries the domain's own fold (`evolveOrder`) and works the rest out from
 * it, so that what is read and what is decided can't drift apart.
 */
import type { Sealed } from '../../domain/message.ts';
import type { OrderAbandoned, OrderEvent, OrderShipmentDispatched } from '../../domain/order/events.ts';
import { evolveOrder, type OrderShipment, type PlacedOrder } from '../../domain/order/state.ts';
import type { Projection, Recorded } from '../projection.ts';
import { lineViews, type OrderLineView } from './lines.ts';
import { type OrderStatus, orderStatus } from './status.ts';

export interface OrderShipmentView extends OrderShipment {
  readonly carrier: string;
  readonly trackingNumber: string;
}

export interface OrderException {
  readonly code: string;
  readonly detail: string;
  /** When it was recorded, ISO 8601 UTC. */
  readonly at: string;
}

/** What the domain does not keep, because no decision needs it. */
interface Kept {
  /** `{ name, email, phone? }` */
  readonly contact: Sealed;
  readonly cancelReason?: string;
  readonly exceptions: readonly OrderException[];
  /** Of its shipments and their parcels, whatever became of them. */
  readonly trackingNumbers: readonly string[];
  /** Warehouses that have or had an allocation, and so all that ship: who may see it. */
  readonly warehouseIds: readonly string[];
}

export interface OrderDocument extends PlacedOrder, Kept {
  readonly lines: readonly OrderLineView[];
  readonly shipments: readonly OrderShipmentView[];
  readonly status: OrderStatus;
  /** SKUs that lack a source although the order was planned, and `anySku` if there is one: new stock finds it by them. */
  readonly waitingSkus: readonly string[];
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
  /** When it was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

/** What was never placed is no order to show. */
export type ShownOrderEvent = Exclude<OrderEvent, OrderAbandoned>;

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

const warehousesIn = (allocations: readonly { readonly warehouseId: string }[]): readonly string[] =>
  allocations.map(({ warehouseId }) => warehouseId);

const trackingNumbersIn = ({ trackingNumber, parcels }: OrderShipmentDispatched['data']): readonly string[] => [
  trackingNumber,
  ...parcels.flatMap((parcel) => parcel.trackingNumber ?? []),
];

const keepMore = (kept: Kept, event: Recorded<ShownOrderEvent>): Kept => {
  const withWarehouses = (added: readonly string[]): Kept => ({
    ...kept,
    warehouseIds: distinct([...kept.warehouseIds, ...added]),
  });
  switch (event.type) {
    case 'OrderShipmentDispatched':
      return { ...kept, trackingNumbers: distinct([...kept.trackingNumbers, ...trackingNumbersIn(event.data)]) };
    case 'OrderAllocated':
      return withWarehouses(warehousesIn(event.data.allocations));
    case 'OrderCancelled':
      // An order that may not wait is cancelled with what was reserved for it, which it never had as an allocation.
      return { ...withWarehouses(warehousesIn(event.data.released)), cancelReason: event.data.reason };
    case 'OrderExceptionRaised': {
      const { code, detail } = event.data;
      return { ...kept, exceptions: [...kept.exceptions, { code, detail, at: event.recordedAt }] };
    }
    default:
      return kept;
  }
};

/** Stands for all SKUs, of which none can be called so: whether anybody waits at all is one lookup. */
export const anySku = '*';

const waitingIn = (lines: readonly OrderLineView[]): readonly string[] => {
  const skus = distinct(lines.filter(({ backordered }) => backordered > 0).map(({ sku }) => sku));
  return skus.length === 0 ? skus : [anySku, ...skus];
};

type Courier = Pick<OrderShipmentView, 'shipmentId' | 'carrier' | 'trackingNumber'>;

const shipmentViews = (order: PlacedOrder, couriers: readonly Courier[]): readonly OrderShipmentView[] =>
  couriers.flatMap(({ shipmentId, carrier, trackingNumber }) => {
    const shipment = order.shipments.find((each) => each.shipmentId === shipmentId);
    return shipment === undefined ? [] : [{ ...shipment, carrier, trackingNumber }];
  });

const viewOf = (
  order: PlacedOrder,
  kept: Kept,
  couriers: readonly Courier[],
  { revision, recordedAt }: Recorded<ShownOrderEvent>,
): OrderDocument => {
  const lines = lineViews(order);
  return {
    ...order,
    ...kept,
    lines,
    shipments: shipmentViews(order, couriers),
    status: orderStatus(order, kept.exceptions.length > 0),
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
    return viewOf(order, { contact, exceptions: [], trackingNumbers: [], warehouseIds: [] }, [], event);
  }
  if (document === null) return null;
  const { contact, cancelReason, exceptions, trackingNumbers, warehouseIds, shipments } = document;
  const before = {
    contact,
    exceptions,
    trackingNumbers,
    warehouseIds,
    ...(cancelReason === undefined ? {} : { cancelReason }),
  };
  const couriers = event.type === 'OrderShipmentDispatched' ? [...shipments, event.data] : shipments;
  return viewOf(order, keepMore(before, event), couriers, event);
};

export const orders: Projection<OrderDocument, ShownOrderEvent> = {
  name: 'orders_v2',
  handles: [
    'OrderPlaced',
    'OrderNumbered',
    'OrderAddressCorrected',
    'OrderAllocated',
    'OrderBackordered',
    'OrderAllocationLapsed',
    'OrderHeld',
    'OrderReleased',
    'OrderCancelled',
    'OrderShipmentDispatched',
    'OrderShipmentDelivered',
    'OrderShipmentTurnedBack',
    'OrderExceptionRaised',
  ],
  indexes: [['customerId', 'placedAt'], ['orderNumber', 'placedAt'], ['status', 'placedAt'], ['placedAt']],
  lists: ['warehouseIds', 'trackingNumbers', 'waitingSkus'],
  idsOf: ({ data }) => [data.orderId],
  apply,
};
