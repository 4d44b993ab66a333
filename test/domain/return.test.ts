import { describe, expect, it } from 'vitest';
import type { OrderReturnCommand, OrderReturnRefusal } from '../../src/domain/order/commands.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import type { OrderEvent } from '../../src/domain/order/events.ts';
import { returnsMax } from '../../src/domain/order/returns.ts';
import type { LineQuantity } from '../../src/domain/order/shapes.ts';
import { type ReturnRefusal, returnDecider } from '../../src/domain/return/decider.ts';
import type { Disposition, ReceivedLine, ReturnEvent, ReturnRequest } from '../../src/domain/return/events.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { quantityMax } from '../../src/domain/values.ts';
import { given, type RefusalTests, recordedBy } from '../support/deciderSpec.ts';
import { balanceOf, earlier, later, now, sampleOrder, sealed } from '../support/samples.ts';

const orderId = 'order1';
const { customerId, ...placedData } = sampleOrder();
/** Three chairs (line 1) from BER and two lamps (line 2) from PAR; all have left. */
const placed: OrderEvent = { type: 'OrderPlaced', data: { ...placedData, customerId } };
const left = (shipmentId: string, warehouseId: string, lineId: string, quantity: number): OrderEvent => ({
  type: 'OrderShipmentDispatched',
  data: {
    orderId,
    shipmentId,
    warehouseId,
    lines: [{ lineId, sku: lineId === '1' ? 'CHAIR' : 'LAMP', reservationId: `r${lineId}`, quantity }],
    parcels: [],
  },
});
const chairsLeft = left('s1', 'BER', '1', 3);
const lampsLeft = left('s2', 'PAR', '2', 2);
const shipped = [placed, chairsLeft, lampsLeft];
const chairs = (quantity: number): LineQuantity => ({ lineId: '1', quantity });

const ask = (returnId: string, lines: readonly LineQuantity[], more: object = {}): OrderReturnCommand => ({
  type: 'RequestReturn',
  returnId,
  lines,
  reason: 'unwanted',
  ...more,
});
const asked = (returnId: string, quantity: number): OrderEvent & { readonly data: ReturnRequest } => ({
  type: 'OrderReturnRequested',
  data: {
    returnId,
    orderId,
    customerId,
    warehouseId: 'BER',
    lines: [{ lineId: '1', sku: 'CHAIR', quantity }],
    reason: 'unwanted',
  },
});
const told = (
  type: 'OrderReturnReceived' | 'OrderReturnCancelled',
  returnId: string,
  quantity: number,
): OrderEvent => ({
  type,
  data: { orderId, returnId, warehouseId: 'BER', lines: [chairs(quantity)] },
});
const receipt = (returnId: string, quantity: number): OrderReturnCommand => ({
  type: 'RecordReturnReceipt',
  returnId,
  warehouseId: 'BER',
  lines: [chairs(quantity)],
});

describe('an order, asked for a return', () => {
  it('takes it for what has left, and says where the goods go back to', () =>
    given(orderDecider, ...shipped)
      .when(ask('b1', [chairs(3)]))
      .thenRecords(asked('b1', 3)));
  it('keeps what the customer wrote sealed, and the warehouse that was named', () => {
    const { data } = asked('b1', 1);
    given(orderDecider, ...shipped)
      .when(ask('b1', [chairs(1)], { warehouseId: 'PAR', note: sealed('a leg is loose') }))
      .thenRecords({
        type: 'OrderReturnRequested',
        data: { ...data, warehouseId: 'PAR', note: sealed('a leg is loose') },
      });
  });
  it('counts what other open returns announce', () => {
    const second = given(orderDecider, ...shipped, asked('b1', 2));
    second.when(ask('b2', [chairs(2)])).thenRefused('RETURN_EXCEEDS_SHIPPED');
    second.when(ask('b2', [chairs(1)])).thenRecords(asked('b2', 1));
  });
  it('counts what came back, once and not twice', () => {
    const second = given(orderDecider, ...shipped, asked('b1', 2), told('OrderReturnReceived', 'b1', 2));
    second.when(ask('b2', [chairs(2)])).thenRefused('RETURN_EXCEEDS_SHIPPED');
    second.when(ask('b2', [chairs(1)])).thenRecords(asked('b2', 1));
  });
  it('may be asked again for what was called off', () =>
    given(orderDecider, ...shipped, asked('b1', 3), told('OrderReturnCancelled', 'b1', 3))
      .when(ask('b2', [chairs(3)]))
      .thenRecords(asked('b2', 3)));
  it('takes none of what was said to have left and had not', () => {
    const lines = [{ lineId: '1', sku: 'CHAIR', reservationId: 'r1', quantity: 3 }];
    const voided: OrderEvent = {
      type: 'OrderShipmentVoided',
      data: { orderId, shipmentId: 's1', warehouseId: 'BER', lines },
    };
    given(orderDecider, ...shipped, voided)
      .when(ask('b1', [chairs(1)]))
      .thenRefused('RETURN_EXCEEDS_SHIPPED');
  });
  it('records what came back whatever was announced, and says so when it is more than has left', () => {
    given(orderDecider, ...shipped, asked('b1', 1), told('OrderReturnReceived', 'b1', 1))
      .when(receipt('b1', 1))
      .thenRecordsEachTime(told('OrderReturnReceived', 'b1', 1));
    const decision = orderDecider.decide(
      receipt('b1', 4),
      [...shipped, asked('b1', 1)].reduce(orderDecider.evolve, orderDecider.initialState),
    );
    expect(recordedBy(decision)).toMatchObject([
      told('OrderReturnReceived', 'b1', 4),
      { type: 'OrderExceptionRaised', data: { code: 'RETURN_EXCEEDS_SHIPPED' } },
    ]);
  });
  it('comes to the same whether it hears first of the receipt or of the end', () => {
    const end = told('OrderReturnCancelled', 'b1', 1);
    const came = told('OrderReturnReceived', 'b1', 3);
    const fold = (...events: readonly OrderEvent[]) =>
      [...shipped, asked('b1', 3), ...events].reduce(orderDecider.evolve, orderDecider.initialState);
    expect(fold(end, came)).toEqual(fold(came, end));
  });
});

const orderRefusals: RefusalTests<OrderReturnRefusal | 'ORDER_LINE_REPEATED' | 'ORDER_LINE_NOT_FOUND'> = {
  RETURN_EXCEEDS_SHIPPED: () =>
    given(orderDecider, placed)
      .when(ask('b1', [chairs(1)]))
      .thenRefused('RETURN_EXCEEDS_SHIPPED'),
  TOO_MANY_RETURNS: () => {
    const many = Array.from({ length: returnsMax }, (_, index) => [
      asked(`b${index}`, 1),
      told('OrderReturnCancelled', `b${index}`, 1),
    ]).flat();
    given(orderDecider, ...shipped, ...many)
      .when(ask('last', [chairs(1)]))
      .thenRefused('TOO_MANY_RETURNS');
  },
  ORDER_LINE_REPEATED: () =>
    given(orderDecider, ...shipped)
      .when(ask('b1', [chairs(1), chairs(1)]))
      .thenRefused('ORDER_LINE_REPEATED'),
  ORDER_LINE_NOT_FOUND: () =>
    given(orderDecider, ...shipped)
      .when(ask('b1', [{ lineId: '9', quantity: 1 }]))
      .thenRefused('ORDER_LINE_NOT_FOUND'),
};

const request = asked('b1', 3).data;
const requested: ReturnEvent = { type: 'ReturnRequested', data: request };
const line = (quantity: number, disposition: Disposition, lineId = '1'): ReceivedLine => ({
  lineId,
  sku: lineId === '1' ? 'CHAIR' : 'LAMP',
  quantity,
  disposition,
});
const received = (...lines: readonly ReceivedLine[]): ReturnEvent => ({
  type: 'ReturnReceived',
  data: { returnId: 'b1', orderId, warehouseId: 'PAR', lines },
});
const receive = (...lines: readonly ReceivedLine[]) => ({ type: 'ReceiveReturn', warehouseId: 'PAR', lines }) as const;
const cancel = { type: 'CancelReturn', reason: 'kept' } as const;
const cancelled = (quantity: number): ReturnEvent => ({
  type: 'ReturnCancelled',
  data: { returnId: 'b1', orderId, warehouseId: 'BER', reason: 'kept', lines: [chairs(quantity)] },
});

describe('a return', () => {
  it('is opened once, as the order has it', () =>
    given(returnDecider).when({ type: 'RecordRequest', request }).thenRecords(requested));
  it('is received in parts, in several conditions, at any warehouse', () => {
    const lines = [line(1, 'restock'), line(1, 'scrap')];
    given(returnDecider, requested)
      .when(receive(...lines))
      .thenRecordsEachTime(received(...lines));
  });
  it('is received beyond what was announced, of other lines, and after it was called off (T28)', () => {
    const lines = [line(9, 'restock'), line(1, 'quarantine', '2')];
    for (const before of [[requested], [requested, received(line(3, 'restock'))], [requested, cancelled(3)]]) {
      given(returnDecider, ...before)
        .when(receive(...lines))
        .thenRecordsEachTime(received(...lines));
    }
  });
  it('is called off for what has not arrived', () => {
    given(returnDecider, requested).when(cancel).thenRecords(cancelled(3));
    given(returnDecider, requested, received(line(1, 'scrap')))
      .when(cancel)
      .thenRecords(cancelled(2));
    given(returnDecider, requested, cancelled(3)).when(cancel).thenNothing();
  });
});

const returnRefusals: RefusalTests<ReturnRefusal> = {
  RETURN_NOT_FOUND: () => given(returnDecider).when(cancel).thenRefused('RETURN_NOT_FOUND'),
  RETURN_ALREADY_RECEIVED: () =>
    given(returnDecider, requested, received(line(3, 'restock')))
      .when(cancel)
      .thenRefused('RETURN_ALREADY_RECEIVED'),
  QUANTITY_INVALID: () =>
    given(returnDecider, requested)
      .when(receive(line(0, 'restock')))
      .thenRefused('QUANTITY_INVALID'),
};

const key = { warehouseId: 'BER', sku: 'CHAIR' };
const opened = (onHand: number, registeredAt = earlier): StockEvent => ({
  type: 'StockRegistered',
  data: { ...key, onHand, safetyStock: 0, registeredAt, after: balanceOf({ onHand }) },
});
const back = (disposition: Disposition) =>
  ({ ...key, quantity: 2, disposition, returnId: 'b1', orderId, lineId: '1' }) as const;
const returned = (disposition: Disposition, after: object): StockEvent => ({
  type: 'StockReturned',
  data: { ...back(disposition), after: balanceOf(after) },
});
const putBack = (disposition: Disposition) => ({ type: 'ReturnStock', occurredAt: now, ...back(disposition) }) as const;

describe('the stock of goods that came back', () => {
  it('has them on hand, in quarantine, or not at all', () => {
    given(stockDecider, opened(1))
      .when(putBack('restock'))
      .thenRecordsEachTime(returned('restock', { onHand: 3 }));
    given(stockDecider, opened(1))
      .when(putBack('quarantine'))
      .thenRecordsEachTime(returned('quarantine', { onHand: 3, quarantined: 2 }));
    given(stockDecider, opened(1))
      .when(putBack('scrap'))
      .thenRecordsEachTime(returned('scrap', { onHand: 1 }));
  });
  it('is opened for them where it is not there or was retired, but not for what is thrown away', () => {
    const retired: StockEvent = { type: 'StockRetired', data: { ...key, after: balanceOf({}) } };
    for (const before of [[], [opened(0), retired]]) {
      const stock = given(stockDecider, ...before);
      const [registered, ...rest] = recordedBy(
        stockDecider.decide(putBack('restock'), before.reduce(stockDecider.evolve, stockDecider.initialState)),
      );
      expect(registered).toEqual(opened(0, now));
      expect(rest).toEqual([returned('restock', { onHand: 2 })]);
      stock.when(putBack('scrap')).thenNothing();
    }
  });
  it('takes them though they came before it was registered, and though it is full', () => {
    given(stockDecider, opened(1, later))
      .when(putBack('restock'))
      .thenRecordsEachTime(returned('restock', { onHand: 3 }));
    given(stockDecider, opened(quantityMax))
      .when(putBack('restock'))
      .thenRecordsEachTime(returned('restock', { onHand: quantityMax + 2 }));
  });
});

describe('a return is refused', () => {
  it.each(Object.entries({ ...orderRefusals, ...returnRefusals }))('with %s', (_code, test) => test());
});
