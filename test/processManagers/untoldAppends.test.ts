/**
 * An event is in the log, and whoever follows the log is shown it, before its own append has resolved: the write side's
 * cache does not know it yet. A busy process may be in that state for long, and each test holds it there.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import { orderStream, stockStream } from '../../src/domain/values.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { EventSource, EventStore } from '../../src/eventsourcing/ports.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { type Database, openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { createMemoryEvents } from '../support/memoryEvents.ts';
import { contextOf, type OpenLog, openWorld, reservationMs, type World } from '../support/world.ts';
import { change, firstReservationOf, openShop, place, receive, recorded, sourcesOf, storyOf } from './arrange.ts';
import { faultsOf } from './ledgerFaults.ts';

/** What was written to a stream is not told until the test lets it. */
const createSilence = () => {
  let held: string | null = null;
  let tell: () => void = () => undefined;
  let told: Promise<void> = Promise.resolve();
  return {
    over: (stream: string): void => {
      held = stream;
      told = new Promise((resolve) => {
        tell = resolve;
      });
    },
    end: (): void => {
      held = null;
      tell();
    },
    before: (stream: string): Promise<void> => (stream === held ? told : Promise.resolve()),
  };
};
type Silence = ReturnType<typeof createSilence>;

const openMemory =
  (silence: Silence): OpenLog =>
  async () => {
    const store = createMemoryEvents();
    const append: EventStore['append'] = async (stream, expected, events) => {
      const result = await store.append(stream, expected, events);
      await silence.before(stream);
      return result;
    };
    return { store: { ...store, append }, close: () => Promise.resolve() };
  };

/** Between the commit in the writing thread and its message there is as much time as this thread takes. */
const withSilence = (db: Database, silence: Silence): Database => ({
  ...db,
  writer: async (module) => {
    const write = await db.writer(module);
    return async (name, values, committed) => {
      const value = await write(name, values);
      await silence.before(String((values as readonly unknown[])[0]));
      committed?.(value);
      return value;
    };
  },
});

const openSqlite =
  (silence: Silence): OpenLog =>
  async () => {
    const db = openDatabase(':memory:');
    return { store: await createSqliteEvents(withSilence(db, silence), decodeStored), close: () => db.close() };
  };

const isFollowed = (store: object): store is EventSource => 'follow' in store;

/** Everything that a commit, a read and their promises need, many times over. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
};

describe.each([
  { engine: 'a log in memory', open: openMemory },
  { engine: 'the embedded log', open: openSqlite },
])('policies that are shown an event before the cache is told, on $engine', ({ open }) => {
  let world: World;
  let silence: Silence;
  beforeEach(async () => {
    silence = createSilence();
    world = await openWorld({ engine: open(silence) });
  });
  afterEach(async () => {
    expect(await faultsOf(world.log)).toEqual([]);
    await world.close();
  });

  /** As a consumer is handed them, by the adapter's own `follow` where it has one. */
  const shown = async (streams: readonly string[], after: RecordedEvent | undefined): Promise<RecordedEvent[]> => {
    const { store } = world;
    const from = after?.position ?? null;
    const isAsked = ({ stream, type }: RecordedEvent) =>
      streams.includes(stream) && world.useCases.reactions.types.includes(type);
    if (!isFollowed(store)) return (await store.readAll(from, 'forwards', 100)).filter(isAsked);
    const stop = new AbortController();
    for await (const { events } of store.follow(from, { batchMax: 100, signal: stop.signal })) {
      const asked = events.filter(isAsked);
      if (asked.length > 0) return asked;
    }
    throw new Error('the log ended');
  };

  /** The command is durable on `stream`; the policies handle what was recorded on `of`; only then the cache is told. */
  const reactUntold = async (
    command: () => Promise<unknown>,
    stream: string,
    then: { readonly of: string; readonly by?: () => Promise<unknown> } = { of: stream },
  ): Promise<void> => {
    const last = (await world.log.events()).at(-1);
    silence.over(stream);
    const asked = command();
    await turns();
    await then.by?.();
    const handled = world.useCases.reactions.handle(await shown([then.of], last));
    await turns();
    silence.end();
    await Promise.all([asked, handled]);
  };

  const chairs = stockStream('BER', 'CHAIR');
  const reserveByHand = (quantity: number) => {
    const expiresAt = new Date(Date.parse(world.clock.now()) + reservationMs).toISOString();
    const target = { warehouseId: 'BER', sku: 'CHAIR', reservationId: 'by hand' };
    return recorded(
      world.useCases.changeStock(change(world, 'hold', { type: 'ReserveStock', ...target, quantity, expiresAt })),
    );
  };
  const letGo = (reservationId: string) => {
    const target = { warehouseId: 'BER', sku: 'CHAIR', reservationId };
    const release = { type: 'ReleaseReservation', ...target, reason: 'changed mind' } as const;
    return world.useCases.changeStock(change(world, `let go of ${reservationId}`, release));
  };

  describe('serve an order that waits', () => {
    it('when goods are received', async () => {
      await openShop(world, { BER: { CHAIR: 0 } });
      await place(world, 'o1', { CHAIR: 2 });
      await world.settle();
      await reactUntold(() => receive(world, 'BER', 'CHAIR', 2), chairs);
      expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
    });

    it('when a figure is put right', async () => {
      await openShop(world, { BER: { CHAIR: 0 } });
      await place(world, 'o1', { CHAIR: 2 });
      await world.settle();
      const adjust = { type: 'AdjustStock', warehouseId: 'BER', sku: 'CHAIR', delta: 2, reason: 'found' } as const;
      await reactUntold(() => world.useCases.changeStock(change(world, 'adjust', adjust)), chairs);
      expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
    });

    it('when a reservation is released', async () => {
      await openShop(world, { BER: { CHAIR: 2 } });
      await reserveByHand(2);
      await place(world, 'o1', { CHAIR: 2 });
      await world.settle();
      await reactUntold(() => letGo('by hand'), chairs);
      expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
    });

    it('when a reservation expires', async () => {
      await openShop(world, { BER: { CHAIR: 2 } });
      await reserveByHand(2);
      await place(world, 'o1', { CHAIR: 2 });
      await world.settle();
      world.clock.pass(reservationMs);
      await reactUntold(() => world.useCases.expireReservations(), chairs);
      expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
    });
  });

  it('find goods for an order that were received before it was placed', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await world.settle();
    await reactUntold(() => receive(world, 'BER', 'CHAIR', 2), chairs, {
      of: orderStream('o1'),
      by: () => place(world, 'o1', { CHAIR: 2 }),
    });
    expect(await storyOf(world.log, 'o1')).toEqual(['OrderPlaced', 'OrderAllocated']);
  });

  it('look for another source when an order counts on a reservation that is gone', async () => {
    await openShop(world, { BER: { CHAIR: 2 }, PAR: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    const reservationId = await firstReservationOf(world.log, 'o1');
    await reactUntold(() => letGo(reservationId), chairs);
    expect(await storyOf(world.log, 'o1')).toContain('OrderAllocationLapsed');
  });
});

describe('policies on a store that does not show the event that they react to', () => {
  it('fail, so that their checkpoint stays, and serve the order when it does', async () => {
    let isBehind = false;
    const world = await openWorld({
      engine: async () => {
        const store = createMemoryEvents();
        const readStream: EventStore['readStream'] = async (stream, from, limit) => {
          const events = await store.readStream(stream, from, limit);
          return isBehind && stream === 'stock-BER.CHAIR' ? events.slice(0, -1) : events;
        };
        return { store: { ...store, readStream }, close: () => Promise.resolve() };
      },
    });
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    const api = world.newProcess();
    const receipt = { type: 'ReceiveStock', warehouseId: 'BER', sku: 'CHAIR', quantity: 2 } as const;
    await api.changeStock({ ...change(world, 'receipt', receipt), context: contextOf('receipt') });
    isBehind = true;
    await expect(world.settle()).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'not_written' });
    isBehind = false;
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
  });
});
