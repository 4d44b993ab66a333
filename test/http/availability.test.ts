/** What is there by a date (T2): a figure that adds up, whatever was told of which line, and in whatever order. */
import { array, assert, constantFrom, integer, nat, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StockCommand } from '../../src/domain/stock/commands.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import type { Recorded } from '../../src/eventsourcing/projecting/projection.ts';
import { levelBy, showExpected } from '../../src/http/reads/availability.ts';
import { type StockLevelDocument, stockLevels } from '../../src/projections/stockLevels/projection.ts';
import { recordedBy } from '../support/deciderSpec.ts';
import { now } from '../support/samples.ts';

const place = { warehouseId: 'BER', sku: 'CHAIR', occurredAt: now };
const days = ['2026-03-08', '2026-03-09', '2026-03-15', '2026-04-01'].map((day) => `${day}T09:00:00.000Z`);
const [firstDay = '', ...laterDays] = days;

/** Of four lines; `accepted` is nothing now and then. */
const news = tuple(nat(3), nat(20), integer({ min: 0, max: 9 }), constantFrom(...days), nat(3));

const commandOf = (told: readonly [number, number, number, string, number]): StockCommand => {
  const [line, inboundRevision, expected, expectedAt, quantity] = told;
  const data = { ...place, inboundId: 'in1', lineId: `${line}`, inboundRevision, expected, expectedAt };
  return quantity === 0 ? { type: 'ExpectArrival', ...data } : { type: 'RecordArrival', ...data, quantity };
};

const levelAfter = (commands: readonly StockCommand[]): StockLevelDocument => {
  let state = stockDecider.initialState;
  let level: StockLevelDocument | null = null;
  let revision = -1;
  for (const command of commands) {
    for (const event of recordedBy(stockDecider.decide(command, state))) {
      revision += 1;
      state = stockDecider.evolve(state, event);
      const recorded = { ...event, revision, recordedAt: now } as Recorded<StockEvent>;
      level = stockLevels.apply(level, recorded, '');
    }
  }
  if (level === null) throw new Error('nothing was recorded');
  return level;
};

describe('availability by a date', () => {
  it('is what is on hand, with the newest that was told of each line up to then, less what is held back', () => {
    assert(
      property(nat(20), nat(15), array(news, { maxLength: 30 }), (onHand, safetyStock, told) => {
        const level = levelAfter([{ type: 'RegisterStock', ...place, onHand, safetyStock }, ...told.map(commandOf)]);
        // Counted by hand: of each line what the newest revision says, and of two with the same, the first.
        const newest = new Map<number, (typeof told)[number]>();
        for (const each of told) if (each[1] > (newest.get(each[0])?.[1] ?? -1)) newest.set(each[0], each);
        const arrived = told.reduce((sum, [, , , , quantity]) => sum + quantity, 0);
        for (const at of days) {
          const due = [...newest.values()].filter(([, , , expectedAt]) => expectedAt <= at);
          const expected = due.reduce((sum, [, , pieces]) => sum + pieces, 0);
          expect(levelBy(level, at).available).toBe(Math.max(0, onHand + arrived + expected - safetyStock));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('rises from one line to the next by just its pieces', () => {
    const told = laterDays.map((day, line) => commandOf([line, 0, line + 1, day, 0]));
    const level = levelAfter([{ type: 'RegisterStock', ...place, onHand: 5, safetyStock: 0 }, ...told]);
    expect([firstDay, ...laterDays].map((at) => levelBy(level, at).available)).toEqual([5, 6, 8, 11]);
    const dates = showExpected(levelBy(level, days.at(-1) ?? '')).map((line) => Object.values(line).at(-1));
    expect(dates).toEqual(laterDays);
  });
});
