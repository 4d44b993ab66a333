/**
 * The clustered form on many stocks that have been in use: their states don't fit the cache, so that most commands read a
 * snapshot from MongoDB and the events since from EventStoreDB. One part in `part` of 20,000 stocks, and of the cache.
 */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { decodeStored } from '../../src/domain/events.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import { stockStream } from '../../src/domain/values.ts';
import { createCommandHandler } from '../../src/eventsourcing/commandHandling/commandHandler.ts';
import { createSnapshotWriter } from '../../src/eventsourcing/commandHandling/snapshotWriter.ts';
import { createStateCache } from '../../src/eventsourcing/commandHandling/stateCache.ts';
import { createEventStoreEvents } from '../../src/infra/eventstoredb/events.ts';
import { openMongo } from '../../src/infra/mongodb/connect.ts';
import { createMongoSnapshots } from '../../src/infra/mongodb/snapshots.ts';
import { createSystemClock } from '../../src/infra/system.ts';
import { createBook } from '../stall/book.ts';
import { adjust, rate, type StockHandle } from './append.ts';

const part = 20;
const grown = 20_000 / part;
const fresh = 200;
/** Half of what lies between two snapshots. */
const sinceSnapshot = 25;
const eventsEach = 200;
/** Of `STATE_CACHE_MB` on servers. */
const cacheBytes = (64 * 1_048_576) / part;
const rounds = 3;

const skusOf = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
const anyOf = (skus: readonly string[]): string => skus[Math.floor(Math.random() * skus.length)] ?? '';

/** @returns adjustments/s over the grown ones ÷ over the new ones, round by round. */
export const compareGrown = async (
  urls: { readonly events: string; readonly mongo: string },
  seconds: number,
): Promise<readonly number[]> => {
  const logger = pino({ level: 'warn' });
  const store = createEventStoreEvents({ decode: decodeStored, url: urls.events, logger });
  const mongo = openMongo({ url: urls.mongo });
  const snapshots = createSnapshotWriter(createMongoSnapshots(mongo), (error) => {
    throw error;
  });
  const warehouseId = `G${randomUUID().slice(0, 8).toUpperCase()}`;
  const [grownSkus, freshSkus] = [skusOf('GROWN', grown), skusOf('NEW', fresh)];
  const book = createBook(Date.now() - 86_400_000, warehouseId);
  const states = new Map<string, typeof stockDecider.initialState>();
  const add = (sku: string, adjustments: number): void => {
    const stream = stockStream(warehouseId, sku);
    const known = states.get(stream);
    const at = { warehouseId, sku, occurredAt: book.now() };
    const register = { type: 'RegisterStock', ...at, onHand: 0, safetyStock: 0 } as const;
    const change = { type: 'AdjustStock', ...at, delta: 1, reason: 'found' } as const;
    const commands = [...(known === undefined ? [register] : []), ...Array.from({ length: adjustments }, () => change)];
    states.set(stream, book.write(stream, stockDecider, known ?? stockDecider.initialState, commands));
  };
  const put = async (): Promise<void> => {
    for (const { stream, expected, events } of book.take()) await store.append(stream, expected, events);
  };
  const handlerOf = (bytes: number): StockHandle =>
    createCommandHandler(stockDecider, {
      store,
      clock: createSystemClock(),
      cache: createStateCache(bytes),
      snapshots,
    }) as StockHandle;

  for (const sku of grownSkus) {
    add(sku, eventsEach - sinceSnapshot - 1);
    await put();
  }
  const writing = handlerOf(0);
  for (const sku of grownSkus) {
    await writing.load(stockStream(warehouseId, sku));
    await snapshots.flush();
  }
  for (const sku of grownSkus) {
    add(sku, sinceSnapshot);
    await put();
  }
  for (const sku of freshSkus) add(sku, 0);
  await put();

  const handle = handlerOf(cacheBytes);
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const few = await rate(seconds, () => adjust(handle, warehouseId, anyOf(freshSkus)));
    const many = await rate(seconds, () => adjust(handle, warehouseId, anyOf(grownSkus)));
    process.stderr.write(`${Math.round(many)}/s over ${grown} grown stocks, ${Math.round(few)}/s over ${fresh}\n`);
    ratios.push(many / few);
  }
  await store.close();
  await mongo.close();
  return ratios;
};
