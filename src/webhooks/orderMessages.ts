/**
 * `order.*`. An endpoint that is limited to warehouses hears of an order only what concerns those warehouses: their
 * allocations and their shipments. What names no warehouse goes to endpoints without a limit alone.
 */
import type {
  OrderAllocated,
  OrderBackordered,
  OrderCancelled,
  OrderLinesChanged,
  OrderPlaced,
  OrderRemainderCancelled,
} from '../domain/order/events.ts';
import type {
  Allocation,
  LineQuantity,
  OrderShipmentDelivered,
  OrderShipmentDispatched,
} from '../domain/order/shapes.ts';
import { unreachable } from '../eventsourcing/message.ts';
import { covers, type WarehouseScope, type WebhookMessage } from './ports.ts';

export interface OrderPlacedData {
  readonly orderId: string;
  readonly lines: readonly (LineQuantity & { readonly sku: string })[];
}
export interface OrderAllocatedData {
  readonly orderId: string;
  readonly allocations: readonly Allocation[];
  /** What no warehouse had; absent for an endpoint that is limited to warehouses. */
  readonly backordered?: readonly LineQuantity[];
}
export interface OrderBackorderedData {
  readonly orderId: string;
  readonly backordered: readonly LineQuantity[];
}
export interface OrderCancelledData {
  readonly orderId: string;
  readonly reason: string;
  /** What had been reserved and is free again. */
  readonly released: readonly Allocation[];
  /** Only where a part had left: what will not come. Absent for an endpoint that is limited to warehouses. */
  readonly cancelled?: readonly LineQuantity[];
}
export interface OrderChangedData {
  readonly orderId: string;
  readonly reason: string;
  /** Those that changed, as they are from now on. */
  readonly lines: readonly LineQuantity[];
}
export interface OrderShippedData {
  readonly orderId: string;
  readonly shipmentId: string;
  readonly warehouseId: string;
  /** Absent as long as it is not known: `shipment.updated` tells it later. */
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly lines: readonly (LineQuantity & { readonly sku: string })[];
}
/** One of the order's shipments has arrived; an order that was split tells it once for each. */
export interface OrderDeliveredData {
  readonly orderId: string;
  readonly shipmentId: string;
}

export type AnnouncedOrderEvent =
  | OrderPlaced
  | OrderAllocated
  | OrderBackordered
  | OrderLinesChanged
  | OrderCancelled
  | OrderRemainderCancelled
  | OrderShipmentDispatched
  | OrderShipmentDelivered;

const linesOf = (
  lines: readonly { readonly lineId: string; readonly sku: string; readonly quantity: number }[],
): OrderPlacedData['lines'] => lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity }));

const quantitiesOf = (lines: readonly LineQuantity[]): readonly LineQuantity[] =>
  lines.map(({ lineId, quantity }) => ({ lineId, quantity }));

const seenOf = (allocations: readonly Allocation[], warehouses: WarehouseScope): readonly Allocation[] =>
  allocations
    .filter(({ warehouseId }) => covers(warehouses, warehouseId))
    .map(({ lineId, sku, warehouseId, reservationId, quantity }) => ({
      lineId,
      sku,
      warehouseId,
      reservationId,
      quantity,
    }));

const allocated = ({ data }: OrderAllocated, warehouses: WarehouseScope): readonly WebhookMessage[] => {
  const { orderId } = data;
  const allocations = seenOf(data.allocations, warehouses);
  if (warehouses !== 'all' && allocations.length === 0) return [];
  const backordered = quantitiesOf(data.backordered);
  const told: OrderAllocatedData = { orderId, allocations, ...(warehouses === 'all' ? { backordered } : {}) };
  return [{ type: 'order.allocated', data: told }];
};

const cancelled = (
  { type, data }: OrderCancelled | OrderRemainderCancelled,
  warehouses: WarehouseScope,
): readonly WebhookMessage[] => {
  const released = seenOf(data.released, warehouses);
  if (warehouses !== 'all' && released.length === 0) return [];
  const rest =
    type === 'OrderRemainderCancelled' && warehouses === 'all' ? { cancelled: quantitiesOf(data.cancelled) } : {};
  const told: OrderCancelledData = { orderId: data.orderId, reason: data.reason, released, ...rest };
  return [{ type: 'order.cancelled', data: told }];
};

const shipped = ({ data }: OrderShipmentDispatched, warehouses: WarehouseScope): readonly WebhookMessage[] => {
  if (!covers(warehouses, data.warehouseId)) return [];
  const { orderId, shipmentId, warehouseId, carrier, trackingNumber } = data;
  const told: OrderShippedData = {
    orderId,
    shipmentId,
    warehouseId,
    ...(carrier === undefined ? {} : { carrier }),
    ...(trackingNumber === undefined ? {} : { trackingNumber }),
    lines: linesOf(data.lines),
  };
  return [{ type: 'order.shipped', data: told }];
};

const withoutWarehouse = (
  event: OrderPlaced | OrderBackordered | OrderLinesChanged | OrderShipmentDelivered,
): WebhookMessage => {
  const { orderId } = event.data;
  switch (event.type) {
    case 'OrderPlaced': {
      const told: OrderPlacedData = { orderId, lines: linesOf(event.data.lines) };
      return { type: 'order.placed', data: told };
    }
    case 'OrderBackordered': {
      const told: OrderBackorderedData = { orderId, backordered: quantitiesOf(event.data.backordered) };
      return { type: 'order.backordered', data: told };
    }
    case 'OrderLinesChanged': {
      const told: OrderChangedData = { orderId, reason: event.data.reason, lines: quantitiesOf(event.data.lines) };
      return { type: 'order.changed', data: told };
    }
    case 'OrderShipmentDelivered': {
      const told: OrderDeliveredData = { orderId, shipmentId: event.data.shipmentId };
      return { type: 'order.delivered', data: told };
    }
    default:
      return unreachable(event);
  }
};

export const orderMessages = (event: AnnouncedOrderEvent, warehouses: WarehouseScope): readonly WebhookMessage[] => {
  switch (event.type) {
    case 'OrderAllocated':
      return allocated(event, warehouses);
    case 'OrderCancelled':
    case 'OrderRemainderCancelled':
      return cancelled(event, warehouses);
    case 'OrderShipmentDispatched':
      return shipped(event, warehouses);
    case 'OrderPlaced':
    case 'OrderBackordered':
    case 'OrderLinesChanged':
    case 'OrderShipmentDelivered':
      return warehouses === 'all' ? [withoutWarehouse(event)] : [];
    default:
      return unreachable(event);
  }
};
