/** Commands through the adapter, beside a plain loop of the same client: same streams, same events, same concurrency. */
import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, type JSONType, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { pino } from 'pino';
import { decodeStored } from '../../src/domain/events.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import { stockStream } from '../../src/domain/values.ts';
import { type CommandHandler, createCommandHandler } from '../../src/eventsourcing/commandHandling/commandHandler.ts';
import type { CommandContext } from '../../src/eventsourcing/commandHandling/outcome.ts';
import { createStateCache } from '../../src/eventsourcing/commandHandling/stateCache.ts';
import { createEventStoreEvents } from '../../src/infra/eventstoredb/events.ts';
import { createSystemClock } from '../../src/infra/system.ts';

export const concurrency = 32;
const streamsMax = 192;
const stateCacheBytes = 64 * 1_048_576;

/** Runs `work(worker, round)` on all workers for so long. @returns how often it ended, per second. */
export const rate = async (
  seconds: number,
  work: (worker: number, round: number) => Promise<unknown>,
): Promise<number> => {
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  let done = 0;
  const run = async (worker: number): Promise<void> => {
    for (let round = 0; performance.now() < until; round += 1) {
      await work(worker, round);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, worker) => run(worker)));
  return done / ((performance.now() - startedAt) / 1_000);
};

/** Each worker goes round its own streams, so that none waits for another. */
const streamOf = (worker: number, round: number): number => worker + concurrency * (round % (streamsMax / concurrency));

const context = (): CommandContext => ({
  commandId: randomUUID(),
  actor: { subject: 'bench', kind: 'client', client: 'bench' },
  authentication: {},
  correlationId: randomUUID(),
  causationId: randomUUID(),
});

export type StockHandle = CommandHandler<
  Parameters<typeof stockDecider.evolve>[0],
  Parameters<typeof stockDecider.decide>[0],
  Parameters<typeof stockDecider.evolve>[1],
  never
>;

export const adjust = async (handle: StockHandle, warehouseId: string, sku: string): Promise<void> => {
  const command = {
    type: 'AdjustStock',
    warehouseId,
    sku,
    occurredAt: new Date().toISOString(),
    delta: 1,
    reason: 'found',
  } as const;
  const outcome = await handle(stockStream(warehouseId, sku), command, context());
  if (outcome.kind !== 'recorded') throw new Error(`not recorded: ${outcome.kind}`);
};

/** A run of its own on a server that may hold others'. */
export const openCommands = async (url: string) => {
  const store = createEventStoreEvents({ decode: decodeStored, url, logger: pino({ level: 'warn' }) });
  const cache = createStateCache(stateCacheBytes);
  const handle = createCommandHandler(stockDecider, { store, clock: createSystemClock(), cache }) as StockHandle;
  const warehouseId = `B${randomUUID().slice(0, 8).toUpperCase()}`;
  const skus = Array.from({ length: streamsMax }, (_, index) => `SKU-${index}`);
  const occurredAt = new Date().toISOString();
  await Promise.all(
    skus.map((sku) => {
      const register = { type: 'RegisterStock', warehouseId, sku, occurredAt, onHand: 0, safetyStock: 0 } as const;
      return handle(stockStream(warehouseId, sku), register, context());
    }),
  );
  return {
    spread: (seconds: number) =>
      rate(seconds, (worker, round) => adjust(handle, warehouseId, skus[streamOf(worker, round)] ?? '')),
    hot: (seconds: number) => rate(seconds, () => adjust(handle, warehouseId, skus[0] ?? '')),
    sample: async (): Promise<Sample> => {
      const [event] = await store.readStream(stockStream(warehouseId, skus[0] ?? ''), 1, 1);
      if (event === undefined) throw new Error('nothing was stored');
      const { type, data, metadata, schemaVersion, occurredAt, recordedAt } = event;
      return {
        type,
        data: data as JSONType,
        metadata: { ...metadata, schemaVersion, occurredAt, recordedAt } as JSONType,
      };
    },
    close: store.close,
  };
};

/** What the adapter stores, as plain objects. */
interface Sample {
  readonly type: string;
  readonly data: JSONType;
  readonly metadata: JSONType;
}

/**
 * The loop that one would write without us: one event an append at the exact revision, a new id each, next when answered.
 * `call`: credentials make the client take its single append call, as the adapter does; without them it sends batches.
 */
export const openPlain = (url: string, call: 'single' | 'batch', sample: Sample) => {
  const client = EventStoreDBClient.connectionString(url);
  const prefix = `stock-P${randomUUID().slice(0, 8)}`;
  const revisions = new Map<string, bigint>();
  const options = call === 'single' ? { credentials: { username: 'bench', password: 'bench' } } : {};
  const append = async (stream: string): Promise<void> => {
    const event = jsonEvent({ id: randomUUID(), type: sample.type, data: sample.data, metadata: sample.metadata });
    const expectedRevision = revisions.get(stream) ?? NO_STREAM;
    const { nextExpectedRevision } = await client.appendToStream(stream, [event], { ...options, expectedRevision });
    revisions.set(stream, nextExpectedRevision);
  };
  return {
    spread: (seconds: number) => rate(seconds, (worker, round) => append(`${prefix}.${streamOf(worker, round)}`)),
    close: () => client.dispose(),
  };
};
