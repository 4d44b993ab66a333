/** Whatever happens to an order, what is read of it is what decisions about it are made on. */
import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderCommand } from '../../src/domain/order/commands.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import { unsourcedOf } from '../../src/domain/order/lacks.ts';
import type { Order, PlacedOrder } from '../../src/domain/order/state.ts';
import type { ShownOrderEvent } from '../../src/projections/orders/kept.ts';
import { anySku, type OrderDocument, orders } from '../../src/projections/orders/projection.ts';
import { recordedBy } from '../support/deciderSpec.ts';
import { sampleOrder } from '../support/samples.ts';
import { ledgerLog } from '../webhooks/ledgerLog.ts';

const price = { priceMinor: 100, currency: 'EUR' };
const lines = [
  { lineId: '1', sku: 'CHAIR', quantity: 2, ...price },
  { lineId: '2', sku: 'CHAIR', quantity: 1, ...price },
];
type Line = (typeof lines)[number];
const refs = [0, 1, 2, 3, 4, 5] as const;
const sites = ['BER', 'BER', 'PAR'] as const;

type Make = (line: Line, warehouseId: string, quantity: number, ref: number) => OrderCommand;
const wait = { type: 'RecordAllocation', allocations: [] } as const;
const makers = {
  allocate: ({ lineId, sku }, warehouseId, quantity, ref) => ({
    type: 'RecordAllocation',
    allocations: [{ lineId, sku, warehouseId, quantity, reservationId: `r${ref}` }],
  }),
  dispatch: ({ lineId }, warehouseId, quantity, ref) => ({
    type: 'DispatchShipment',
    shipmentId: `s${ref}`,
    warehouseId,
    carrier: `carrier${ref}`,
    trackingNumber: `T${ref}`,
    lines: [{ lineId, quantity }],
    parcels: [],
  }),
  wait: () => wait,
  lapse: (_line, _site, _quantity, ref) => ({ type: 'LapseAllocation', reservationId: `r${ref}` }),
  deliver: (_line, _site, _quantity, ref) => ({ type: 'RecordDelivery', shipmentId: `s${ref}` }),
  hold: (_line, _site, quantity) => ({ type: quantity > 1 ? 'HoldOrder' : 'ReleaseOrder', reason: 'check' }),
  rare: (_line, _site, _quantity, ref) => {
    if (ref === 0) return { type: 'CancelOrder', reason: 'late' };
    return ref === 1 ? { type: 'RaiseException', code: 'X', detail: 'x' } : wait;
  },
} satisfies Record<string, Make>;
const makerOf = (kind: keyof typeof makers): Make => makers[kind];
/** So that the history of many orders goes on to the end. */
const often = ['allocate', 'allocate', 'dispatch', 'dispatch', 'deliver'] as const;
const kinds = [...(Object.keys(makers) as (keyof typeof makers)[]), ...often];

const steps = array(
  tuple(
    constantFrom(...kinds),
    constantFrom(...lines),
    constantFrom(...sites),
    integer({ min: 1, max: 2 }),
    constantFrom(...refs),
  ),
  { minLength: 20, maxLength: 40, size: 'max' },
);

/** What the domain accepts of the steps, beginning with the order itself. */
const historyOf = (sequence: Parameters<Parameters<typeof steps.map>[0]>[0]): readonly ShownOrderEvent[] => {
  const events: ShownOrderEvent[] = [];
  let order: Order = orderDecider.initialState;
  const decide = (command: OrderCommand): void => {
    for (const event of recordedBy(orderDecider.decide(command, order))) {
      events.push(event as ShownOrderEvent);
      order = orderDecider.evolve(order, event);
    }
  };
  decide({ type: 'PlaceOrder', order: sampleOrder({ lines }), orderNumber: 'W-1' });
  for (const [kind, line, site, quantity, ref] of sequence) decide(makerOf(kind)(line, site, quantity, ref));
  // Every other one ends with all that has left at the door, which chance alone brings about far too rarely.
  if (sequence.length % 2 === 0) for (const ref of refs) decide({ type: 'RecordDelivery', shipmentId: `s${ref}` });
  return events;
};

/** The document without what it knows beyond the domain's fold. */
const domainPart = (document: OrderDocument): PlacedOrder => ({
  phase: document.phase,
  orderId: document.orderId,
  customerId: document.customerId,
  placedBy: document.placedBy,
  orderNumber: document.orderNumber,
  lines: document.lines.map(({ lineId, sku, quantity, priceMinor, currency }) => ({
    lineId,
    sku,
    quantity,
    priceMinor,
    currency,
  })),
  sourcing: document.sourcing,
  preferredWarehouseId: document.preferredWarehouseId,
  destinationCountry: document.destinationCountry,
  shipTo: document.shipTo,
  placedAt: document.placedAt,
  allowSplit: document.allowSplit,
  allowBackorder: document.allowBackorder,
  held: document.held,
  openExceptions: document.openExceptions,
  allocations: document.allocations,
  shipments: document.shipments.map(({ carrier: _, trackingNumber: __, parcelNumbers: ___, ...shipment }) => shipment),
});

const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);
const piecesOf = (
  document: OrderDocument,
  lineId: string,
  quantities: (line: OrderDocument['lines'][number]) => number,
) => sum(document.lines.filter((line) => line.lineId === lineId).map(quantities));

const checkFigures = (document: OrderDocument, order: PlacedOrder): void => {
  for (const { lineId, quantity } of order.lines) {
    const own = order.allocations.filter((allocation) => allocation.lineId === lineId);
    const allocated = piecesOf(document, lineId, (line) => sum(line.allocated.map((each) => each.quantity)));
    const shipped = piecesOf(document, lineId, (line) => line.shipped);
    const backordered = piecesOf(document, lineId, (line) => line.backordered);
    expect(shipped).toBe(sum(own.map((each) => each.shipped)));
    expect(piecesOf(document, lineId, (line) => line.delivered)).toBeLessThanOrEqual(shipped);
    if (order.phase === 'closed') {
      expect([allocated, backordered]).toEqual([shipped, 0]);
      expect(piecesOf(document, lineId, (line) => line.cancelled)).toBe(quantity - shipped);
    } else if (order.phase === 'open') expect(allocated + backordered).toBe(quantity);
    else expect([allocated, backordered]).toEqual([0, 0]);
  }
  const missing = new Set(unsourcedOf(order).map(({ lineId }) => lineId));
  const waiting = order.phase === 'open' ? order.lines.filter(({ lineId }) => missing.has(lineId)) : [];
  expect(new Set(document.waitingSkus)).toEqual(
    new Set(waiting.length === 0 ? [] : [anySku, ...waiting.map(({ sku }) => sku)]),
  );
  for (const { warehouseId } of [...order.allocations, ...order.shipments]) {
    expect(document.warehouseIds).toContain(warehouseId);
  }
};

describe('1,500 random histories of an order', () => {
  it('are the same in the read model as in the domain, after every event', () => {
    const statuses = new Set<string>();
    assert(
      property(steps, (sequence) => {
        let order: Order = orderDecider.initialState;
        let document: OrderDocument | null = null;
        const history = ledgerLog(...historyOf(sequence));
        for (const [index, event] of history.entries()) {
          order = orderDecider.evolve(order, event);
          // As it is stored and read again, so that nothing but JSON is relied on.
          document = JSON.parse(JSON.stringify(orders.apply(document, event, 'order1'))) as OrderDocument;
          if (order.phase === 'absent') throw new Error('the order is gone');
          statuses.add(document.status);
          expect(domainPart(document)).toEqual(order);
          expect(document.revision).toBe(event.revision);
          // The dispatch and what it makes needless stand in one append.
          if (history[index + 1]?.type !== 'OrderSourcesReleased') checkFigures(document, order);
          for (const { shipmentId, carrier, trackingNumber } of document.shipments) {
            const ref = shipmentId.slice(1);
            expect([carrier, trackingNumber]).toEqual([`carrier${ref}`, `T${ref}`]);
          }
        }
      }),
      { numRuns: 1_500 },
    );
    const reached = ['pending', 'processing', 'partially_shipped', 'shipped', 'partially_delivered', 'delivered'];
    expect(statuses).toEqual(new Set([...reached, 'cancelled', 'exception']));
  });
});
