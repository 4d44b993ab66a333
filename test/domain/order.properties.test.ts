/** Plans overlap, reservations lapse, shipments race: an order never ships or claims more than it may. */
import { array, assert, constantFrom, integer, nat, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderCommand } from '../../src/domain/order/commands.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import { unsourcedOf } from '../../src/domain/order/lacks.ts';
import { isEnded, leftShipments, type Order, type PlacedOrder } from '../../src/domain/order/state.ts';
import { recordedBy } from '../support/deciderSpec.ts';
import { later, sampleOrder } from '../support/samples.ts';

const lines = [
  { lineId: '1', sku: 'CHAIR' },
  { lineId: '2', sku: 'LAMP' },
  { lineId: '3', sku: 'CHAIR' },
];
type Line = (typeof lines)[number];
const place: OrderCommand = {
  type: 'PlaceOrder',
  order: sampleOrder({ lines: lines.map((line) => ({ ...line, quantity: 5, priceMinor: 100, currency: 'EUR' })) }),
};

const dispatch = (line: Line, warehouseId: string, quantity: number, ref: number): OrderCommand => ({
  type: 'DispatchShipment',
  shipmentId: `s${ref}`,
  warehouseId,
  carrier: 'parcelco',
  trackingNumber: 'T',
  lines: [{ lineId: line.lineId, quantity }],
  parcels: [],
});
const allocate = (line: Line, warehouseId: string, quantity: number, ref: number): OrderCommand => ({
  type: 'RecordAllocation',
  allocations: [{ ...line, warehouseId, quantity, reservationId: `r${ref}` }],
});
type Make = (line: Line, warehouseId: string, quantity: number, ref: number) => OrderCommand;
const makers = {
  allocate,
  dispatch,
  wait: () => ({ type: 'RecordAllocation', allocations: [] }),
  lapse: (_line, _warehouse, quantity, ref) => ({
    type: 'LapseAllocation',
    reservationId: `r${ref}`,
    ...(quantity > 2 ? {} : { quantity }),
  }),
  deliver: (_line, _warehouse, quantity, ref) => ({
    type: quantity > 2 ? 'RecordTurnBack' : 'RecordDelivery',
    shipmentId: `s${ref}`,
  }),
  change: ({ lineId }, _warehouse, quantity, ref) => ({
    type: 'ChangeOrder',
    lines: [{ lineId, quantity, ...(ref > 4 ? { orShipped: true } : {}) }],
    reason: 'asked',
  }),
  voidIt: (_line, _warehouse, _quantity, ref) => ({ type: 'RecordVoid', shipmentId: `s${ref}` }),
  hold: (_line, _warehouse, quantity) => ({ type: quantity > 3 ? 'HoldOrder' : 'ReleaseOrder', reason: 'check' }),
  askBack: (line, warehouseId, quantity, ref) => ({
    type: 'RequestReturn',
    returnId: `b${ref}`,
    warehouseId,
    lines: [{ lineId: line.lineId, quantity }],
    reason: 'unwanted',
  }),
  /** Announced or not, and never more than a person would type. */
  comeBack: (line, warehouseId, quantity, ref) => ({
    type: quantity > 3 ? 'RecordReturnCancellation' : 'RecordReturnReceipt',
    returnId: `b${ref}`,
    warehouseId,
    lines: [{ lineId: line.lineId, quantity: Math.max(1, quantity) }],
  }),
  promise: ({ lineId, sku }, warehouseId, quantity) => ({
    type: 'PromiseFill',
    sku,
    fills: [{ lineId, sku, quantity, warehouseId, inboundId: 'in1', inboundLineId: '1', expectedAt: later }],
    because: 'inbound_changed',
  }),
  rare: (_line, _warehouse, _quantity, ref) =>
    ref === 0 ? { type: 'CancelOrder', reason: 'late' } : { type: 'RaiseException', code: 'X', detail: 'x' },
} satisfies Record<string, Make>;
const makerOf = (kind: keyof typeof makers): Make => makers[kind];
const kinds = [...(Object.keys(makers) as (keyof typeof makers)[]), 'allocate', 'dispatch'] as const;

const commands = array(
  tuple(
    constantFrom(...kinds),
    constantFrom(...lines),
    constantFrom('BER', 'PAR'),
    integer({ min: -1, max: 6 }),
    nat(9),
  ),
  { maxLength: 30 },
);

/** What the commands above do not ask for. */
const unasked = [
  'OrderPlaced',
  'OrderNumbered',
  'OrderHoldsExcluded',
  'OrderPartsReserved',
  'OrderAbandoned',
  'OrderAddressCorrected',
  'OrderShipmentCorrected',
];
const orderEvents = Object.keys(orderDecider.schemaVersions).filter((type) => !unasked.includes(type));

const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);
const quantities = (of: readonly { lineId: string; quantity: number }[], lineId: string): number =>
  sum(of.filter((each) => each.lineId === lineId).map(({ quantity }) => quantity));

const faultOf = (order: PlacedOrder): string | null => {
  for (const { lineId, quantity } of order.lines) {
    const own = order.allocations.filter((allocation) => allocation.lineId === lineId);
    const sourced = quantities(own, lineId);
    const left = sum(own.map(({ shipped }) => shipped));
    const shipped = quantities(
      leftShipments(order.shipments).flatMap((shipment) => shipment.lines),
      lineId,
    );
    if (sourced > quantity) return 'more allocated than wanted';
    if (own.some((each) => each.shipped < 0 || each.shipped > each.quantity)) return 'more shipped than allocated';
    if (left !== shipped) return 'shipments and allocations disagree';
    if (order.shipments.some(({ delivered, turnedBack }) => delivered && turnedBack)) return 'delivered and back';
    if (!isEnded(order) && quantities(unsourcedOf(order), lineId) + sourced !== quantity) {
      return 'ordered is not sourced and unsourced';
    }
  }
  return order.phase === 'cancelled' && leftShipments(order.shipments).length > 0
    ? 'cancelled after goods had left'
    : null;
};

/** Lines of which more is announced or back than has left: never after a request, whatever came before it. */
const announcedBeyond = (order: PlacedOrder): readonly string[] =>
  order.lines
    .filter(({ lineId }) => {
      const left = leftShipments(order.shipments).flatMap((shipment) => shipment.lines);
      const back = (order.returns ?? []).flatMap((each) => each.lines).filter((line) => line.lineId === lineId);
      // What came back unasked is more than has left before anybody asks; then nothing can be asked for.
      return sum(back.map(({ expected, received }) => expected + received)) > quantities(left, lineId);
    })
    .map(({ lineId }) => lineId)
    .filter((lineId) => order.returns?.at(-1)?.lines.some((line) => line.lineId === lineId) === true);

describe('10,000 random sequences of commands for one order', () => {
  it('never ship more than is allocated, nor allocate more than is ordered', () => {
    const seen = new Set<string>();
    assert(
      property(commands, (sequence) => {
        let order: Order = recordedBy(orderDecider.decide(place, orderDecider.initialState)).reduce(
          orderDecider.evolve,
          orderDecider.initialState,
        );
        for (const [kind, line, warehouseId, quantity, ref] of sequence) {
          const decision = orderDecider.decide(makerOf(kind)(line, warehouseId, quantity, ref), order);
          if ('refused' in decision) seen.add(decision.refused.code);
          for (const event of recordedBy(decision)) {
            seen.add(event.type);
            order = orderDecider.evolve(order, event);
            if (event.type === 'OrderAllocated' && order.phase !== 'absent') {
              expect(event.data.backordered).toEqual(unsourcedOf(order));
            }
          }
          if (kind === 'askBack' && 'accepted' in decision && decision.accepted.length > 0) {
            expect(order.phase === 'absent' ? null : announcedBeyond(order)).toEqual([]);
          }
          const fault = order.phase === 'absent' ? 'the order is gone' : faultOf(order);
          if (fault !== null) throw new Error(`${fault}: ${JSON.stringify(order)}`);
        }
      }),
      { numRuns: 10_000 },
    );
    for (const reached of orderEvents) {
      expect(seen).toContain(reached);
    }
    for (const code of [
      'ALLOCATION_EXCEEDS_DEMAND',
      'SHIPMENT_EXCEEDS_ORDER',
      'ORDER_ALREADY_SHIPPED',
      'RETURN_EXCEEDS_SHIPPED',
    ]) {
      expect(seen).toContain(code);
    }
  });
});
