/** Shipments that never left, of which pieces have come back all the same; and returns of large orders (R1). */
import { expect, it } from 'vitest';
import { orderDecider } from '../../src/domain/order/decider.ts';
import type { OrderEvent } from '../../src/domain/order/events.ts';
import { returnedMore, returnLinesMax } from '../../src/domain/order/returns.ts';
import type { ShippedLine } from '../../src/domain/order/shapes.ts';
import { given } from '../support/deciderSpec.ts';
import { sampleOrder } from '../support/samples.ts';

const orderId = 'order1';
const chairLine = { lineId: '1', sku: 'CHAIR', quantity: 3, priceMinor: 100, currency: 'EUR' };
const placed: OrderEvent = { type: 'OrderPlaced', data: sampleOrder({ lines: [chairLine] }) };
const shipped = (shipmentId: string, quantity: number): OrderEvent => ({
  type: 'OrderShipmentDispatched',
  data: { orderId, shipmentId, warehouseId: 'BER', lines: [chairsOf(shipmentId, quantity)], parcels: [] },
});
const chairsOf = (shipmentId: string, quantity: number): ShippedLine => ({
  lineId: '1',
  sku: 'CHAIR',
  reservationId: `${shipmentId}.1`,
  quantity,
});
const received = (quantity: number): OrderEvent => ({
  type: 'OrderReturnReceived',
  data: { orderId, returnId: 'b1', warehouseId: 'BER', lines: [{ lineId: '1', quantity }] },
});
const requested: OrderEvent = {
  type: 'OrderReturnRequested',
  data: {
    returnId: 'b1',
    orderId,
    customerId: 'customer-1',
    warehouseId: 'BER',
    lines: [{ lineId: '1', sku: 'CHAIR', quantity: 1 }],
    reason: 'unwanted',
  },
};
const voided = (...lines: readonly ShippedLine[]): OrderEvent => ({
  type: 'OrderShipmentVoided',
  data: { orderId, shipmentId: 's1', warehouseId: 'BER', lines },
});
const recordVoid = { type: 'RecordVoid', shipmentId: 's1' } as const;

it('what has come back of a shipment that never left is not booked back a second time, and a person is told', () => {
  const told: OrderEvent = {
    type: 'OrderExceptionRaised',
    data: { orderId, code: returnedMore, detail: 'Of shipment s1, which never left, pieces have come back.' },
  };
  given(orderDecider, placed, shipped('s1', 3), requested, received(1))
    .when(recordVoid)
    .thenRecords(voided(chairsOf('s1', 2)), told);
  given(orderDecider, placed, shipped('s1', 3), requested, received(3)).when(recordVoid).thenRecords(voided(), told);
});

it('what has come back of other shipments is none of its business', () => {
  given(orderDecider, placed, shipped('s1', 1), shipped('s2', 2), requested, received(2))
    .when(recordVoid)
    .thenRecords(voided(chairsOf('s1', 1)));
});

it('an order keeps a bounded number of lines of returns', () => {
  const lines = Array.from({ length: 2_000 }, (_, index) => ({ ...chairLine, lineId: `${index}`, quantity: 200 }));
  const left: OrderEvent = {
    type: 'OrderShipmentDispatched',
    data: {
      orderId,
      shipmentId: 's1',
      warehouseId: 'BER',
      lines: lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity, reservationId: `r${lineId}` })),
      parcels: [],
    },
  };
  let order = [{ ...placed, data: sampleOrder({ lines }) } as OrderEvent, left].reduce(
    orderDecider.evolve,
    orderDecider.initialState,
  );
  const all = lines.map(({ lineId }) => ({ lineId, quantity: 1 }));
  const ask = (returnId: string) =>
    orderDecider.decide({ type: 'RequestReturn', returnId, lines: all, reason: 'unwanted' }, order);
  for (let count = 0; count < returnLinesMax / lines.length; count += 1) {
    const decision = ask(`b${count}`);
    if ('refused' in decision) throw new Error(decision.refused.detail);
    order = decision.accepted.reduce(orderDecider.evolve, order);
  }
  expect(ask('one more')).toMatchObject({ refused: { code: 'TOO_MANY_RETURNS' } });
});
