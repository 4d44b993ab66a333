/** Which field of an order's events is personal, and the version that each event is written in. */
import type { FieldClasses } from '../message.ts';
import type { OrderEvent } from './events.ts';

export const orderFields: FieldClasses<OrderEvent> = {
  OrderPlaced: {
    orderId: 'public',
    customerId: 'public',
    contact: 'pii',
    shipTo: 'pii',
    lines: 'public',
    sourcing: 'public',
    preferredWarehouseId: 'public',
    destinationCountry: 'public',
    allowSplit: 'public',
    allowBackorder: 'public',
    placedBy: 'public',
    placedAt: 'public',
  },
  OrderNumbered: { orderId: 'public', orderNumber: 'public' },
  OrderAbandoned: { orderId: 'public' },
  OrderAddressCorrected: { orderId: 'public', shipTo: 'pii', destinationCountry: 'public' },
  OrderAllocated: { orderId: 'public', allocations: 'public', backordered: 'public' },
  OrderBackordered: { orderId: 'public', backordered: 'public' },
  OrderAllocationLapsed: { orderId: 'public', reservationId: 'public' },
  OrderHeld: { orderId: 'public', reason: 'public', note: 'pii' },
  OrderReleased: { orderId: 'public', reason: 'public', note: 'pii' },
  OrderCancelled: { orderId: 'public', reason: 'public', note: 'pii', released: 'public' },
  OrderShipmentDispatched: {
    orderId: 'public',
    shipmentId: 'public',
    warehouseId: 'public',
    carrier: 'public',
    trackingNumber: 'public',
    lines: 'public',
    parcels: 'public',
  },
  OrderShipmentDelivered: { orderId: 'public', shipmentId: 'public' },
  OrderShipmentTurnedBack: { orderId: 'public', shipmentId: 'public' },
  OrderExceptionRaised: { orderId: 'public', code: 'public', detail: 'public' },
};

export const orderVersions: { readonly [Type in OrderEvent['type']]: number } = {
  OrderPlaced: 1,
  OrderNumbered: 1,
  OrderAbandoned: 1,
  OrderAddressCorrected: 1,
  OrderAllocated: 1,
  OrderBackordered: 1,
  OrderAllocationLapsed: 1,
  OrderHeld: 1,
  OrderReleased: 1,
  OrderCancelled: 1,
  OrderShipmentDispatched: 1,
  OrderShipmentDelivered: 1,
  OrderShipmentTurnedBack: 1,
  OrderExceptionRaised: 1,
};
