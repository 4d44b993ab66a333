import { describe, expect, it } from 'vitest';
import type {
  OrderCommand,
  OrderCommandOf,
  OrderRefusal,
  OrderReturnRefusal,
} from '../../src/domain/order/commands.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import type { OrderEvent, OrderPlaced } from '../../src/domain/order/events.ts';
import { unsourcedOf } from '../../src/domain/order/lacks.ts';
import type { Allocation, ShippedLine } from '../../src/domain/order/shapes.ts';
import type { PlacedOrder } from '../../src/domain/order/state.ts';
import { given, type RefusalTests } from '../support/deciderSpec.ts';
import { sampleOrder, sealed } from '../support/samples.ts';

const orderId = 'order1';
const placed: OrderPlaced = { type: 'OrderPlaced', data: sampleOrder() };
const chairs: Allocation = { lineId: '1', sku: 'CHAIR', warehouseId: 'BER', reservationId: 'r1', quantity: 2 };
const moreChairs: Allocation = { ...chairs, reservationId: 'r2', quantity: 1 };
const lamps: Allocation = { lineId: '2', sku: 'LAMP', warehouseId: 'PAR', reservationId: 'r3', quantity: 2 };
const allocated: OrderEvent = {
  type: 'OrderAllocated',
  data: { orderId, allocations: [chairs, moreChairs, lamps], backordered: [] },
};
const waiting: OrderEvent = {
  type: 'OrderAllocated',
  data: { orderId, allocations: [chairs], backordered: [{ lineId: '2', quantity: 2 }] },
};
const held: OrderEvent = { type: 'OrderHeld', data: { orderId, reason: 'fraud check' } };
const cancelled: OrderEvent = { type: 'OrderCancelled', data: { orderId, reason: 'changed mind', released: [] } };
const lapsed: OrderEvent = { type: 'OrderAllocationLapsed', data: { orderId, reservationId: 'r1' } };
const dispatched: OrderEvent = {
  type: 'OrderShipmentDispatched',
  data: {
    orderId,
    shipmentId: 's1',
    warehouseId: 'BER',
    carrier: 'parcelco',
    trackingNumber: 'T1',
    lines: [
      { lineId: '1', sku: 'CHAIR', reservationId: 'r1', quantity: 2 },
      { lineId: '1', sku: 'CHAIR', reservationId: 'r2', quantity: 1 },
    ],
    parcels: [{ parcelId: 'p1', boxes: [{ lineId: '1', boxCode: 'A', quantity: 3 }] }],
  },
};
const lampsSent: OrderEvent = {
  ...dispatched,
  data: {
    ...dispatched.data,
    shipmentId: 's2',
    warehouseId: 'PAR',
    lines: [{ lineId: '2', sku: 'LAMP', reservationId: 'r3', quantity: 2 }],
  },
};
const delivered: OrderEvent = { type: 'OrderShipmentDelivered', data: { orderId, shipmentId: 's1' } };

const correct = (shipmentRevision: number, trackingNumber: string): OrderCommand => ({
  type: 'RecordCorrection',
  shipmentId: 's1',
  shipmentRevision,
  label: { trackingNumber, parcels: [] },
});
const corrected = (shipmentRevision: number, trackingNumber: string): OrderEvent => ({
  type: 'OrderShipmentCorrected',
  data: { orderId, shipmentId: 's1', warehouseId: 'BER', shipmentRevision, trackingNumber, parcels: [] },
});

const place: OrderCommand = { type: 'PlaceOrder', order: placed.data };
const record = (...allocations: Allocation[]): OrderCommand => ({ type: 'RecordAllocation', allocations });
const cancel: OrderCommand = { type: 'CancelOrder', reason: 'changed mind' };
const hold: OrderCommand = { type: 'HoldOrder', reason: 'fraud check' };
const release: OrderCommand = { type: 'ReleaseOrder', reason: 'checked' };
const deliver: OrderCommand = { type: 'RecordDelivery', shipmentId: 's1' };
const dispatch: OrderCommandOf<'DispatchShipment'> = {
  type: 'DispatchShipment',
  shipmentId: 's1',
  warehouseId: 'BER',
  carrier: 'parcelco',
  trackingNumber: 'T1',
  lines: [{ lineId: '1', quantity: 3 }],
  parcels: [{ parcelId: 'p1', boxes: [{ lineId: '1', boxCode: 'A', quantity: 3 }] }],
};

describe('placing', () => {
  it('records the order, once', () => given(orderDecider).when(place).thenRecords(placed));
});

describe('recording an allocation', () => {
  it('names the sources, and what no warehouse had', () =>
    given(orderDecider, placed)
      .when(record(chairs))
      .thenRecords({
        type: 'OrderAllocated',
        data: {
          orderId,
          allocations: [chairs],
          backordered: [
            { lineId: '1', quantity: 1 },
            { lineId: '2', quantity: 2 },
          ],
        },
      }));
  it('records that an order waits when nothing could be had', () =>
    given(orderDecider, placed)
      .when(record())
      .thenRecords({
        type: 'OrderBackordered',
        data: {
          orderId,
          backordered: [
            { lineId: '1', quantity: 3 },
            { lineId: '2', quantity: 2 },
          ],
        },
      }));
  it('is no news when an order that waits still finds nothing', () =>
    given(orderDecider, placed, waiting).when(record()).thenNothing());
  it('records only those reservations that are new, each once', () =>
    given(orderDecider, placed, waiting)
      .when(record(chairs, lamps, lamps))
      .thenRecords({
        type: 'OrderAllocated',
        data: { orderId, allocations: [lamps], backordered: [{ lineId: '1', quantity: 1 }] },
      }));
  it('does not forget what lapsed while the plan was made', () =>
    given(orderDecider, placed, waiting, lapsed)
      .when(record(lamps))
      .thenRecords({
        type: 'OrderAllocated',
        data: { orderId, allocations: [lamps], backordered: [{ lineId: '1', quantity: 3 }] },
      }));
  it('refuses the slower of two plans, so that nothing is reserved twice', () =>
    given(orderDecider, placed, allocated)
      .when(record({ ...chairs, reservationId: 'r9' }))
      .thenRefused('ALLOCATION_EXCEEDS_DEMAND'));
  it('refuses a source for a line that the order does not have', () =>
    given(orderDecider, placed)
      .when(record({ ...chairs, lineId: '9' }))
      .thenRefused('ALLOCATION_EXCEEDS_DEMAND'));
  it('refuses a source that gives less than nothing', () =>
    given(orderDecider, placed)
      .when(record({ ...chairs, quantity: -2 }))
      .thenRefused('QUANTITY_INVALID'));
  it('ends an order that may not wait when its first plan falls short, and lets go of what was reserved', () =>
    given(orderDecider, { ...placed, data: { ...placed.data, allowBackorder: false } })
      .when(record(chairs))
      .thenRecords({
        type: 'OrderCancelled',
        data: { orderId, reason: 'insufficient_stock', released: [chairs] },
      }));
  it('ends an order with a line that may not wait when its first plan lacks any of that line (backorderAllowed)', () => {
    const short: OrderCommand = { type: 'RecordAllocation', allocations: [chairs], mayNotWait: ['1'] };
    const data = { orderId, reason: 'insufficient_stock', released: [chairs] };
    given(orderDecider, placed).when(short).thenRecords({ type: 'OrderCancelled', data });
  });
  it('does not end it for a line that has all of its pieces by now', () =>
    given(orderDecider, placed)
      .when({ type: 'RecordAllocation', allocations: [chairs, moreChairs], mayNotWait: ['1'] })
      .thenRecords({
        type: 'OrderAllocated',
        data: { orderId, allocations: [chairs, moreChairs], backordered: [{ lineId: '2', quantity: 2 }] },
      }));
  it('keeps an order waiting that was promised once, even if it may not be backordered', () =>
    given(orderDecider, { ...placed, data: { ...placed.data, allowBackorder: false } }, allocated, lapsed)
      .when(record())
      .thenNothing());
  it('refuses a cancelled order, so that the plan is undone', () =>
    given(orderDecider, placed, cancelled).when(record(chairs)).thenRefused('ORDER_CANCELLED'));
});

describe('a reservation that lapses', () => {
  const lapse: OrderCommandOf<'LapseAllocation'> = { type: 'LapseAllocation', reservationId: 'r1' };
  it('is recorded once', () => given(orderDecider, placed, allocated).when(lapse).thenRecords(lapsed));
  it('is no news to an order that does not count on it', () => given(orderDecider, placed).when(lapse).thenNothing());
  it('in part takes so much from its line, and once more as often as it is told', () =>
    given(orderDecider, placed, allocated)
      .when({ ...lapse, quantity: 1 })
      .thenRecordsEachTime({ type: 'OrderAllocationReduced', data: { orderId, reservationId: 'r1', quantity: 1 } }));
  it('takes nothing of what has left, however much is said to be gone', () =>
    given(orderDecider, placed, allocated, {
      ...dispatched,
      data: { ...dispatched.data, lines: [{ lineId: '1', sku: 'CHAIR', reservationId: 'r1', quantity: 1 }] },
    })
      .when({ ...lapse, quantity: 9 })
      .thenRecords(lapsed));
  it('is no news when its goods have left', () =>
    given(orderDecider, placed, allocated, dispatched).when(lapse).thenNothing());
  it('is no news to a cancelled order', () =>
    given(orderDecider, placed, allocated, cancelled).when(lapse).thenNothing());
});

describe('holding, releasing and cancelling', () => {
  const note = sealed('note');
  it('holds once, with a sealed note', () =>
    given(orderDecider, placed)
      .when({ ...hold, note })
      .thenRecords({ type: 'OrderHeld', data: { orderId, reason: 'fraud check', note } }));
  it('releases a held order', () =>
    given(orderDecider, placed, held)
      .when(release)
      .thenRecords({ type: 'OrderReleased', data: { orderId, reason: 'checked' } }));
  it('cancels, and names what is not needed any more', () =>
    given(orderDecider, placed, waiting)
      .when({ ...cancel, note })
      .thenRecords({ type: 'OrderCancelled', data: { orderId, reason: 'changed mind', note, released: [chairs] } }));
  const rest: OrderEvent = {
    type: 'OrderRemainderCancelled',
    data: {
      orderId,
      reason: 'changed mind',
      cancelled: [{ lineId: '2', quantity: 2 }],
      released: [lamps],
    },
  };
  it('cancels what has not left once a part was shipped', () =>
    given(orderDecider, placed, allocated, dispatched).when(cancel).thenRecords(rest));
  it('cancels the backordered rest, which has no source to let go', () =>
    given(orderDecider, placed, waiting, {
      ...dispatched,
      data: { ...dispatched.data, lines: [{ lineId: '1', sku: 'CHAIR', reservationId: 'r1', quantity: 1 }] },
    })
      .when(cancel)
      .thenRecords({
        type: 'OrderRemainderCancelled',
        data: {
          orderId,
          reason: 'changed mind',
          cancelled: [
            { lineId: '1', quantity: 2 },
            { lineId: '2', quantity: 2 },
          ],
          released: [{ ...chairs, quantity: 1 }],
        },
      }));
  it('takes no source, no shipment and no hold for an order whose rest was cancelled', () => {
    const closed = given(orderDecider, placed, allocated, dispatched, rest);
    closed.when(record(lamps)).thenRefused('ORDER_CANCELLED');
    closed
      .when({ ...dispatch, shipmentId: 's9', lines: [{ lineId: '2', quantity: 1 }] })
      .thenRefused('SHIPMENT_EXCEEDS_ORDER');
    closed.when(hold).thenRefused('ORDER_ALREADY_SHIPPED');
    closed.when({ type: 'LapseAllocation', reservationId: 'r3' }).thenNothing();
    closed.when(cancel).thenNothing();
  });
  it('is not on hold any more once its rest was cancelled, so that no release is told of it (5)', () =>
    given(orderDecider, placed, allocated, dispatched, held, rest).when(release).thenRefused('ORDER_NOT_ON_HOLD'));
  it('does not hold an order of which all has left', () =>
    given(orderDecider, placed, allocated, dispatched, lampsSent).when(hold).thenRefused('ORDER_ALREADY_SHIPPED'));
  it('does not hold a cancelled order', () =>
    given(orderDecider, placed, cancelled).when(hold).thenRefused('ORDER_CANCELLED'));
});

describe('dispatching', () => {
  it('uses up the reservations of the line at that warehouse, oldest first', () =>
    given(orderDecider, placed, allocated).when(dispatch).thenRecords(dispatched));
  it('ships a part, and the rest later', () =>
    given(orderDecider, placed, allocated, {
      ...dispatched,
      data: { ...dispatched.data, lines: [{ lineId: '1', sku: 'CHAIR', reservationId: 'r1', quantity: 1 }] },
    })
      .when({
        ...dispatch,
        shipmentId: 's2',
        lines: [{ lineId: '1', quantity: 2 }],
        parcels: [{ parcelId: 'p1', boxes: [{ lineId: '1', boxCode: 'A', quantity: 2 }] }],
      })
      .thenRecords({
        ...dispatched,
        data: {
          ...dispatched.data,
          shipmentId: 's2',
          parcels: [{ parcelId: 'p1', boxes: [{ lineId: '1', boxCode: 'A', quantity: 2 }] }],
          lines: [
            { lineId: '1', sku: 'CHAIR', reservationId: 'r1', quantity: 1 },
            { lineId: '1', sku: 'CHAIR', reservationId: 'r2', quantity: 1 },
          ],
        },
      }));
  const unreservedLamp = { lineId: '2', sku: 'LAMP', reservationId: 's1.2', quantity: 1 };
  it('takes nothing from what is reserved elsewhere: what left is recorded, and what it makes needless is let go', () =>
    given(orderDecider, placed, allocated)
      .when({ ...dispatch, lines: [{ lineId: '2', quantity: 1 }], parcels: [] })
      .thenRecords(
        { ...dispatched, data: { ...dispatched.data, lines: [unreservedLamp], parcels: [] } },
        {
          type: 'OrderSourcesReleased',
          data: { orderId, reason: 'shipped_from_elsewhere', released: [{ ...lamps, quantity: 1 }] },
        },
      ));
  it('records goods that left after their reservation had lapsed (T28)', () =>
    given(orderDecider, placed, allocated, lapsed)
      .when(dispatch)
      .thenRecords({
        ...dispatched,
        data: {
          ...dispatched.data,
          lines: [
            { lineId: '1', sku: 'CHAIR', reservationId: 'r2', quantity: 1 },
            { lineId: '1', sku: 'CHAIR', reservationId: 's1.1', quantity: 2 },
          ],
        },
      }));
  it('does not ship a cancelled order', () =>
    given(orderDecider, placed, allocated, cancelled).when(dispatch).thenRefused('ORDER_CANCELLED'));
  it('names each line once', () =>
    given(orderDecider, placed, allocated)
      .when({ ...dispatch, lines: [...dispatch.lines, ...dispatch.lines] })
      .thenRefused('ORDER_LINE_REPEATED'));
  it('ships whole pieces, at least one', () =>
    given(orderDecider, placed, allocated)
      .when({ ...dispatch, lines: [{ lineId: '1', quantity: -1 }] })
      .thenRefused('QUANTITY_INVALID'));
});

describe('an address that is put right', () => {
  const address = { shipTo: sealed('new address'), destinationCountry: 'FR' };
  const correct: OrderCommandOf<'ChangeOrder'> = { type: 'ChangeOrder', address, reason: 'moved' };
  const corrected: OrderEvent = {
    type: 'OrderAddressCorrected',
    data: { orderId, shipTo: sealed('new address'), destinationCountry: 'FR' },
  };
  it('counts from then on, with all that is reserved', () => {
    given(orderDecider, placed, allocated).when(correct).thenRecordsEachTime(corrected);
    const order = [placed, allocated, corrected].reduce(orderDecider.evolve, orderDecider.initialState);
    expect(order).toMatchObject({ shipTo: sealed('new address'), destinationCountry: 'FR', phase: 'open' });
  });
  it('that was found to be the one that stands is no news, unless another came meanwhile', () => {
    given(orderDecider, placed)
      .when({ ...correct, address: { ...address, sameAs: sealed('address') } })
      .thenNothing();
    given(orderDecider, placed, corrected)
      .when({ ...correct, address: { ...address, sameAs: sealed('address') } })
      .thenRecordsEachTime(corrected);
  });
  it('is refused once goods have left for the old one, and for an order that was cancelled', () => {
    given(orderDecider, placed, allocated, dispatched).when(correct).thenRefused('ORDER_ALREADY_SHIPPED');
    const cancelled: OrderEvent = { type: 'OrderCancelled', data: { orderId, reason: 'x', released: [] } };
    given(orderDecider, placed, cancelled).when(correct).thenRefused('ORDER_CANCELLED');
  });
});

describe('deliveries and exceptions', () => {
  it('records the delivery of a shipment, once', () =>
    given(orderDecider, placed, allocated, dispatched).when(deliver).thenRecords(delivered));
  it('records that a shipment turned back, once, and an exception with it; its delivery is no news then', () => {
    const [back, exception]: readonly OrderEvent[] = [
      { type: 'OrderShipmentTurnedBack', data: { orderId, shipmentId: 's1' } },
      {
        type: 'OrderExceptionRaised',
        data: { orderId, code: 'PARCEL_TURNED_BACK', detail: 'A parcel of shipment s1 goes back to the sender.' },
      },
    ];
    const turnBack: OrderCommand = { type: 'RecordTurnBack', shipmentId: 's1' };
    given(orderDecider, placed, allocated, dispatched, delivered).when(turnBack).thenRecords(back!, exception!);
    given(orderDecider, placed, allocated, dispatched, back!).when(turnBack).thenNothing();
    given(orderDecider, placed, allocated, dispatched, back!).when(deliver).thenNothing();
  });
  const raised = (code: string): OrderEvent => ({ type: 'OrderExceptionRaised', data: { orderId, code, detail: 'x' } });
  const resolved = (reason: string, ...codes: string[]): OrderEvent => ({
    type: 'OrderExceptionResolved',
    data: { orderId, codes, reason },
  });
  it('ends every open exception when the order is released', () =>
    given(orderDecider, placed, raised('X'), raised('X'), raised('Y'))
      .when(release)
      .thenRecords(resolved('checked', 'X', 'Y')));
  it('lifts a hold and ends its exceptions at once', () =>
    given(orderDecider, placed, held, raised('X'))
      .when(release)
      .thenRecords({ type: 'OrderReleased', data: { orderId, reason: 'checked' } }, resolved('checked', 'X')));
  it('ends the loss of a promise once all is sourced again, and no other exception', () =>
    given(orderDecider, placed, waiting, raised('PROMISE_LOST'), raised('X'))
      .when(record(moreChairs, lamps))
      .thenRecords(
        { type: 'OrderAllocated', data: { orderId, allocations: [moreChairs, lamps], backordered: [] } },
        resolved('sourced_again', 'PROMISE_LOST'),
      ));
  it('records each exception that is raised', () =>
    given(orderDecider, placed)
      .when({ type: 'RaiseException', code: 'STOCK_GONE', detail: 'r1' })
      .thenRecordsEachTime({ type: 'OrderExceptionRaised', data: { orderId, code: 'STOCK_GONE', detail: 'r1' } }));
});

const twice = <T>(of: readonly T[]): readonly T[] => [...of, ...of];
describe('a label that was put right', () => {
  it('is taken over, and an older one that comes late is not', () => {
    given(orderDecider, placed, allocated, dispatched).when(correct(2, 'T2')).thenRecords(corrected(2, 'T2'));
    given(orderDecider, placed, allocated, dispatched, corrected(2, 'T2')).when(correct(1, 'T1')).thenNothing();
  });
});

describe('a shipment that never left', () => {
  const voidIt: OrderCommand = { type: 'RecordVoid', shipmentId: 's1' };
  const shippedAs = (...lines: readonly ShippedLine[]): OrderEvent => ({
    ...dispatched,
    data: { ...dispatched.data, lines },
  });
  const voidedOf = (...lines: readonly ShippedLine[]): OrderEvent => ({
    type: 'OrderShipmentVoided',
    data: { orderId, shipmentId: 's1', warehouseId: 'BER', lines },
  });
  const ofR1: ShippedLine = { lineId: '1', sku: 'CHAIR', reservationId: 'r1', quantity: 2 };
  const voided = voidedOf(ofR1, { ...ofR1, reservationId: 'r2', quantity: 1 });
  const stateOf = (...events: readonly OrderEvent[]) =>
    events.reduce(orderDecider.evolve, orderDecider.initialState) as PlacedOrder;

  it('gives its lines back to the order, once', () => {
    given(orderDecider, placed, allocated, dispatched).when(voidIt).thenRecords(voided);
    given(orderDecider, placed, allocated, dispatched, voided).when(voidIt).thenNothing();
    expect(unsourcedOf(stateOf(placed, allocated, dispatched, voided))).toEqual([{ lineId: '1', quantity: 3 }]);
  });
  it('leaves the rest of a reservation as it is', () => {
    const one = { ...ofR1, quantity: 1 };
    const [part, back] = [shippedAs(one), voidedOf(one)];
    expect(stateOf(placed, allocated, part, back).allocations).toEqual([
      { ...chairs, quantity: 1, shipped: 0 },
      { ...moreChairs, shipped: 0 },
      { ...lamps, shipped: 0 },
    ]);
  });
  it('keeps nobody from cancelling the whole order, or from correcting its address', () => {
    const spec = given(orderDecider, placed, allocated, dispatched, voided);
    spec
      .when(cancel)
      .thenRecords({ type: 'OrderCancelled', data: { orderId, reason: 'changed mind', released: [lamps] } });
    const shipTo = sealed('elsewhere');
    spec
      .when({ type: 'ChangeOrder', address: { shipTo, destinationCountry: 'FR' }, reason: 'moved' })
      .thenRecordsEachTime({ type: 'OrderAddressCorrected', data: { orderId, shipTo, destinationCountry: 'FR' } });
  });
  it('of an order whose rest was cancelled is not replaced, and a person is told', () => {
    const rest: OrderEvent = {
      type: 'OrderRemainderCancelled',
      data: { orderId, reason: 'x', cancelled: [{ lineId: '2', quantity: 2 }], released: [lamps] },
    };
    const detail = 'Shipment s1 never left, and the rest of the order was cancelled: nothing replaces it.';
    const raised: OrderEvent = { type: 'OrderExceptionRaised', data: { orderId, code: 'VOIDED_AT_END', detail } };
    given(orderDecider, placed, allocated, dispatched, rest).when(voidIt).thenRecords(voided, raised);
    given(orderDecider, placed, allocated, dispatched, rest, voided, raised)
      .when(release)
      .thenRecords({ type: 'OrderExceptionResolved', data: { orderId, codes: ['VOIDED_AT_END'], reason: 'checked' } });
  });
  it('may be reported on after the order was cancelled: a person can end that exception', () => {
    const code = 'VOIDED_SHIPMENT_REPORTED';
    const raised: OrderEvent = { type: 'OrderExceptionRaised', data: { orderId, code, detail: 'in transit' } };
    given(orderDecider, placed, allocated, dispatched, voided, cancelled, raised)
      .when(release)
      .thenRecords({ type: 'OrderExceptionResolved', data: { orderId, codes: [code], reason: 'checked' } });
  });
});

const refusals: RefusalTests<Exclude<OrderRefusal, OrderReturnRefusal>> = {
  ORDER_NOT_FOUND: () => given(orderDecider).when(cancel).thenRefused('ORDER_NOT_FOUND'),
  ORDER_ID_TAKEN: () => given(orderDecider, placed).when(place).thenRefused('ORDER_ID_TAKEN'),
  ORDER_NUMBER_TAKEN: () =>
    given(orderDecider, { type: 'OrderAbandoned', data: { orderId } }).when(place).thenRefused('ORDER_NUMBER_TAKEN'),
  ORDER_LINE_REPEATED: () =>
    given(orderDecider)
      .when({ type: 'PlaceOrder', order: sampleOrder({ lines: twice(placed.data.lines) }) })
      .thenRefused('ORDER_LINE_REPEATED'),
  ORDER_CANCELLED: () => given(orderDecider, placed, cancelled).when(release).thenRefused('ORDER_CANCELLED'),
  ORDER_ON_HOLD: () => given(orderDecider, placed, allocated, held).when(dispatch).thenRefused('ORDER_ON_HOLD'),
  ORDER_NOT_ON_HOLD: () => given(orderDecider, placed).when(release).thenRefused('ORDER_NOT_ON_HOLD'),
  ORDER_ALREADY_SHIPPED: () =>
    given(orderDecider, placed, allocated, dispatched, lampsSent).when(cancel).thenRefused('ORDER_ALREADY_SHIPPED'),
  ORDER_LINE_NOT_FOUND: () =>
    given(orderDecider, placed, allocated)
      .when({ ...dispatch, lines: [{ lineId: '9', quantity: 1 }] })
      .thenRefused('ORDER_LINE_NOT_FOUND'),
  QUANTITY_INVALID: () =>
    given(orderDecider)
      .when({
        type: 'PlaceOrder',
        order: sampleOrder({ lines: placed.data.lines.map((line) => ({ ...line, quantity: 0 })) }),
      })
      .thenRefused('QUANTITY_INVALID'),
  ALLOCATION_EXCEEDS_DEMAND: () =>
    given(orderDecider, placed)
      .when(record({ ...chairs, quantity: 4 }))
      .thenRefused('ALLOCATION_EXCEEDS_DEMAND'),
  SHIPMENT_EXCEEDS_ORDER: () =>
    given(orderDecider, placed, allocated)
      .when({ ...dispatch, lines: [{ lineId: '1', quantity: 4 }] })
      .thenRefused('SHIPMENT_EXCEEDS_ORDER'),
  SHIPMENT_ALREADY_DISPATCHED: () =>
    given(orderDecider, placed, allocated, dispatched).when(dispatch).thenRefused('SHIPMENT_ALREADY_DISPATCHED'),
  SHIPMENT_NOT_FOUND: () => given(orderDecider, placed).when(deliver).thenRefused('SHIPMENT_NOT_FOUND'),
  PARCEL_REPEATED: () =>
    given(orderDecider, placed, allocated)
      .when({ ...dispatch, parcels: twice(dispatch.parcels) })
      .thenRefused('PARCEL_REPEATED'),
  BOX_NOT_SHIPPED: () => {
    const packing = (...boxes: { lineId: string; boxCode: string; quantity: number }[]): OrderCommand => ({
      ...dispatch,
      parcels: [{ parcelId: 'p1', boxes: [] }, ...boxes.map((box, at) => ({ parcelId: `p${at + 2}`, boxes: [box] }))],
    });
    const a = { lineId: '1', boxCode: 'A', quantity: 2 };
    const spec = given(orderDecider, placed, allocated);
    spec.when(packing({ ...a, lineId: '99' })).thenRefused('BOX_NOT_SHIPPED');
    spec.when(packing({ ...a, lineId: '2' })).thenRefused('BOX_NOT_SHIPPED');
    spec.when(packing({ ...a, quantity: 7_000_000 })).thenRefused('BOX_NOT_SHIPPED');
    spec.when(packing(a, a)).thenRefused('BOX_NOT_SHIPPED');
  },
  ORDER_TOO_LARGE: () => {
    const lines = Array.from({ length: 11 }, (_, at) => ({
      ...placed.data.lines[0]!,
      lineId: `l${at}`,
      quantity: 100_000,
    }));
    const placing = (count: number): OrderCommand => ({
      type: 'PlaceOrder',
      order: sampleOrder({ lines: lines.slice(0, count) }),
    });
    given(orderDecider).when(placing(11)).thenRefused('ORDER_TOO_LARGE');
    expect(orderDecider.decide(placing(10), orderDecider.initialState)).toHaveProperty('accepted');
  },
  CURRENCIES_MIXED: () =>
    given(orderDecider)
      .when({
        type: 'PlaceOrder',
        order: sampleOrder({
          lines: placed.data.lines.map((line, at) => ({ ...line, currency: at === 0 ? 'EUR' : 'USD' })),
        }),
      })
      .thenRefused('CURRENCIES_MIXED'),
};

describe('every refusal of an order command', () => {
  it.each(Object.entries(refusals))('%s', (_code, provoke) => {
    provoke();
  });
});

describe('what others ask of an order', () => {
  const stateOf = (...events: OrderEvent[]): ReturnType<typeof orderDecider.evolve> =>
    events.reduce(orderDecider.evolve, orderDecider.initialState);
  const unsourced = (...events: OrderEvent[]): unknown => {
    const order = stateOf(placed, ...events);
    return order.phase === 'absent' ? null : unsourcedOf(order);
  };
  it('lacks a source for all of it, for some of it, for nothing', () => {
    expect(unsourced()).toEqual([
      { lineId: '1', quantity: 3 },
      { lineId: '2', quantity: 2 },
    ]);
    expect(unsourced(waiting)).toEqual([
      { lineId: '1', quantity: 1 },
      { lineId: '2', quantity: 2 },
    ]);
    expect([unsourced(allocated), unsourced(waiting, cancelled)]).toEqual([[], []]);
  });
  it('lacks a source again for what had not left of a lapsed reservation', () => {
    const partly = { ...dispatched.data, lines: [{ ...chairs, quantity: 1 }] };
    const left: OrderEvent = { type: 'OrderShipmentDispatched', data: partly };
    expect(unsourced(allocated, left, lapsed)).toEqual([{ lineId: '1', quantity: 1 }]);
    expect(unsourced(allocated, lapsed)).toEqual([{ lineId: '1', quantity: 2 }]);
  });
  it('weighs more with all that it carries', () => {
    expect(orderDecider.weigh(stateOf(placed, allocated))).toBeGreaterThan(orderDecider.weigh(stateOf(placed)));
    expect(orderDecider.weigh(stateOf(held))).toBeLessThan(orderDecider.weigh(stateOf(placed)));
  });
  it('carries on after a hold was lifted and an exception was looked at', () => {
    const raised: OrderEvent = { type: 'OrderExceptionRaised', data: { orderId, code: 'X', detail: 'x' } };
    const released: OrderEvent = { type: 'OrderReleased', data: { orderId, reason: 'checked' } };
    given(orderDecider, placed, allocated, held, raised, released).when(dispatch).thenRecords(dispatched);
    given(orderDecider, placed, allocated, held).when(hold).thenNothing();
    given(orderDecider, placed, cancelled).when(cancel).thenNothing();
    given(orderDecider, placed, allocated, dispatched, delivered).when(deliver).thenNothing();
  });
});
