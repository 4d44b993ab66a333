/** A claim that passes its pieces on to another one: in one event, so that nobody gets them in between (issue point 3). */
import { describe, expect, it } from 'vitest';
import type { StockCommandOf } from '../../src/domain/stock/commands.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent, StockRegistered, StockReserved } from '../../src/domain/stock/events.ts';
import { reservationsOf, type Stock } from '../../src/domain/stock/state.ts';
import { given, recordedBy } from '../support/deciderSpec.ts';
import { balanceOf, later, now, soon } from '../support/samples.ts';

const key = { warehouseId: 'BER', sku: 'CHAIR' };
const registered: StockRegistered = {
  type: 'StockRegistered',
  data: { ...key, onHand: 4, safetyStock: 1, registeredAt: now, after: balanceOf({ onHand: 4, safetyStock: 1 }) },
};
const figures = balanceOf({ onHand: 4, reserved: 3, safetyStock: 1 });
/** All that may be promised. */
const hold: StockReserved = {
  type: 'StockReserved',
  data: { ...key, reservationId: 'hold', quantity: 3, expiresAt: soon, orderId: 'order1', after: figures },
};
const takeOver = (changes: Partial<StockCommandOf<'ReserveStock'>> = {}): StockCommandOf<'ReserveStock'> => ({
  type: 'ReserveStock',
  ...key,
  occurredAt: now,
  reservationId: 'r1',
  quantity: 3,
  expiresAt: later,
  orderId: 'order1',
  lineId: '1',
  from: 'hold',
  ...changes,
});
const { initialState } = stockDecider;
const fold = (...events: readonly StockEvent[]): Stock => events.reduce(stockDecider.evolve, initialState);
const takenOver = (quantity: number): StockEvent => ({
  type: 'StockReservationTakenOver',
  data: {
    ...key,
    reservationId: 'r1',
    quantity,
    expiresAt: later,
    orderId: 'order1',
    lineId: '1',
    fromReservationId: 'hold',
    after: figures,
  },
});

describe('a reservation that takes over pieces of another one', () => {
  it('gets them although nothing else is free, with its own time to live', () => {
    given(stockDecider, registered, hold).when(takeOver()).thenRecords(takenOver(3));
    const claims = reservationsOf(fold(registered, hold, takenOver(3)), 'order1');
    expect(claims).toMatchObject([{ reservationId: 'r1', quantity: 3, expiresAtMs: Date.parse(later), lineId: '1' }]);
  });

  it('leaves the rest where it was', () => {
    given(stockDecider, registered, hold)
      .when(takeOver({ quantity: 2 }))
      .thenRecords(takenOver(2));
    const claims = reservationsOf(fold(registered, hold, takenOver(2)), 'order1');
    expect(claims.map(({ reservationId, quantity }) => [reservationId, quantity])).toEqual([
      ['hold', 1],
      ['r1', 2],
    ]);
  });

  it('is recorded once, however often it is asked', () => {
    given(stockDecider, registered, hold, takenOver(3)).when(takeOver()).thenNothing();
  });

  it('is refused where the other one is gone, or has less', () => {
    given(stockDecider, registered).when(takeOver()).thenRefused('RESERVATION_NOT_FOUND');
    given(stockDecider, registered, hold)
      .when(takeOver({ quantity: 4 }))
      .thenRefused('INSUFFICIENT_STOCK');
  });

  it('loses its pieces after the rest of the hold, however many there are', () => {
    const large = balanceOf({ onHand: 20 });
    const [opened, held]: readonly StockEvent[] = [
      { ...registered, data: { ...registered.data, onHand: 20, safetyStock: 0, after: large } },
      { ...hold, data: { ...hold.data, quantity: 20, after: { ...large, reserved: 20 } } },
    ];
    const parts = Array.from({ length: 14 }, (_, index): StockEvent => {
      const data = { ...key, reservationId: `part-${index}`, quantity: 1, expiresAt: later, orderId: 'order1' };
      return {
        type: 'StockReservationTakenOver',
        data: { ...data, lineId: `${index}`, fromReservationId: 'hold', after: { ...large, reserved: 20 } },
      };
    });
    const stock = fold(opened as StockEvent, held as StockEvent, ...parts);
    const loss = { type: 'AdjustStock', ...key, occurredAt: now, delta: -6, reason: 'damaged' } as const;
    const lapsed = recordedBy(stockDecider.decide(loss, stock));
    expect(lapsed.filter(({ type }) => type === 'StockReservationLapsed')).toMatchObject([
      { data: { reservationId: 'hold', quantity: 6 } },
    ]);
  });

  it('keeps its place in line: a later claim loses its pieces first', () => {
    const later1: StockEvent = {
      type: 'StockReserved',
      data: { ...key, reservationId: 'r2', quantity: 1, expiresAt: soon, after: { ...figures, reserved: 4 } },
    };
    const state = fold(registered, hold, later1, takenOver(3));
    const lost = stockDecider.decide(
      { type: 'AdjustStock', ...key, occurredAt: now, delta: -1, reason: 'lost' },
      state,
    );
    expect(lost).toMatchObject({
      accepted: [{ type: 'StockAdjusted' }, { data: { reservationId: 'r2', quantity: 1 } }],
    });
  });
});
