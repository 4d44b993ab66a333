/** One order of three chairs (line 1) and two lamps (line 2), and what may happen to it. */
import type { Allocation, ShippedLine } from '../../src/domain/order/shapes.ts';
import type { ShownOrderEvent } from '../../src/projections/orders/kept.ts';
import { sampleOrder } from '../support/samples.ts';

export const orderId = 'order1';
export const placed: ShownOrderEvent = { type: 'OrderPlaced', data: sampleOrder() };

export const chairs: Allocation = { lineId: '1', sku: 'CHAIR', warehouseId: 'BER', reservationId: 'r1', quantity: 3 };
export const lamps: Allocation = { lineId: '2', sku: 'LAMP', warehouseId: 'PAR', reservationId: 'r2', quantity: 2 };

export const allocated = (...allocations: readonly Allocation[]): ShownOrderEvent => ({
  type: 'OrderAllocated',
  data: { orderId, allocations, backordered: [] },
});
export const backordered: ShownOrderEvent = { type: 'OrderBackordered', data: { orderId, backordered: [] } };
export const lapsed = (reservationId: string): ShownOrderEvent => ({
  type: 'OrderAllocationLapsed',
  data: { orderId, reservationId },
});
export const held: ShownOrderEvent = { type: 'OrderHeld', data: { orderId, reason: 'check' } };
export const released: ShownOrderEvent = { type: 'OrderReleased', data: { orderId, reason: 'checked' } };
export const cancelled = (...gone: readonly Allocation[]): ShownOrderEvent => ({
  type: 'OrderCancelled',
  data: { orderId, reason: 'changed mind', released: gone },
});
export const dispatched = (shipmentId: string, from: Allocation, quantity = from.quantity): ShownOrderEvent => {
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
export const delivered = (shipmentId: string): ShownOrderEvent => ({
  type: 'OrderShipmentDelivered',
  data: { orderId, shipmentId },
});
export const turnedBack = (shipmentId: string): ShownOrderEvent => ({
  type: 'OrderShipmentTurnedBack',
  data: { orderId, shipmentId },
});
export const troubled: ShownOrderEvent = { type: 'OrderExceptionRaised', data: { orderId, code: 'X', detail: 'look' } };
export const resolved: ShownOrderEvent = {
  type: 'OrderExceptionResolved',
  data: { orderId, codes: ['X'], reason: 'looked' },
};
export const returnAsked = (quantity: number): ShownOrderEvent => ({
  type: 'OrderReturnRequested',
  data: {
    orderId,
    returnId: 'b1',
    customerId: 'customer1',
    warehouseId: 'BER',
    lines: [{ lineId: '1', sku: 'CHAIR', quantity }],
    reason: 'unwanted',
  },
});
export const cameBack = (lineId: string, quantity: number): ShownOrderEvent => ({
  type: 'OrderReturnReceived',
  data: { orderId, returnId: 'b1', warehouseId: 'BER', lines: [{ lineId, quantity }] },
});
export const returnCalledOff = (quantity: number): ShownOrderEvent => ({
  type: 'OrderReturnCancelled',
  data: { orderId, returnId: 'b1', warehouseId: 'BER', lines: [{ lineId: '1', quantity }] },
});
export const restCancelled = (...gone: readonly Allocation[]): ShownOrderEvent => ({
  type: 'OrderRemainderCancelled',
  data: { orderId, reason: 'changed mind', cancelled: [{ lineId: '2', quantity: 2 }], released: gone },
});
