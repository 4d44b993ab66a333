/** Lines of an order that was placed: fewer, more, or none of them (R3.2). */
import { describe, expect, it } from 'vitest';
import type { LineChange, OrderCommand } from '../../src/domain/order/commands.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import type { OrderEvent, OrderPlaced } from '../../src/domain/order/events.ts';
import { unsourcedOf } from '../../src/domain/order/lacks.ts';
import type { Allocation } from '../../src/domain/order/shapes.ts';
import { promiseLost } from '../../src/domain/order/standing.ts';
import type { PlacedOrder } from '../../src/domain/order/state.ts';
import { given, recordedBy } from '../support/deciderSpec.ts';
import { sampleOrder, sealed } from '../support/samples.ts';

const orderId = 'order1';
/** Three chairs and two lamps. */
const placed: OrderPlaced = { type: 'OrderPlaced', data: sampleOrder() };
const chairs: Allocation = { lineId: '1', sku: 'CHAIR', warehouseId: 'BER', reservationId: 'r1', quantity: 2 };
const chair: Allocation = { ...chairs, warehouseId: 'PAR', reservationId: 'r2', quantity: 1 };
const lamps: Allocation = { lineId: '2', sku: 'LAMP', warehouseId: 'PAR', reservationId: 'r3', quantity: 2 };
const allocated: OrderEvent = {
  type: 'OrderAllocated',
  data: { orderId, allocations: [chairs, chair, lamps], backordered: [] },
};
const chairsSent: OrderEvent = {
  type: 'OrderShipmentDispatched',
  data: {
    orderId,
    shipmentId: 's1',
    warehouseId: 'BER',
    lines: [{ lineId: '1', sku: 'CHAIR', reservationId: 'r1', quantity: 2 }],
    parcels: [],
  },
};

const want = (...lines: readonly LineChange[]): OrderCommand => ({ type: 'ChangeOrder', lines, reason: 'asked' });
const changed = (
  lines: readonly { lineId: string; quantity: number }[],
  released: readonly Allocation[],
): OrderEvent => ({ type: 'OrderLinesChanged', data: { orderId, lines, released, reason: 'asked' } });

describe('a line of which fewer are wanted', () => {
  it('gives back what was reserved last', () => {
    given(orderDecider, placed, allocated)
      .when(want({ lineId: '1', quantity: 1 }))
      .thenRecords(changed([{ lineId: '1', quantity: 1 }], [chair, { ...chairs, quantity: 1 }]));
  });
  it('is nothing new the second time, and may be none', () => {
    const none = changed([{ lineId: '2', quantity: 0 }], [lamps]);
    given(orderDecider, placed, allocated)
      .when(want({ lineId: '2', quantity: 0 }))
      .thenRecords(none);
    given(orderDecider, placed, allocated, none)
      .when(want({ lineId: '2', quantity: 0 }))
      .thenNothing();
  });
  it('keeps what has left, and is refused where that is more', () => {
    given(orderDecider, placed, allocated, chairsSent)
      .when(want({ lineId: '1', quantity: 2 }))
      .thenRecords(changed([{ lineId: '1', quantity: 2 }], [chair]));
    given(orderDecider, placed, allocated, chairsSent)
      .when(want({ lineId: '1', quantity: 1 }))
      .thenRefused('ORDER_ALREADY_SHIPPED');
    given(orderDecider, placed, allocated, chairsSent)
      .when(want({ lineId: '1', quantity: 0, orShipped: true }))
      .thenRecords(changed([{ lineId: '1', quantity: 2 }], [chair]));
  });
  it('ends a promise that could not be kept', () => {
    const short: OrderEvent = {
      type: 'OrderAllocated',
      data: { orderId, allocations: [chairs, lamps], backordered: [] },
    };
    const lost: OrderEvent = { type: 'OrderExceptionRaised', data: { orderId, code: promiseLost, detail: 'x' } };
    given(orderDecider, placed, short, lost)
      .when(want({ lineId: '1', quantity: 2 }))
      .thenRecords(changed([{ lineId: '1', quantity: 2 }], []), {
        type: 'OrderExceptionResolved',
        data: { orderId, codes: [promiseLost], reason: 'sourced_again' },
      });
  });
});

describe('a line of which more are wanted', () => {
  it('lacks a source for them, also after some were dropped', () => {
    const fewer = changed([{ lineId: '1', quantity: 1 }], [chair, { ...chairs, quantity: 1 }]);
    const more = changed([{ lineId: '1', quantity: 4 }], []);
    given(orderDecider, placed, allocated, fewer)
      .when(want({ lineId: '1', quantity: 4 }))
      .thenRecords(more);
    const order = [placed, allocated, fewer, more].reduce(orderDecider.evolve, orderDecider.initialState);
    expect(unsourcedOf(order as PlacedOrder)).toEqual([{ lineId: '1', quantity: 3 }]);
  });
  it('is refused where an order would be too large', () => {
    given(orderDecider, placed)
      .when(want({ lineId: '1', quantity: 100_001 }))
      .thenRefused('QUANTITY_INVALID');
    const lines = Array.from({ length: 11 }, (_, index) => ({
      lineId: `${index}`,
      sku: 'CHAIR',
      quantity: 90_000,
      priceMinor: 1,
      currency: 'EUR',
    }));
    given(orderDecider, { ...placed, data: sampleOrder({ lines }) })
      .when(want({ lineId: '1', quantity: 100_000 }, { lineId: '2', quantity: 100_000 }))
      .thenRefused('ORDER_TOO_LARGE');
  });
});

describe('an order of which nothing is left to leave', () => {
  const nothing = want({ lineId: '1', quantity: 0, orShipped: true }, { lineId: '2', quantity: 0 });
  it('is cancelled', () => {
    given(orderDecider, placed, allocated)
      .when(nothing)
      .thenRecords({ type: 'OrderCancelled', data: { orderId, reason: 'asked', released: [chairs, chair, lamps] } });
  });
  it('ends by what was shipped', () => {
    given(orderDecider, placed, allocated, chairsSent)
      .when(nothing)
      .thenRecords({
        type: 'OrderRemainderCancelled',
        data: {
          orderId,
          reason: 'asked',
          cancelled: [
            { lineId: '1', quantity: 1 },
            { lineId: '2', quantity: 2 },
          ],
          released: [chair, lamps],
        },
      });
  });
});

describe('a change', () => {
  it('of the address and of lines is done as a whole, or not at all', () => {
    const address = { shipTo: sealed('new address'), destinationCountry: 'FR' };
    const both: OrderCommand = { type: 'ChangeOrder', address, lines: [{ lineId: '2', quantity: 1 }], reason: 'asked' };
    const order = [placed, allocated].reduce(orderDecider.evolve, orderDecider.initialState);
    expect(recordedBy(orderDecider.decide(both, order))).toEqual([
      { type: 'OrderAddressCorrected', data: { orderId, ...address } },
      changed([{ lineId: '2', quantity: 1 }], [{ ...lamps, quantity: 1 }]),
    ]);
    given(orderDecider, placed, allocated)
      .when({ ...both, lines: [{ lineId: 'x', quantity: 1 }] })
      .thenRefused('ORDER_LINE_NOT_FOUND');
    given(orderDecider, placed, allocated, chairsSent).when(both).thenRefused('ORDER_ALREADY_SHIPPED');
  });
  it('names each line once, in whole pieces, of an order that goes on', () => {
    const line = { lineId: '1', quantity: 1 };
    given(orderDecider, placed).when(want(line, line)).thenRefused('ORDER_LINE_REPEATED');
    given(orderDecider, placed)
      .when(want({ lineId: '1', quantity: -1 }))
      .thenRefused('QUANTITY_INVALID');
    const cancelled: OrderEvent = { type: 'OrderCancelled', data: { orderId, reason: 'x', released: [] } };
    given(orderDecider, placed, cancelled).when(want(line)).thenRefused('ORDER_CANCELLED');
  });
});
