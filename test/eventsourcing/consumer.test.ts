/** A consumer of the log when its stores fail: what it says of itself, and when it is well again. */
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createConsumer, ownLeases } from '../../src/eventsourcing/consumers/consumer.ts';
import { createConsumerProgress } from '../../src/eventsourcing/consumers/consumerProgress.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { type Checkpoints, type HeldLease, StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { createSqliteCheckpoints } from '../../src/infra/sqlite/checkpoints.ts';
import { asWritten } from '../../src/infra/sqlite/events/eventRows.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { newEvents } from '../contracts/eventSamples.ts';

const away = async (): Promise<never> => {
  throw new StoreUnavailable('it is away', 'not_written');
};

/** On a log of three events. */
const run = async (
  changed: (checkpoints: Checkpoints) => Partial<Checkpoints>,
  handle: (events: readonly RecordedEvent[]) => Promise<void> = async () => undefined,
  { beside, types }: { beside?: (held: HeldLease) => Promise<void>; types?: readonly string[] } = {},
) => {
  const db = openDatabase(':memory:');
  const events = await createSqliteEvents(db, asWritten);
  const checkpoints = await createSqliteCheckpoints(db);
  await events.append('warehouse-A', 'no_stream', newEvents(3));
  const failures: unknown[] = [];
  const consumer = createConsumer({
    name: 'c',
    source: events,
    checkpoints: { ...checkpoints, ...changed(checkpoints) },
    leases: ownLeases,
    consumerProgress: createConsumerProgress(),
    batchMax: 10,
    handle,
    ...(beside === undefined ? {} : { beside }),
    ...(types === undefined ? {} : { types }),
    onFailure: (_name, error) => failures.push(error),
  });
  const stopping = new AbortController();
  const running = consumer.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  onTestFinished(async () => {
    await stop();
    await db.close();
  });
  return { stop, events, checkpoints, consumer, failures };
};

describe('a consumer', () => {
  it('has beside it what it was given, for as long as it follows the log', async () => {
    const events: string[] = [];
    const { stop } = await run(
      () => ({}),
      async () => undefined,
      {
        beside: async ({ signal }) => {
          events.push('begins');
          await once(signal, 'abort');
          events.push('ends');
        },
      },
    );
    await expect.poll(() => events).toEqual(['begins']);
    await stop();
    expect(events).toEqual(['begins', 'ends']);
  });

  it('that could not begin is well again once it can, though the log is quiet', async () => {
    const at = { commit: 3n, prepare: 3n };
    let isAway = true;
    const { checkpoints, consumer } = await run(({ take }) => ({
      take: (name, epoch) => (isAway ? away() : take(name, epoch)),
    }));
    await checkpoints.advance('c', { from: null, to: at, epoch: 0 });
    await expect.poll(() => consumer.failure()).toBe('StoreUnavailable');
    isAway = false;
    await expect.poll(() => consumer.failure()).toBeNull();
    expect(consumer.position()).toEqual(at);
  });

  it('that fails on an event is not well before it has handled it, however often it begins again', async () => {
    let isBroken = true;
    const { consumer, failures } = await run(
      () => ({}),
      async () => {
        expect(consumer.failure()).toBe(failures.length === 0 ? null : 'Error');
        if (isBroken) throw new Error('broken');
      },
    );
    await expect.poll(() => failures.length).toBeGreaterThan(2);
    expect(failures).toEqual(failures.map(() => new Error('broken')));
    isBroken = false;
    await expect.poll(() => consumer.failure()).toBeNull();
    expect(consumer.position()).toEqual({ commit: 3n, prepare: 3n });
  });

  it('tells how far it has come, and handles what comes next, while its checkpoint is on its way', async () => {
    const handled: number[] = [];
    const moves: unknown[] = [];
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { events, checkpoints, consumer } = await run(
      ({ advance }) => ({
        advance: async (name, move) => {
          moves.push(move.to.commit);
          await gate;
          return advance(name, move);
        },
      }),
      async (batch) => {
        handled.push(...batch.map(({ revision }) => revision));
      },
    );
    await expect.poll(() => consumer.position()?.commit).toBe(3n);
    await events.append('warehouse-A', 2, newEvents(2));
    await expect.poll(() => consumer.position()?.commit).toBe(5n);
    expect(handled).toEqual([0, 1, 2, 3, 4]);
    // One at a time, each from where the one before has led.
    expect(moves).toEqual([3n]);
    expect(await checkpoints.get('c')).toBeNull();
    letGo();
    await expect.poll(() => checkpoints.get('c')).toEqual({ commit: 5n, prepare: 5n });
    expect(moves).toEqual([3n, 5n]);
  });

  it('whose checkpoint can not be moved says so, and begins again at what is stored, though the log is quiet', async () => {
    const handled: number[] = [];
    let isAway = true;
    const { checkpoints, consumer, failures } = await run(
      ({ advance }) => ({ advance: (name, move) => (isAway ? away() : advance(name, move)) }),
      async (batch) => {
        handled.push(...batch.map(({ revision }) => revision));
      },
    );
    await expect.poll(() => failures.length).toBeGreaterThan(1);
    expect(consumer.failure()).toBe('StoreUnavailable');
    isAway = false;
    await expect.poll(() => consumer.failure()).toBeNull();
    expect(handled.slice(0, 6)).toEqual([0, 1, 2, 0, 1, 2]);
    expect(await checkpoints.get('c')).toEqual({ commit: 3n, prepare: 3n });
  });

  it('stores how far it has looked where nothing was for it, so that a process that begins later can know', async () => {
    const handled: unknown[] = [];
    const { checkpoints } = await run(
      () => ({}),
      async (batch) => void handled.push(...batch),
      { types: ['NothingOfTheKind'] },
    );
    await expect.poll(() => checkpoints.get('c')).toEqual({ commit: 3n, prepare: 3n });
    expect(handled).toEqual([]);
  });

  it('has ended only when its checkpoint is stored', async () => {
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { stop, checkpoints, consumer } = await run(({ advance }) => ({
      advance: (name, move) => gate.then(() => advance(name, move)),
    }));
    await expect.poll(() => consumer.position()?.commit).toBe(3n);
    const stopped = stop();
    letGo();
    await stopped;
    expect(await checkpoints.get('c')).toEqual({ commit: 3n, prepare: 3n });
  });
});
