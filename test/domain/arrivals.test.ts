/** What an inbound shipment tells a stock (T1): it has decided, so that nothing is refused, and the newest news counts. */
import { describe, expect, it } from 'vitest';
import type { StockArrived, StockExpected } from '../../src/domain/stock/arrivalEvents.ts';
import { type Arrivals, expectedBy, expectedIn } from '../../src/domain/stock/arrivals.ts';
import type { StockCommandOf } from '../../src/domain/stock/commands.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import type { Balance } from '../../src/domain/stock/shapes.ts';
import { given } from '../support/deciderSpec.ts';
import { balanceOf, earlier, later, now, soon } from '../support/samples.ts';

const chairs = { warehouseId: 'BER', sku: 'CHAIR' };
const line = { inboundId: 'in1', lineId: '1' };
const registered = (onHand = 0, registeredAt = now): StockEvent => ({
  type: 'StockRegistered',
  data: { ...chairs, onHand, safetyStock: 0, registeredAt, after: balanceOf({ onHand }) },
});
const news = (inboundRevision: number, expected: number, expectedAt = soon) => ({
  ...line,
  inboundRevision,
  expected,
  expectedAt,
});
const expect_ = (revision: number, pieces: number): StockCommandOf<'ExpectArrival'> => ({
  type: 'ExpectArrival',
  ...chairs,
  occurredAt: now,
  ...news(revision, pieces),
});
const arrive = (revision: number, rest: number, quantity: number): StockCommandOf<'RecordArrival'> => ({
  ...expect_(revision, rest),
  type: 'RecordArrival',
  quantity,
});
type Told = ReturnType<typeof news>;
const expected = (told: Told, incomingDelta: number, after: Partial<Balance>): StockExpected => ({
  type: 'StockExpected',
  data: { ...chairs, ...told, incomingDelta, after: balanceOf(after) },
});
const arrived = (told: Told, moved: readonly [quantity: number, delta: number], after: Partial<Balance>) =>
  ({
    type: 'StockArrived',
    data: { ...chairs, ...told, quantity: moved[0], incomingDelta: moved[1], after: balanceOf(after) },
  }) satisfies StockArrived;

describe('what is on its way to a stock', () => {
  it('is set, not added', () => {
    given(stockDecider, registered(), expected(news(0, 10), 10, { incoming: 10 }))
      .when(expect_(1, 7))
      .thenRecords(expected(news(1, 7), -3, { incoming: 7 }));
  });
  it('is as the newest event says, whatever is told after it', () => {
    given(stockDecider, registered(), expected(news(3, 7), 7, { incoming: 7 }))
      .when(expect_(2, 10))
      .thenNothing();
  });
  it('opens a stock that is not there, with nothing on hand', () => {
    given(stockDecider)
      .when(expect_(0, 10))
      .thenRecords(registered(), expected(news(0, 10), 10, { incoming: 10 }));
  });
  it('is told late of a line that is done: nothing is expected again', () => {
    const done = given(stockDecider, registered(), arrived(news(1, 0), [10, 0], { onHand: 10 }));
    done.when(expect_(0, 10)).thenNothing();
  });
  it('keeps a stock from being retired', () => {
    given(stockDecider, registered(), expected(news(0, 10), 10, { incoming: 10 }))
      .when({ type: 'RetireStock', ...chairs, occurredAt: now })
      .thenRefused('STOCK_NOT_EMPTY');
  });
});

/** Only the first time: then it is open. */
const opens =
  (...history: readonly StockEvent[]) =>
  (command: StockCommandOf<'RecordArrival'>, ...events: readonly StockEvent[]): void => {
    const stock = history.reduce(stockDecider.evolve, stockDecider.initialState);
    expect(stockDecider.decide(command, stock)).toStrictEqual({ accepted: events });
  };

describe('what arrives', () => {
  it('is on hand, in the same event in which less is expected', () => {
    given(stockDecider, registered(1), expected(news(0, 10), 10, { onHand: 1, incoming: 10 }))
      .when(arrive(1, 4, 6))
      .thenRecordsEachTime(arrived(news(1, 4), [6, -6], { onHand: 7, incoming: 4 }));
  });
  it('is on hand, though something newer was told before: that stays', () => {
    given(stockDecider, registered(), expected(news(2, 0), 0, {}))
      .when(arrive(1, 4, 6))
      .thenRecordsEachTime(arrived(news(2, 0), [6, 0], { onHand: 6 }));
  });
  it('opens a stock that nobody registered, as a fact is never refused', () => {
    opens()(arrive(1, 4, 6), registered(), arrived(news(1, 4), [6, 4], { onHand: 6, incoming: 4 }));
  });
  it('opens a stock that was retired meanwhile', () => {
    const retired: StockEvent = { type: 'StockRetired', data: { ...chairs, after: balanceOf({}) } };
    const gone = given(stockDecider, registered(), retired);
    opens(registered(), retired)(arrive(1, 0, 6), registered(), arrived(news(1, 0), [6, 0], { onHand: 6 }));
    // Nothing to come is no reason to open it.
    gone.when(expect_(1, 0)).thenRecords(expected(news(1, 0), 0, {}));
  });
  it('may have come before the stock was registered', () => {
    given(stockDecider, registered(0, now))
      .when({ ...arrive(1, 0, 6), occurredAt: earlier })
      .thenRecordsEachTime(arrived(news(1, 0), [6, 0], { onHand: 6 }));
  });
});

describe('what a stock remembers of lines that have come', () => {
  it('is bounded, and what is on its way is never forgotten', () => {
    const onItsWay = expected({ ...news(0, 5), inboundId: 'first' }, 5, { incoming: 5 });
    const done = Array.from({ length: 300 }, (_, at) =>
      expected({ ...news(0, 0), inboundId: `done${at}` }, 0, { incoming: 5 }),
    );
    const stock = [registered(), onItsWay, ...done].reduce(stockDecider.evolve, stockDecider.initialState);
    if (stock.phase === 'absent') throw new Error('a registered stock is there');
    expect(expectedIn(stock.arrivals)).toMatchObject([{ inboundId: 'first', quantity: 5 }]);
    expect(stock.arrivals).toHaveLength(201);
    expect(stock.arrivals.at(-1)).toMatchObject({ inboundId: 'done299' });
  });
});

describe('what is there by a date (T2)', () => {
  const of = (lineId: string, quantity: number, expectedAt: string): Arrivals[number] => ({
    inboundId: 'in1',
    lineId,
    quantity,
    expectedAt,
    revision: 0,
  });
  it('counts the lines that are expected by then, the earliest first, and none that has come', () => {
    const lines = [of('a', 3, later), of('b', 2, soon), of('c', 0, soon), of('d', 9, now)];
    expect(expectedBy(lines, soon).map(({ lineId }) => lineId)).toEqual(['d', 'b']);
    expect(expectedBy(lines, earlier)).toEqual([]);
  });
});
