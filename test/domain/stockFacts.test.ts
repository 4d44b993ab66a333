/** A physical fact is always recorded; what it takes from claims is named in the same append (T28). */
import { describe, expect, it } from 'vitest';
import type { StockMovement } from '../../src/domain/stock/balance.ts';
import type { StockCommand } from '../../src/domain/stock/commands.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { given, recordedBy } from '../support/deciderSpec.ts';
import { balanceOf, now, sealed, soon } from '../support/samples.ts';

const key = { warehouseId: 'BER', sku: 'CHAIR' };
const at = { ...key, occurredAt: now };
const onHand = (pieces: number): StockEvent => ({
  type: 'StockRegistered',
  data: { ...key, onHand: pieces, safetyStock: 0, registeredAt: now, after: balanceOf({ onHand: pieces }) },
});

/** Decides one command after another, and returns what the last one recorded. */
const lastOf = (opening: number, ...commands: readonly StockCommand[]): readonly StockEvent[] => {
  let stock = stockDecider.evolve(stockDecider.initialState, onHand(opening));
  let events: readonly StockEvent[] = [];
  for (const command of commands) {
    events = recordedBy(stockDecider.decide(command, stock));
    stock = events.reduce(stockDecider.evolve, stock);
  }
  return events;
};

const reserve = (reservationId: string, quantity: number, orderId?: string): StockCommand => ({
  type: 'ReserveStock',
  ...at,
  reservationId,
  quantity,
  expiresAt: soon,
  ...(orderId === undefined ? {} : { orderId, lineId: '1' }),
});
const adjust = (delta: number): StockCommand => ({ type: 'AdjustStock', ...at, delta, reason: 'damaged' });
const count = (counted: number): StockCommand => ({ type: 'SetStock', ...at, counted, reason: 'cycle count' });
const quarantine = (quantity: number): StockCommand => ({
  type: 'QuarantineStock',
  ...at,
  quantity,
  reason: 'inspection',
});
const ship = (reservationId: string, quantity: number): StockCommand => ({
  type: 'ShipStock',
  ...at,
  reservationId,
  quantity,
  shipmentId: 's1',
  orderId: 'order1',
  lineId: '1',
});
const release = (reservationId: string): StockCommand => ({
  type: 'ReleaseReservation',
  ...at,
  reservationId,
  reason: 'by hand',
});

type Told = { readonly [Type in StockMovement['type']]?: object };
/** Type, and what matters of the data. */
const told = (events: readonly StockEvent[]): readonly Told[] =>
  events.map(({ type, data }) => {
    const { warehouseId: _, sku: __, ...rest } = data;
    return { [type]: rest };
  });

describe('a fact below what is reserved is recorded (T28)', () => {
  it('damage of 5 with 8 of 10 reserved takes 3 from the newest claim, in the same append', () => {
    const events = lastOf(10, reserve('r1', 4, 'order1'), reserve('r2', 4, 'order2'), adjust(-5));
    expect(told(events)).toEqual([
      { StockAdjusted: { delta: -5, reason: 'damaged', after: balanceOf({ onHand: 5, reserved: 8 }) } },
      {
        StockReservationLapsed: {
          reservationId: 'r2',
          quantity: 3,
          orderId: 'order2',
          lineId: '1',
          cause: 'adjustment',
          after: balanceOf({ onHand: 5, reserved: 5 }),
        },
      },
    ]);
  });

  it('takes whole claims from the newest on, and of the last one only what no longer stands', () => {
    const claims = ['r1', 'r2', 'r3'].map((id) => reserve(id, 3));
    const lapsed = lastOf(10, ...claims, count(4)).filter(({ type }) => type === 'StockReservationLapsed');
    expect(lapsed.map(({ data }) => data)).toEqual([
      expect.objectContaining({ reservationId: 'r3', quantity: 3, cause: 'count' }),
      expect.objectContaining({ reservationId: 'r2', quantity: 2, cause: 'count' }),
    ]);
  });

  it('knows the newest of thousands of claims, in whatever order they are kept', () => {
    const claims = Array.from({ length: 1_000 }, (_, index) => reserve(`claim-${index}`, 1));
    const [, lapsed] = lastOf(1_000, ...claims, adjust(-1));
    expect(lapsed?.data).toMatchObject({ reservationId: 'claim-999', quantity: 1 });
  });

  it('a quarantine takes from claims as a loss does', () => {
    const events = lastOf(4, reserve('r1', 4), quarantine(3));
    expect(told(events)).toEqual([
      {
        StockQuarantined: {
          quantity: 3,
          reason: 'inspection',
          after: balanceOf({ onHand: 4, reserved: 4, quarantined: 3 }),
        },
      },
      {
        StockReservationLapsed: {
          reservationId: 'r1',
          quantity: 3,
          cause: 'quarantine',
          after: balanceOf({ onHand: 4, reserved: 1, quarantined: 3 }),
        },
      },
    ]);
  });

  it('a count below what stands in quarantine takes all claims first, then the mark', () => {
    const events = lastOf(10, quarantine(6), reserve('r1', 2), count(5));
    expect(told(events)).toEqual([
      expect.objectContaining({ StockCounted: expect.objectContaining({ counted: 5, delta: -5 }) }),
      expect.objectContaining({
        StockReservationLapsed: expect.objectContaining({ reservationId: 'r1', quantity: 2 }),
      }),
      { StockQuarantineReduced: { quantity: 1, cause: 'count', after: balanceOf({ onHand: 5, quarantined: 5 }) } },
    ]);
  });

  it('takes nothing from claims that still stand, though the safety stock is gone', () => {
    const policy: StockCommand = { type: 'SetStockPolicy', ...at, safetyStock: 5 };
    expect(told(lastOf(10, reserve('r1', 4), policy, adjust(-6)))).toEqual([
      { StockAdjusted: { delta: -6, reason: 'damaged', after: balanceOf({ onHand: 4, reserved: 4, safetyStock: 5 }) } },
    ]);
  });
});

describe('a fact beyond what is there', () => {
  it('-5 of 3 leaves 0 on hand, and an event that names the missing 2', () =>
    given(stockDecider, onHand(3))
      .when({ type: 'AdjustStock', ...at, delta: -5, reason: 'damaged', note: sealed('n'), reference: 'claim 3' })
      .thenRecordsEachTime(
        {
          type: 'StockAdjusted',
          data: { ...key, delta: -3, reason: 'damaged', reference: 'claim 3', note: sealed('n'), after: balanceOf({}) },
        },
        {
          type: 'StockDiscrepancyRecorded',
          data: {
            ...key,
            missing: 2,
            cause: 'adjustment',
            reason: 'damaged',
            reference: 'claim 3',
            after: balanceOf({}),
          },
        },
      ));

  it('keeps the reason of a loss of which nothing could be booked', () => {
    expect(told(lastOf(0, adjust(-2)))).toEqual([
      { StockAdjusted: { delta: 0, reason: 'damaged', after: balanceOf({}) } },
      { StockDiscrepancyRecorded: { missing: 2, cause: 'adjustment', reason: 'damaged', after: balanceOf({}) } },
    ]);
  });

  it('a quarantine of more than there is marks what there is', () => {
    expect(told(lastOf(3, quarantine(5)))).toEqual([
      { StockQuarantined: { quantity: 3, reason: 'inspection', after: balanceOf({ onHand: 3, quarantined: 3 }) } },
      {
        StockDiscrepancyRecorded: {
          missing: 2,
          cause: 'quarantine',
          reason: 'inspection',
          after: balanceOf({ onHand: 3, quarantined: 3 }),
        },
      },
    ]);
  });
});

describe('goods that left are booked out, whatever became of their reservation', () => {
  it('2 left of 5 although their reservation had been released: 3 are on hand', () => {
    const events = lastOf(5, reserve('r1', 2, 'order1'), release('r1'), ship('r1', 2));
    expect(told(events)).toEqual([
      {
        StockDeparted: {
          reservationId: 'r1',
          orderId: 'order1',
          lineId: '1',
          shipmentId: 's1',
          quantity: 2,
          after: balanceOf({ onHand: 3 }),
        },
      },
    ]);
  });

  it('what the reservation covers is taken from it, the rest from the shelf, and the newest other claim lapses', () => {
    const claims = [reserve('r1', 2, 'order1'), reserve('r2', 3, 'order2')];
    expect(told(lastOf(5, ...claims, ship('r1', 4)))).toEqual([
      { StockShipped: expect.objectContaining({ reservationId: 'r1', quantity: 2 }) },
      { StockDeparted: expect.objectContaining({ reservationId: 'r1', quantity: 2, shipmentId: 's1' }) },
      {
        StockReservationLapsed: {
          reservationId: 'r2',
          quantity: 2,
          orderId: 'order2',
          lineId: '1',
          cause: 'departure',
          after: balanceOf({ onHand: 1, reserved: 1 }),
        },
      },
    ]);
  });

  it('more than there was is a discrepancy that names shipment, order and line', () => {
    expect(told(lastOf(1, ship('gone', 3)))).toEqual([
      { StockDeparted: expect.objectContaining({ quantity: 1, after: balanceOf({}) }) },
      {
        StockDiscrepancyRecorded: {
          missing: 2,
          cause: 'departure',
          reservationId: 'gone',
          orderId: 'order1',
          lineId: '1',
          shipmentId: 's1',
          after: balanceOf({}),
        },
      },
    ]);
  });

  it('of a stock that was retired meanwhile, all of it is a discrepancy', () => {
    const events = lastOf(
      2,
      reserve('r1', 2),
      release('r1'),
      adjust(-2),
      { type: 'RetireStock', ...at },
      ship('r1', 2),
    );
    expect(told(events)).toEqual([
      { StockDiscrepancyRecorded: expect.objectContaining({ missing: 2, cause: 'departure' }) },
    ]);
  });
});

describe('promises, unlike facts, are refused for lack of stock', () => {
  it('a reservation, and the release of more than stands in quarantine', () => {
    given(stockDecider, onHand(3)).when(reserve('r1', 4)).thenRefused('INSUFFICIENT_STOCK');
    given(stockDecider, onHand(3))
      .when({ type: 'ReleaseQuarantine', ...at, quantity: 1 })
      .thenRefused('INSUFFICIENT_STOCK');
  });
});

describe('goods of a shipment that never left', () => {
  const voidIt = (reservationId: string, quantity: number): StockCommand => ({
    ...(ship(reservationId, quantity) as Extract<StockCommand, { type: 'ShipStock' }>),
    type: 'VoidDeparture',
  });
  const toldAfter = (...commands: readonly StockCommand[]) => told(lastOf(3, ...commands));

  it('are on the shelf again, whether a reservation covered them or not, and nobody has a claim on them', () => {
    const back = { reservationId: 'r1', quantity: 2, shipmentId: 's1', orderId: 'order1', lineId: '1' };
    const whole = { StockDispatchVoided: { ...back, after: balanceOf({ onHand: 3 }) } };
    expect(toldAfter(reserve('r1', 2, 'order1'), ship('r1', 2), voidIt('r1', 2))).toEqual([whole]);
    expect(toldAfter(ship('r1', 2), voidIt('r1', 2))).toEqual([whole]);
    expect(toldAfter(reserve('r1', 3, 'order1'), ship('r1', 2), voidIt('r1', 2))).toEqual([
      { StockDispatchVoided: { ...back, after: balanceOf({ onHand: 3, reserved: 1 }) } },
    ]);
  });

  it('are as many as were booked out: what the ledger did not know of is not promised to anybody', () => {
    expect(toldAfter(ship('r1', 5), voidIt('r1', 5))).toMatchObject([
      { StockDispatchVoided: { quantity: 3, after: balanceOf({ onHand: 3 }) } },
    ]);
    expect(toldAfter(adjust(-3), ship('r1', 5), voidIt('r1', 5))).toEqual([]);
  });

  it('open a stock again that was retired meanwhile', () => {
    expect(toldAfter(ship('r1', 3), { type: 'RetireStock', ...at }, voidIt('r1', 3))).toMatchObject([
      { StockRegistered: { onHand: 0 } },
      { StockDispatchVoided: { quantity: 3, after: balanceOf({ onHand: 3 }) } },
    ]);
  });
});
