import { array, assert, asyncProperty, nat } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StockMovement } from '../../src/domain/stock/balance.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { Stock } from '../../src/domain/stock/state.ts';
import type { FindPastState } from '../../src/eventsourcing/commandHandling/pastStates.ts';
import { createStockHistory } from '../../src/projections/stockHistory/queries.ts';
import { levelOf } from '../../src/projections/stockLevels/projection.ts';
import { stockHistories } from './stockHistories.ts';
import { arrayReader, chairs, logOf, move, openSource, registered, stockEvents, timeAt } from './stockLog.ts';

const monday = '2026-03-02T12:00:00.000Z';
const tuesday = '2026-03-03T12:00:00.000Z';
const wednesday = '2026-03-04T12:00:00.000Z';

const hourAt = (hours: number): string => timeAt(3_600 * hours);

/** What happened, when it did, and when it was typed in. */
type Told = readonly [movement: StockMovement, occurredAt: string, recordedAt: string];

const historyOf = async (...told: readonly Told[]) => {
  const log = logOf(...stockEvents(...told.map(([movement]) => movement)));
  const dated = log.map((event, index) => {
    const [, occurredAt = '', recordedAt = ''] = told[index] ?? [];
    return { ...event, occurredAt, recordedAt };
  });
  return createStockHistory(await openSource(dated));
};

const lateDelivery: readonly Told[] = [
  [registered(10, 2), '2026-03-01T08:00:00.000Z', '2026-03-01T08:00:00.000Z'],
  [move('StockAdjusted', { delta: -1, reason: 'lost' }), tuesday, tuesday],
  [move('StockReceived', { quantity: 5 }), monday, wednesday],
];

describe('a stock as of a time (B2)', () => {
  it('counts a delivery of Monday that was typed in on Wednesday', async () => {
    const history = await historyOf(...lateDelivery);
    expect(await history.asOf(chairs, { asOf: tuesday })).toEqual({
      ...chairs,
      onHand: 14,
      reserved: 0,
      quarantined: 0,
      incoming: 0,
      safetyStock: 2,
      available: 12,
      status: 'active',
      belowSafetyStock: false,
      registeredAt: '2026-03-01T08:00:00.000Z',
      revision: 2,
      updatedAt: wednesday,
    });
    expect(await history.asOf(chairs, { asOf: monday })).toMatchObject({ onHand: 15 });
  });

  it('leaves it out of what was known on Tuesday', async () => {
    const history = await historyOf(...lateDelivery);
    const asKnown = await history.asOf(chairs, { asOf: tuesday, knownAt: tuesday });
    expect(asKnown).toMatchObject({ onHand: 9, revision: 1, updatedAt: tuesday });
    expect(await history.asOf(chairs, { knownAt: tuesday })).toEqual(asKnown);
  });

  it('counts the very moment, and nothing a millisecond later', async () => {
    const history = await historyOf(...lateDelivery);
    expect(await history.asOf(chairs, { asOf: '2026-03-03T11:59:59.999Z' })).toMatchObject({ onHand: 15 });
    expect(await history.asOf(chairs, { knownAt: '2026-03-04T11:59:59.999Z' })).toMatchObject({ onHand: 9 });
    expect(await history.asOf(chairs, { knownAt: wednesday })).toMatchObject({ onHand: 14 });
  });

  it('is nothing before it was registered, or known to be, or when it never was', async () => {
    const history = await historyOf(...lateDelivery);
    expect(await history.asOf(chairs, { asOf: '2026-03-01T07:59:59.999Z' })).toBeNull();
    expect(await history.asOf(chairs, { knownAt: '2026-03-01T07:59:59.999Z' })).toBeNull();
    expect(await history.asOf({ warehouseId: 'PAR', sku: 'CHAIR' }, {})).toBeNull();
  });

  it('lets what was recorded last win where two events set the same', async () => {
    const history = await historyOf(
      [registered(10), '2026-03-01T08:00:00.000Z', '2026-03-01T08:00:00.000Z'],
      [move('StockPolicySet', { safetyStock: 4 }), tuesday, tuesday],
      [move('StockPolicySet', { safetyStock: 6 }), monday, wednesday],
    );
    expect(await history.asOf(chairs, { asOf: tuesday })).toMatchObject({ safetyStock: 6 });
    expect(await history.asOf(chairs, { asOf: tuesday, knownAt: tuesday })).toMatchObject({ safetyStock: 4 });
  });

  it('shows goods that were sent off before their arrival was dated as missing, and promises none', async () => {
    const history = await historyOf(
      [registered(0), '2026-03-01T08:00:00.000Z', '2026-03-01T08:00:00.000Z'],
      [move('StockReceived', { quantity: 5 }), wednesday, monday],
      [move('StockAdjusted', { delta: -5, reason: 'lost' }), tuesday, tuesday],
    );
    expect(await history.asOf(chairs, { asOf: tuesday })).toMatchObject({ onHand: -5, available: 0 });
    expect(await history.asOf(chairs, { asOf: wednesday })).toMatchObject({ onHand: 0, available: 0 });
  });

  it('knows a retired stock, the time before, and its second life', async () => {
    const history = await historyOf(
      [registered(0), '2026-03-01T08:00:00.000Z', '2026-03-01T08:00:00.000Z'],
      [move('StockRetired', {}), monday, monday],
      [registered(3), wednesday, wednesday],
    );
    expect(await history.asOf(chairs, { asOf: '2026-03-01T09:00:00.000Z' })).toMatchObject({ status: 'active' });
    expect(await history.asOf(chairs, { asOf: tuesday })).toMatchObject({ status: 'retired', onHand: 0 });
    expect(await history.asOf(chairs, { asOf: wednesday })).toMatchObject({ status: 'active', onHand: 3 });
  });

  it('reads on where one slice of the stream ends', async () => {
    const received = Array.from({ length: 1_200 }, () => move('StockReceived', { quantity: 1 }));
    const history = createStockHistory(await openSource(logOf(...stockEvents(registered(0), ...received))));
    expect(await history.asOf(chairs, {})).toMatchObject({ onHand: 1_200, revision: 1_200 });
    expect(await history.asOf(chairs, { knownAt: timeAt(700) })).toMatchObject({ onHand: 700, revision: 700 });
  });

  it('is the fold of what was known, for any history and any order in which it happened', async () => {
    await assert(
      asyncProperty(stockHistories, array(nat(40), { maxLength: 40 }), nat(40), async (events, hours, known) => {
        const log = logOf(...events).map((event, index) => ({ ...event, occurredAt: timeAt(hours[index] ?? 0) }));
        const expected = (count: number) => {
          const stock = events.slice(0, count).reduce(stockDecider.evolve, stockDecider.initialState);
          if (stock.phase === 'absent') throw new Error('the first event registers');
          return levelOf({ ...chairs, stock, revision: count - 1, updatedAt: timeAt(count - 1) });
        };
        const history = createStockHistory(arrayReader(log));
        expect(await history.asOf(chairs, {})).toEqual(expected(events.length));
        const count = Math.min(known + 1, events.length);
        expect(await history.asOf(chairs, { knownAt: timeAt(known) })).toEqual(expected(count));
      }),
    );
  });

  it('is the same from a snapshot before that time as from the beginning, whatever was told late', async () => {
    await assert(
      asyncProperty(
        stockHistories,
        array(nat(40), { maxLength: 40 }),
        nat(40),
        nat(40),
        async (events, late, at, known) => {
          // An hour apart as they were told; each happened then, or some hours before.
          const log = logOf(...events).map((event, index) => ({
            ...event,
            recordedAt: hourAt(index),
            occurredAt: hourAt(Math.max(0, index - (late[index] ?? 0))),
          }));
          const findPast: FindPastState<Stock> = async (_stream, recordedBy) => {
            const revision = log.findLastIndex(({ recordedAt }) => recordedAt <= recordedBy);
            if (revision < 0) return null;
            const state = events.slice(0, revision + 1).reduce(stockDecider.evolve, stockDecider.initialState);
            return { state, revision, updatedAt: hourAt(revision) };
          };
          const [whole, fromSnapshots] = [
            createStockHistory(arrayReader(log)),
            createStockHistory(arrayReader(log), findPast),
          ];
          for (const moment of [
            {},
            { asOf: hourAt(at) },
            { knownAt: hourAt(known) },
            { asOf: hourAt(at), knownAt: hourAt(known) },
          ]) {
            expect(await fromSnapshots.asOf(chairs, moment)).toEqual(await whole.asOf(chairs, moment));
          }
        },
      ),
    );
  });
});
