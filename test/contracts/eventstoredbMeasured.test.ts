/**
 * What was measured on a real EventStoreDB 24.6 beside the recorded scenarios, and what the recording leaves open
 * because a fresh server or the wire is needed to see it.
 */
import { randomUUID } from 'node:crypto';
import {
  type AllStreamSubscription,
  type EventData,
  EventStoreDBClient,
  eventTypeFilter,
  jsonEvent,
  type Position,
  StreamNotFoundError,
  UnknownError,
} from '@eventstore/db-client';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../support/eventstoredb/log.ts';
import { createRecentIds } from '../support/eventstoredb/recentIds.ts';
import { startServer } from '../support/eventstoredb/server.ts';
import { uniqueName, waitMaxMs } from './make.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const arrange = async (commitMs = 0): Promise<EventStoreDBClient> => {
  const server = await startServer({ commitMs });
  cleanups.push(server.stop);
  const client = EventStoreDBClient.connectionString(server.url);
  cleanups.push(() => client.dispose());
  return client;
};

const event = (type = 'Noise'): EventData => jsonEvent({ id: randomUUID(), type, data: {} });
const events = (count: number, type?: string): EventData[] => Array.from({ length: count }, () => event(type));
const single = { credentials: { username: 'x', password: 'x' } };

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
};

interface Watched {
  readonly positions: Position[];
  readonly hits: string[];
  caughtUp: number;
  readonly subscription: AllStreamSubscription;
}

interface FilterOptions {
  readonly maxSearchWindow?: number;
  readonly checkpointInterval?: number;
}

const watch = (client: EventStoreDBClient, from: Position | 'start' | 'end', options: FilterOptions = {}): Watched => {
  const positions: Position[] = [];
  const hits: string[] = [];
  const checkpointReached = async (_: unknown, position: Position): Promise<void> => {
    positions.push(position);
  };
  const filter = eventTypeFilter({ prefixes: ['Hit'], checkpointReached, ...options });
  const subscription = client.subscribeToAll({ fromPosition: from, filter });
  const watched: Watched = { positions, hits, caughtUp: 0, subscription };
  subscription.on('data', (resolved) => {
    hits.push(resolved.event?.type ?? '');
  });
  subscription.on('caughtUp', () => {
    watched.caughtUp += 1;
  });
  subscription.on('error', () => {}); // Asserted by what is missing.
  return watched;
};

const largest = 2n ** 64n - 1n;
const patience = { timeout: waitMaxMs };

describe('checkpoints', () => {
  it.each([
    [{}, 64],
    [{ checkpointInterval: 10 }, 6],
    [{ maxSearchWindow: 500 }, 4],
    [{ maxSearchWindow: 2000 }, 1],
  ])('of 2,050 scanned events under %j are %d', async (options, count) => {
    const client = await arrange();
    await client.appendToStream(uniqueName('noise'), events(2049)); // The server has written one itself.
    const { positions } = watch(client, 'start', options);
    await client.appendToStream(uniqueName('hit'), event('Hit'));
    await expect.poll(() => positions.length, patience).toBe(count);
  });

  it('are the start of their window, and nowhere for a first window from the start that has no hit', async () => {
    const client = await arrange();
    await client.appendToStream(uniqueName('noise'), events(95));
    const log = await all(client.readAll());
    const { positions } = watch(client, 'start');
    await expect.poll(() => positions.length, patience).toBe(3);
    const starts = [32, 64].map((index) => ({ commit: log[index]?.event?.position.commit, prepare: 0n }));
    expect(positions).toEqual([{ commit: largest, prepare: largest }, ...starts]);
  });

  it('lose everything when the one that is nowhere is resumed from', async () => {
    const client = await arrange();
    const lost = watch(client, { commit: largest, prepare: largest });
    const { hits } = watch(client, 'start');
    for (let each = 0; each < 5; each += 1) await client.appendToStream(uniqueName('hit'), event('Hit'));
    await expect.poll(() => hits.length, patience).toBe(5);
    expect([lost.hits, lost.caughtUp]).toEqual([[], 0]);
  });

  it('come live once in 32 events, and not for 20', async () => {
    const client = await arrange();
    const { positions, hits } = watch(client, 'end');
    await client.appendToStream(uniqueName('hit'), event('Hit'));
    await expect.poll(() => hits.length, patience).toBe(1);
    await client.appendToStream(uniqueName('noise'), events(20));
    await client.appendToStream(uniqueName('hit'), event('Hit'));
    await expect.poll(() => hits.length, patience).toBe(2);
    expect(positions).toEqual([]);
    await client.appendToStream(uniqueName('noise'), events(10));
    await expect.poll(() => positions.length, patience).toBe(1);
  });
});

describe('a subscription', () => {
  it('that falls more than a page behind says once more that it has caught up', async () => {
    const client = await arrange();
    const watched = watch(client, 'start');
    await expect.poll(() => watched.caughtUp, patience).toBe(1);
    await client.appendToStream(uniqueName('many'), events(200));
    await expect.poll(() => watched.caughtUp, patience).toBe(2);
  });

  it('at a position that is on no record is refused', async () => {
    const client = await arrange();
    const { nextExpectedRevision, position } = await client.appendToStream(uniqueName('some'), events(3));
    expect(nextExpectedRevision).toBe(2n);
    const { commit } = position!;
    const refused = client.subscribeToAll({ fromPosition: { commit: commit - 1n, prepare: commit - 1n } });
    await expect(all(refused)).rejects.toBeInstanceOf(UnknownError);
  });

  it('does not hold the others up when nobody reads it', async () => {
    const client = await arrange();
    const idle = client.subscribeToAll({ fromPosition: 'start' });
    idle.on('error', () => {});
    const { hits } = watch(client, 'start');
    for (let each = 0; each < 20; each += 1) await client.appendToStream(uniqueName('many'), events(100, 'Hit'));
    await expect.poll(() => hits.length, patience).toBe(2000);
    await idle.unsubscribe();
  });
});

describe('reads of all', () => {
  it('refuse a position that is on no record, and backwards one beyond the end', async () => {
    const client = await arrange();
    const { position } = await client.appendToStream(uniqueName('some'), events(3));
    const { commit } = position!;
    const between = { commit: commit - 1n, prepare: commit - 1n };
    const beyond = { commit: commit + 10_000n, prepare: commit + 10_000n };
    for (const direction of ['forwards', 'backwards'] as const) {
      await expect(all(client.readAll({ fromPosition: between, direction }))).rejects.toBeInstanceOf(UnknownError);
    }
    await expect(all(client.readAll({ fromPosition: beyond, direction: 'backwards' }))).rejects.toBeInstanceOf(
      UnknownError,
    );
    expect(await all(client.readAll({ fromPosition: beyond }))).toEqual([]);
  });

  it('refuse a count of 0, and a stream forwards from its end', async () => {
    const client = await arrange();
    const stream = uniqueName('some');
    await client.appendToStream(stream, event());
    await expect(all(client.readAll({ maxCount: 0 }))).rejects.toBeInstanceOf(UnknownError);
    await expect(all(client.readStream(stream, { fromRevision: 'end' }))).rejects.toBeInstanceOf(UnknownError);
  });
});

describe('appends', () => {
  it('of nothing are taken: on a new stream they answer revision 0, and there is no stream', async () => {
    const client = await arrange();
    const stream = uniqueName('nothing');
    const { nextExpectedRevision } = await client.appendToStream(stream, []);
    expect(nextExpectedRevision).toBe(0n);
    await expect(all(client.readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  it('with a negative revision end the batch call for all that wait on it, and alone on the single call', async () => {
    const client = await arrange(100);
    const waiting = caught(client.appendToStream(uniqueName('waiting'), event()));
    const negative = (options = {}) =>
      caught(client.appendToStream(uniqueName('bad'), event(), { expectedRevision: -1n, ...options }));
    expect(await negative()).toBeInstanceOf(UnknownError);
    expect(await waiting).toBeInstanceOf(UnknownError);
    const beside = client.appendToStream(uniqueName('beside'), event(), single);
    expect(await negative(single)).toBeInstanceOf(UnknownError);
    expect((await beside).success).toBe(true);
  });

  it('whose deadline had passed on the clock of the server are not written', async () => {
    const client = await arrange();
    const stream = uniqueName('deadline');
    expect(await caught(client.appendToStream(stream, event(), { deadline: -60_000 }))).toMatchObject({
      type: 'deadline-exceeded',
    });
    await expect(all(client.readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  it('of the same events at once are written once, and some of them are not answered in time', async () => {
    // All four must arrive before the first is made known: a repeat that comes later is answered.
    const client = await arrange(1_000);
    const stream = uniqueName('same');
    const same = event();
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, () => client.appendToStream(stream, same, { expectedRevision: 'no_stream' })),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    expect(await all(client.readStream(stream))).toHaveLength(1);
  });

  it('to a deleted stream begin it anew, for its metadata too', async () => {
    const client = await arrange();
    const stream = uniqueName('deleted');
    await client.setStreamMetadata(stream, { owner: 'x' });
    await client.appendToStream(stream, events(2));
    await client.deleteStream(stream);
    await client.appendToStream(stream, event());
    expect((await client.getStreamMetadata(stream)).metadata).toEqual({ owner: 'x', truncateBefore: 2 });
  });
});

describe('what has grown too old', () => {
  it('is not read, and a stream of which nothing is left is empty', async () => {
    const client = await arrange();
    const stream = uniqueName('old');
    await client.appendToStream(stream, events(2));
    await client.setStreamMetadata(stream, { maxAge: 1 });
    await expect.poll(async () => (await all(client.readStream(stream))).length, patience).toBe(0);
  });
});

describe('recent ids', () => {
  it('are 90,000 and fewer than 100,000', () => {
    const recent = createRecentIds();
    for (let each = 0; each < 100_000; each += 1) recent.add(`id${each}`, { stream: 's', revision: each });
    expect(recent.find('id99999')).toMatchObject({ stream: 's', revision: 99_999 });
    expect(recent.find('id10000')).toBeDefined();
    expect(recent.find('id0')).toBeUndefined();
  });
});

describe('the log', () => {
  it('finds events by position across its slabs, and never splits one', () => {
    const log = createLog();
    const lengths = [20_000_000, 20_000_000, 7, 30_000_000, 1];
    const positions = lengths.map((length, index) => {
      const position = log.nextPosition(length);
      log.add(position, Buffer.alloc(length, index), { stream: index, type: 0, createdAtMs: index });
      return position;
    });
    for (const [index, position] of positions.entries()) {
      expect(log.indexFrom(position)).toBe(index);
      expect(log.indexFrom(position + 1)).toBe(index + 1);
      const frame = log.frame(index);
      expect([frame.length, frame[0], frame.at(-1)]).toEqual([lengths[index], index, index]);
    }
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
  });

  it('grows', () => {
    const log = createLog();
    const frame = Buffer.from('frame');
    for (let index = 0; index < 5000; index += 1) {
      log.add(log.nextPosition(frame.length), frame, { stream: index, type: 1, createdAtMs: 0 });
    }
    expect(log.length()).toBe(5000);
    expect([log.stream(0), log.stream(4999), log.indexFrom(log.position(4321))]).toEqual([0, 4999, 4321]);
  });
});
