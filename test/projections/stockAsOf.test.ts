import { array, assert, asyncProperty, constantFrom, nat, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StockMovement } from '../../src/domain/stock/balance.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { StockTimes } from '../../src/projections/stockHistory/asOf.ts';
import { createStockHistory } from '../../src/projections/stockHistory/queries.ts';
import { levelOf } from '../../src/projections/stockLevels/projection.ts';
import { createStockTimesQueries, stockTimes } from '../../src/projections/stockTimes/projection.ts';
import { stockHistories } from './stockHistories.ts';
import {
  arrayReader,
  chairs,
  logOf,
  move,
  openSource,
  projected,
  registered,
  stockEvents,
  timeAt,
} from './stockLog.ts';

const monday = '2026-03-02T12:00:00.000Z';
const tuesday = '2026-03-03T12:00:00.000Z';
const wednesday = '2026-03-04T12:00:00.000Z';

const hourAt = (hours: number): string => timeAt(3_600 * hours);

/** The marks that these events leave. */
const timesOf = async (log: readonly RecordedEvent[]): Promise<StockTimes> => ({
  ...createStockTimesQueries(await projected(stockTimes, log), () => stockTimes.name),
  isCaughtUp: async () => true,
});

/** What happened, when it did, and when it was typed in. */
type Told = readonly [movement: StockMovement, occurredAt: string, recordedAt: string];

const historyOf = async (...told: readonly Told[]) => {
  const log = logOf(...stockEvents(...told.map(([movement]) => movement)));
  const dated = log.map((event, index) => {
    const [, occurredAt = '', recordedAt = ''] = told[index] ?? [];
    return { ...event, occurredAt, recordedAt };
  });
  return createStockHistory(await openSource(dated), await timesOf(dated));
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
      // Clocks of clients may be five minutes ahead.
      [move('StockReceived', { quantity: 5 }), '2026-03-03T12:04:00.000Z', tuesday],
      [move('StockAdjusted', { delta: -5, reason: 'lost' }), '2026-03-03T12:01:00.000Z', '2026-03-03T12:01:00.000Z'],
    );
    expect(await history.asOf(chairs, { asOf: '2026-03-03T12:01:00.000Z' })).toMatchObject({
      onHand: -5,
      available: 0,
    });
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

  it('keeps what was there before a retirement when a fact of that time opens the stock anew', async () => {
    const history = await historyOf(
      [registered(5, 2), '2026-03-01T08:00:00.000Z', '2026-03-01T08:00:00.000Z'],
      [move('StockAdjusted', { delta: -5, reason: 'lost' }), wednesday, wednesday],
      [move('StockRetired', {}), wednesday, wednesday],
      [registered(0), monday, '2026-03-05T12:00:00.000Z'],
      [move('StockReceived', { quantity: 2 }), monday, '2026-03-05T12:00:00.000Z'],
    );
    expect(await history.asOf(chairs, { asOf: tuesday })).toMatchObject({ onHand: 7, safetyStock: 2, revision: 4 });
    expect(await history.asOf(chairs, { asOf: wednesday })).toMatchObject({ status: 'active', onHand: 2 });
    expect(await history.asOf(chairs, { asOf: tuesday, knownAt: wednesday })).toMatchObject({ onHand: 5 });
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

  it('is the same with marks as from the whole stream, at any two moments, whatever was told late or early', async () => {
    const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
    const rests = constantFrom(1, 900, 5 * second, minute, hour, 10 * day);
    // Clocks of several machines: what is recorded later may say a little earlier.
    const skews = constantFrom(0, 0, 0, 4 * second);
    const lateness = constantFrom(0, 0, 0, 500, 5 * second, 5 * minute, hour, 3 * day, 400 * day, -500, -4 * minute);
    const told = array(tuple(rests, skews, lateness), { minLength: 41, maxLength: 41 });
    const near = tuple(nat(40), constantFrom(-hour, -second, -1, 0, 1, second, minute));
    await assert(
      asyncProperty(stockHistories, told, near, near, async (events, times, asked, known) => {
        let atMs = Date.parse(monday);
        const log = logOf(...events).map((event, index) => {
          const [restMs, skewMs, lateMs] = times[index % times.length] ?? [0, 0, 0];
          atMs += restMs;
          const recordedMs = atMs - skewMs;
          const [recordedAt, occurredAt] = [recordedMs, recordedMs - lateMs].map((ms) => new Date(ms).toISOString());
          return { ...event, recordedAt: recordedAt as string, occurredAt: occurredAt as string };
        });
        const at = ([index, beside]: readonly [number, number], time: 'occurredAt' | 'recordedAt'): string =>
          new Date(Date.parse(log[index % log.length]?.[time] ?? monday) + beside).toISOString();
        const whole = createStockHistory(arrayReader(log));
        const marked = createStockHistory(arrayReader(log), await timesOf(log));
        const [asOf, knownAt] = [at(asked, 'occurredAt'), at(known, 'recordedAt')];
        for (const moment of [{}, { asOf }, { knownAt }, { asOf, knownAt }]) {
          expect(await marked.asOf(chairs, moment)).toEqual(await whole.asOf(chairs, moment));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('at 1,000 instants is the plain fold, and reads a stream of 20,000 events no more than one of 100', async () => {
    const hourly = async (count: number) => {
      const received = Array.from({ length: count - 1 }, () => move('StockReceived', { quantity: 1 }));
      const log = logOf(...stockEvents(registered(0), ...received)).map((event, index) => ({
        ...event,
        recordedAt: hourAt(index),
        // Each tenth is told two days late.
        occurredAt: hourAt(index % 10 === 9 ? Math.max(0, index - 48) : index),
      }));
      const looked = { events: 0 };
      const reader = arrayReader(log);
      const counting: typeof reader = {
        readStream: async (stream, from, limit) => {
          const read = await reader.readStream(stream, from, limit);
          looked.events += read.length;
          return read;
        },
      };
      const history = createStockHistory(counting, await timesOf(log));
      for (let asked = 0; asked < 1_000; asked += 1) {
        // Spread over the whole stream by a stride that meets each tenth of it often.
        const index = (asked * 7_919) % count;
        const asOf = hourAt(index);
        const happened = log.filter(({ occurredAt }) => occurredAt <= asOf).length;
        expect(await history.asOf(chairs, { asOf })).toMatchObject({ onHand: happened - 1 });
      }
      return looked.events;
    };
    const [short, long] = [await hourly(100), await hourly(20_000)];
    expect(long / short).toBeLessThan(3);
  });

  it('reads the whole stream where the marks have not come so far, or more is late than is read one by one', async () => {
    const received = Array.from({ length: 1_200 }, () => move('StockReceived', { quantity: 1 }));
    // Brought in at once: what happened hour by hour was told within 20 minutes, much later.
    const log = logOf(...stockEvents(registered(0), ...received)).map((event, index) => ({
      ...event,
      recordedAt: hourAt(50_000 + index / 3_600),
      occurredAt: hourAt(index),
    }));
    const times = await timesOf(log);
    for (const isCaughtUp of [true, false]) {
      const history = createStockHistory(arrayReader(log), { ...times, isCaughtUp: async () => isCaughtUp });
      expect(await history.asOf(chairs, { asOf: hourAt(1_000) })).toMatchObject({ onHand: 1_000, revision: 1_000 });
      expect(await history.asOf(chairs, { asOf: hourAt(100) })).toMatchObject({ onHand: 100, revision: 100 });
    }
  });
});
