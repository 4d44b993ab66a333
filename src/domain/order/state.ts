import { type Sealed, unreachable } from '../message.ts';
import type {
  Allocation,
  LineQuantity,
  OrderEvent,
  OrderLine,
  OrderPlaced,
  ShippedLine,
  SourcingStrategy,
} from './events.ts';

export interface OpenAllocation extends Allocation {
  /** How much of the reservation has left the building. */
  readonly shipped: number;
}

export interface OrderShipment {
  readonly shipmentId: string;
  readonly warehouseId: string;
  readonly lines: readonly ShippedLine[];
  /** Revision of the shipment's stream in which its label was set last. */
  readonly labelRevision: number;
  readonly delivered: boolean;
  /** A parcel of it went back to the sender; then it is not delivered, whatever was said before. */
  readonly turnedBack: boolean;
}

export interface PlacedOrder {
  /** `pending`: nothing planned yet. `open`: planned, in whole or in part. */
  readonly phase: 'pending' | 'open' | 'cancelled';
  readonly orderId: string;
  readonly customerId: string;
  /** The client that placed it. */
  readonly placedBy: string;
  /** The number that this client has given it. */
  readonly orderNumber: string | null;
  readonly lines: readonly OrderLine[];
  readonly sourcing: SourcingStrategy;
  readonly preferredWarehouseId: string | null;
  readonly destinationCountry: string;
  readonly shipTo: Sealed;
  readonly placedAt: string;
  readonly allowSplit: boolean;
  readonly allowBackorder: boolean;
  readonly held: boolean;
  readonly allocations: readonly OpenAllocation[];
  readonly shipments: readonly OrderShipment[];
}
/** `isAbandoned`: no order can be placed under this id any more. */
export type Order = { readonly phase: 'absent'; readonly isAbandoned?: true } | PlacedOrder;

const ship = (allocations: readonly OpenAllocation[], lines: readonly ShippedLine[]): readonly OpenAllocation[] =>
  allocations.map((allocation) => {
    const quantity = lines.find(({ reservationId }) => reservationId === allocation.reservationId)?.quantity ?? 0;
    return quantity === 0 ? allocation : { ...allocation, shipped: allocation.shipped + quantity };
  });

/** What had left of a lapsed reservation stays; the rest of it is gone, so that its line lacks a source again. */
const lapse = (allocations: readonly OpenAllocation[], reservationId: string): readonly OpenAllocation[] =>
  allocations.flatMap((allocation) => {
    if (allocation.reservationId !== reservationId) return [allocation];
    return allocation.shipped === 0 ? [] : [{ ...allocation, quantity: allocation.shipped }];
  });

const changeShipment = (order: PlacedOrder, shipmentId: string, change: Partial<OrderShipment>): PlacedOrder => ({
  ...order,
  shipments: order.shipments.map((shipment) =>
    shipment.shipmentId === shipmentId ? { ...shipment, ...change } : shipment,
  ),
});

const evolvePlaced = (order: PlacedOrder, event: Exclude<OrderEvent, OrderPlaced>): PlacedOrder => {
  switch (event.type) {
    case 'OrderNumbered':
      return { ...order, orderNumber: event.data.orderNumber };
    case 'OrderAbandoned':
      return order;
    case 'OrderAddressCorrected':
      return { ...order, shipTo: event.data.shipTo, destinationCountry: event.data.destinationCountry };
    case 'OrderAllocated': {
      const fresh = event.data.allocations.map((allocation) => ({ ...allocation, shipped: 0 }));
      return { ...order, phase: 'open', allocations: [...order.allocations, ...fresh] };
    }
    case 'OrderBackordered':
      return { ...order, phase: 'open' };
    case 'OrderAllocationLapsed':
      return { ...order, allocations: lapse(order.allocations, event.data.reservationId) };
    case 'OrderHeld':
      return { ...order, held: true };
    case 'OrderReleased':
      return { ...order, held: false };
    case 'OrderCancelled':
      return { ...order, phase: 'cancelled' };
    case 'OrderShipmentDispatched': {
      const { shipmentId, warehouseId, lines } = event.data;
      const shipment = { shipmentId, warehouseId, lines, labelRevision: 0, delivered: false, turnedBack: false };
      return { ...order, allocations: ship(order.allocations, lines), shipments: [...order.shipments, shipment] };
    }
    case 'OrderShipmentCorrected':
      return changeShipment(order, event.data.shipmentId, { labelRevision: event.data.shipmentRevision });
    case 'OrderShipmentDelivered':
      return changeShipment(order, event.data.shipmentId, { delivered: true });
    case 'OrderShipmentTurnedBack':
      return changeShipment(order, event.data.shipmentId, { delivered: false, turnedBack: true });
    case 'OrderExceptionRaised':
      return order;
    default:
      return unreachable(event);
  }
};

/** Total: history is already true. */
export const evolveOrder = (order: Order, event: OrderEvent): Order => {
  if (event.type === 'OrderPlaced') {
    const { orderId, customerId, placedBy, lines, sourcing, allowSplit, allowBackorder } = event.data;
    return {
      phase: 'pending',
      orderId,
      customerId,
      placedBy,
      orderNumber: null,
      lines,
      sourcing,
      preferredWarehouseId: event.data.preferredWarehouseId ?? null,
      destinationCountry: event.data.destinationCountry,
      shipTo: event.data.shipTo,
      placedAt: event.data.placedAt,
      allowSplit,
      allowBackorder,
      held: false,
      allocations: [],
      shipments: [],
    };
  }
  if (order.phase !== 'absent') return evolvePlaced(order, event);
  return event.type === 'OrderAbandoned' ? { phase: 'absent', isAbandoned: true } : order;
};

/** Per line: what has no source yet. Ordered = sourced + unsourced, always: it is worked out and never counted. */
export const unsourcedOf = (order: PlacedOrder): readonly LineQuantity[] => {
  if (order.phase === 'cancelled') return [];
  const sourced = new Map<string, number>();
  for (const { lineId, quantity } of order.allocations) sourced.set(lineId, (sourced.get(lineId) ?? 0) + quantity);
  return order.lines
    .map(({ lineId, quantity }) => ({ lineId, quantity: quantity - (sourced.get(lineId) ?? 0) }))
    .filter(({ quantity }) => quantity > 0);
};
