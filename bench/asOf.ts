/**
 * `npm run bench:asof -- --events 100000`: a stock of 100 events and one of so many, on the embedded engine, each asked as of
 * 1,000 random instants. Each answer must be the plain fold of all events; the long stream may take three times as long.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { decodeStored } from '../src/domain/events.ts';
import { emptyBalance, moveBalance } from '../src/domain/stock/balance.ts';
import type { StockEvent } from '../src/domain/stock/events.ts';
import { stockStream } from '../src/domain/values.ts';
import type { EventEnvelope, RecordedEvent } from '../src/eventsourcing/message.ts';
import { projectBatch, type Recorded, untyped } from '../src/eventsourcing/projecting/projection.ts';
import { createSqliteDocuments } from '../src/infra/sqlite/documents/documents.ts';
import { createSqliteEvents } from '../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../src/infra/sqlite/file/database.ts';
import { foldAsOf } from '../src/projections/stockHistory/asOf.ts';
import { createStockHistory } from '../src/projections/stockHistory/queries.ts';
import type { StockLevelDocument } from '../src/projections/stockLevels/projection.ts';
import { createStockTimesQueries, stockTimes } from '../src/projections/stockTimes/projection.ts';

const { values } = parseArgs({ options: { events: { type: 'string', default: '100000' } } });
const longEvents = Number(values.events);
if (!Number.isInteger(longEvents) || longEvents < 1) throw new RangeError('--events takes a whole number from 1.');

const shortEvents = 100;
const instants = 1_000;
const ratioMax = 3;
/** As a busy SKU has them. */
const restMs = 10 * 60_000;
/** Each tenth event is told up to two days late. */
const lateMaxMs = 2 * 24 * 60 * 60_000;
const startMs = Date.parse('2020-01-01T00:00:00.000Z');
const appendedAtOnce = 500;

/** The same in each run (mulberry32). */
const createDice = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
const dice = createDice(16);

const timeOf = (ms: number): string => new Date(ms).toISOString();
const metadata: RecordedEvent['metadata'] = {
  $correlationId: 'bench',
  $causationId: 'bench',
  commandId: 'bench',
  actor: { subject: 'bench', kind: 'client', client: 'bench' },
  authentication: {},
};

const keyOf = (count: number) => ({ warehouseId: 'BER', sku: `SKU-${count}` });

const eventsOf = (count: number): readonly EventEnvelope[] => {
  const key = keyOf(count);
  let after = emptyBalance;
  return Array.from({ length: count }, (_, index): EventEnvelope => {
    const recordedMs = startMs + index * restMs;
    const lateMs = index > 0 && dice() < 0.1 ? Math.floor(dice() * lateMaxMs) : 0;
    const movement =
      index === 0
        ? ({
            type: 'StockRegistered',
            data: { ...key, onHand: 0, safetyStock: 0, registeredAt: timeOf(startMs) },
          } as const)
        : ({ type: 'StockReceived', data: { ...key, quantity: 1 + Math.floor(dice() * 5) } } as const);
    after = moveBalance(after, movement);
    return {
      id: crypto.randomUUID(),
      type: movement.type,
      schemaVersion: 1,
      occurredAt: timeOf(Math.max(startMs, recordedMs - lateMs)),
      recordedAt: timeOf(recordedMs),
      data: { ...movement.data, after },
      metadata,
    };
  });
};

const directory = await mkdtemp(join(tmpdir(), 'stockledger-asof-'));
const db = openDatabase(join(directory, 'bench.db'));
const source = await createSqliteEvents(db, decodeStored);
const documents = createSqliteDocuments(db);
const times = untyped(stockTimes);
await documents.ensure(times);
const history = createStockHistory(source, {
  ...createStockTimesQueries(documents, () => times.name),
  isCaughtUp: async () => true,
});

const store = async (count: number): Promise<readonly Recorded<StockEvent>[]> => {
  const { warehouseId, sku } = keyOf(count);
  const recorded: RecordedEvent[] = [];
  const events = eventsOf(count);
  for (let from = 0; from < count; from += appendedAtOnce) {
    const expected = from === 0 ? 'no_stream' : from - 1;
    const some = events.slice(from, from + appendedAtOnce);
    const result = await source.append(stockStream(warehouseId, sku), expected, some);
    if (result.kind !== 'appended') throw new Error(result.kind);
    recorded.push(...result.events);
    await projectBatch(times, { documents, collection: times.name }, result.events);
  }
  return recorded as readonly Recorded<StockEvent>[];
};

/** Milliseconds for each question, in the middle and at the 99th of a hundred, and how many answers were wrong. */
const measure = async (count: number) => {
  const log = await store(count);
  const asked = Array.from({ length: instants }, () => timeOf(startMs + Math.floor(dice() * count * restMs)));
  const answers: (StockLevelDocument | null)[] = [];
  const spentMs: number[] = [];
  for (const asOf of asked) {
    const from = performance.now();
    answers.push(await history.asOf(keyOf(count), { asOf }));
    spentMs.push(performance.now() - from);
  }
  const plain = (asOf: string): StockLevelDocument | null =>
    log.reduce<StockLevelDocument | null>((level, event) => foldAsOf(level, event, { asOf }), null);
  const wrong = asked.filter((asOf, index) => !isDeepStrictEqual(answers[index], plain(asOf))).length;
  const sorted = spentMs.toSorted((a, b) => a - b);
  const [middleMs, slowMs] = [sorted[instants / 2] ?? 0, sorted[Math.floor(instants * 0.99)] ?? 0];
  process.stdout.write(
    `${count} events: ${middleMs.toFixed(2)} ms in the middle, p99 ${slowMs.toFixed(2)} ms, ${wrong} of ${instants} answers wrong\n`,
  );
  return { middleMs, wrong };
};

await measure(shortEvents + 1);
const [short, long] = [await measure(shortEvents), await measure(longEvents)];
await db.close();
await rm(directory, { recursive: true });
const ratio = long.middleMs / short.middleMs;
process.stdout.write(`ratio ${ratio.toFixed(2)}, at most ${ratioMax}\n`);
process.exitCode = ratio <= ratioMax && short.wrong + long.wrong === 0 ? 0 : 1;
