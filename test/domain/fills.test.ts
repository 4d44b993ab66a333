/** What an order that waits was promised of goods on their way (T2, B10). */
import { describe, it } from 'vitest';
import type { OrderCommand } from '../../src/domain/order/commands.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import type { OrderEvent } from '../../src/domain/order/events.ts';
import type { ExpectedFill, FillCause } from '../../src/domain/order/fillEvents.ts';
import { given } from '../support/deciderSpec.ts';
import { later, sampleOrder, soon } from '../support/samples.ts';

const orderId = 'order1';
const placed: OrderEvent = { type: 'OrderPlaced', data: sampleOrder() };
const chairs: ExpectedFill = {
  lineId: '1',
  sku: 'CHAIR',
  quantity: 3,
  warehouseId: 'BER',
  inboundId: 'in1',
  inboundLineId: '7',
  expectedAt: soon,
};
const lamps: ExpectedFill = { ...chairs, lineId: '2', sku: 'LAMP', quantity: 2 };
const promise = (sku: string, fills: readonly ExpectedFill[], because: FillCause = 'order_waits'): OrderCommand => ({
  type: 'PromiseFill',
  sku,
  fills,
  because,
});
const promised = (sku: string, fills: readonly ExpectedFill[], because: FillCause = 'order_waits'): OrderEvent => ({
  type: 'OrderFillPromised',
  data: { orderId, sku, fills, because },
});

describe('what will fill an order', () => {
  it('is promised once: the same again is no news, whatever it is for', () => {
    given(orderDecider, placed)
      .when(promise('CHAIR', [chairs]))
      .thenRecords(promised('CHAIR', [chairs]));
    given(orderDecider, placed, promised('CHAIR', [chairs]))
      .when(promise('CHAIR', [chairs], 'inbound_changed'))
      .thenNothing();
  });
  it('is another, and later: it takes the place of what was promised of this SKU, and of no other', () => {
    const slipped = { ...chairs, expectedAt: later };
    const both = given(orderDecider, placed, promised('CHAIR', [chairs]), promised('LAMP', [lamps]));
    both
      .when(promise('CHAIR', [slipped], 'inbound_changed'))
      .thenRecords(promised('CHAIR', [slipped], 'inbound_changed'));
    both.when(promise('LAMP', [lamps])).thenNothing();
  });
  it('is nothing any more', () => {
    given(orderDecider, placed, promised('CHAIR', [chairs]))
      .when(promise('CHAIR', [], 'inbound_changed'))
      .thenRecords(promised('CHAIR', [], 'inbound_changed'));
    given(orderDecider, placed).when(promise('CHAIR', [])).thenNothing();
  });
  it('is nothing of an order that has ended', () => {
    const cancelled: OrderEvent = { type: 'OrderCancelled', data: { orderId, reason: 'x', released: [] } };
    given(orderDecider, placed, cancelled)
      .when(promise('CHAIR', [chairs]))
      .thenNothing();
  });
});
