/** One order of three chairs (line 1) and two lamps (line 2), and what may happen to it. */
import type { Allocation, OrderEvent, ShippedLine } from '../../src/domain/order/events.ts';
import { sampleOrder } from '../support/samples.ts';

export const orderId = 'order1';
export const placed: OrderEvent = { type: 'OrderPlaced', data: sampleOrder() };

export const chairs: Allocation = { lineId: '1', sku: 'CHAIR', warehouseId: 'BER', reservationId: 'r1', quantity: 3 };
export const lamps: Allocation = { lineId: '2', sku: 'LAMP', warehouseId: 'PAR', reservationId: 'r2', quantity: 2 };

export const allocated = (...allocations: readonly Allocation[]): OrderEvent => ({
  type: 'OrderAllocated',
  data: { orderId, allocations, backordered: [] },
});
export const backordered: OrderEvent = { type: 'OrderBackordered', data: { orderId, backordered: [] } };
export const lapsed = (reservationId: string): OrderEvent => ({
  type: 'OrderAllocationLapsed',
  data: { orderId, reservationId },
});
export const held: OrderEvent = { type: 'OrderHeld', data: { orderId, reason: 'check' } };
export const released: OrderEvent = { type: 'OrderReleased', data: { orderId, reason: 'checked' } };
export const cancelled = (...gone: readonly Allocation[]): OrderEvent => ({
  type: 'OrderCancelled',
  data: { orderId, reason: 'changed mind', released: gone },
});
export const dispatched = (shipmentId: string, from: Allocation, quantity = from.quantity): OrderEvent => {
  const { lineId, sku, reservationId, warehouseId } = from;
  const lines: readonly ShippedLine[] = [{ lineId, sku, reservationId, quantity }];
  return {
    type: 'OrderShipmentDispatched',
    data: {
      orderId,
      shipmentId,
      warehouseId,
      carrier: 'parcelco',
      trackingNumber: `T${shipmentId}`,
      lines,
      parcels: [],
    },
  };
};
export const delivered = (shipmentId: string): OrderEvent => ({
  type: 'OrderShipmentDelivered',
  data: { orderId, shipmentId },
});
export const turnedBack = (shipmentId: string): OrderEvent => ({
  type: 'OrderShipmentTurnedBack',
  data: { orderId, shipmentId },
});
export const troubled: OrderEvent = { type: 'OrderExceptionRaised', data: { orderId, code: 'X', detail: 'look' } };
