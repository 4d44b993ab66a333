import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AccessDeniedError, binaryEvent, EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { comparePositions, type Position, type RecordedEvent, UnknownEvent } from '../../src/eventsourcing/message.ts';
import { type EventBatch, type EventSource, StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { BeyondTheLog } from '../../src/infra/eventstoredb/follow.ts';
import {
  eventsIn,
  followUntil,
  idsOf,
  isAscending,
  newEvent,
  newEvents,
  newStream,
  untilSeen,
  within,
} from '../contracts/eventSamples.ts';
import { waitMaxMs } from '../contracts/make.ts';
import { openLog, openLogOn, quick, startServer } from '../support/eventStoreLog.ts';
import { createFakeClient, failingReadable } from '../support/fakeEventStoreClient.ts';

const clientOf = (url: string): EventStoreDBClient => {
  const client = EventStoreDBClient.connectionString(url);
  onTestFinished(() => client.dispose());
  return client;
};

/** Events of two types in this order: W for warehouses, I for items. */
const fill = async (log: ReturnType<typeof openLog>['log'], stream: string, types: readonly ('W' | 'I')[]) => {
  const pageEvents = 400;
  for (let from = 0; from < types.length; from += pageEvents) {
    const events = types
      .slice(from, from + pageEvents)
      .map((type) => newEvent(type === 'I' ? 'ItemDefined' : 'WarehouseDefined'));
    const result = await log.append(stream, from === 0 ? 'no_stream' : from - 1, events);
    expect(result.kind).toBe('appended');
  }
};

describe('a follower of EventStoreDB', () => {
  it.each(['dropped', 'ended'] as const)(
    'loses and repeats nothing when its subscriptions are %s again and again',
    async (fate) => {
      const { url, controls } = await startServer();
      const { log, warnings } = openLog(url);
      const stream = newStream();
      await fill(log, stream, Array<'W'>(400).fill('W'));
      await controls.setFaults({ seed: 3, [`${fate}Subscriptions`]: 0.02 });
      const following = followUntil(log, { from: null, batchMax: 7 }, untilSeen([stream], 500));
      for (let revision = 399; revision < 499; revision += 10) {
        await log.append(stream, revision, newEvents(10));
        await nextTurn();
      }
      const seen = within(eventsIn(await following), [stream]);
      expect(seen.map(({ revision }) => revision)).toEqual(Array.from({ length: 500 }, (_, index) => index));
      expect((await controls.counts())[`${fate}Subscriptions`]).toBeGreaterThan(0);
      expect(warnings.length).toBeGreaterThan(0);
    },
  );

  it('goes on by itself after the server was away', async () => {
    const { url, controls } = await startServer();
    const { log } = openLog(url);
    const stream = newStream();
    await log.append(stream, 'no_stream', newEvents(1));
    const following = followUntil(log, { from: await log.head(), batchMax: 10 }, untilSeen([stream], 2));
    await log.append(stream, 0, newEvents(1));
    await controls.restart({ durationMs: 200, recentIds: 'lost' });
    await log.append(stream, 1, newEvents(1));
    expect(within(eventsIn(await following), [stream]).map(({ revision }) => revision)).toEqual([1, 2]);
  });

  it('waits for a server that is not there yet', async () => {
    const { url, controls } = await startServer();
    const away = controls.refuseConnections(500);
    const { log } = openLog(url);
    const stream = newStream();
    const following = followUntil(log, { from: null, batchMax: 10 }, untilSeen([stream], 1));
    await away;
    await log.append(stream, 'no_stream', newEvents(1));
    expect(within(eventsIn(await following), [stream])).toHaveLength(1);
  });

  it('never claims to be further than the events that it has handed out', async () => {
    const { url } = await startServer();
    const { log } = openLog(url);
    const stream = newStream();
    // Wanted ones come in bursts around the ends of the server's windows.
    await fill(
      log,
      stream,
      Array.from({ length: 9_000 }, (_, index) => (index % 1_900 < 60 ? 'I' : 'W')),
    );
    const wanted = (await log.readAll(null, 'forwards', 10_000)).filter(({ type }) => type === 'ItemDefined');
    const head = (await log.head())!;
    let handedOut = 0;
    const upTos: Position[] = [];
    for await (const batch of log.follow(null, {
      types: ['ItemDefined'],
      batchMax: 1,
      signal: AbortSignal.timeout(waitMaxMs),
    })) {
      handedOut += batch.events.length;
      const due = wanted.filter(({ position }) => comparePositions(position, batch.upTo) <= 0).length;
      expect(handedOut).toBe(due);
      upTos.push(batch.upTo);
      await nextTurn();
      if (comparePositions(batch.upTo, head) >= 0) break;
    }
    expect(handedOut).toBe(wanted.length);
    expect(isAscending(upTos)).toBe(true);
  });

  it('catches up while others write, and goes over to the live events without a gap', async () => {
    const { url } = await startServer();
    const { log } = openLog(url);
    const [old, fresh] = [newStream(), newStream()];
    await fill(log, old, Array<'W'>(3_000).fill('W'));
    const stop = new AbortController();
    const writing = (async () => {
      for (let revision = -1; !stop.signal.aborted; revision += 1) {
        await log.append(fresh, revision < 0 ? 'no_stream' : revision, newEvents(1));
      }
    })();
    const followers = [50, 400].map((batchMax) =>
      followUntil(log, { from: null, batchMax }, (batches) => within(batches.at(-1)!.events, [fresh]).length > 0),
    );
    const first = await Promise.all(followers);
    stop.abort();
    await writing;
    for (const batches of first) {
      const seen = eventsIn(batches);
      expect(isAscending(seen.map(({ position }) => position))).toBe(true);
      expect(within(seen, [old])).toHaveLength(3_000);
      const revisions = within(seen, [fresh]).map(({ revision }) => revision);
      expect(revisions).toEqual(revisions.map((_, index) => index));
    }
  });

  it('falls behind the recent events when it is slow, and still misses nothing', async () => {
    const { url } = await startServer();
    const { log } = openLog(url);
    const stream = newStream();
    const from = await log.head();
    const seen: RecordedEvent[] = [];
    let isFilled = false;
    const filling = fill(log, stream, Array<'W'>(9_000).fill('W')).then(() => {
      isFilled = true;
    });
    for await (const { events } of log.follow(from, { batchMax: 500, signal: AbortSignal.timeout(waitMaxMs) })) {
      seen.push(...within(events, [stream]));
      // The first batch holds it up until thousands have passed by.
      await vi.waitUntil(() => isFilled, { timeout: waitMaxMs });
      if (seen.length >= 9_000) break;
    }
    await filling;
    expect(seen.findIndex(({ revision }, index) => revision !== index)).toBe(-1);
    expect(seen).toHaveLength(9_000);
  });

  it('says that it caught up once nothing more is there, and not before', async () => {
    const { url } = await startServer();
    const { log } = openLog(url);
    const stream = newStream();
    await fill(log, stream, Array<'W'>(50).fill('W'));
    for (const types of [undefined, ['ItemDefined'], ['WarehouseDefined']]) {
      const filter = types === undefined ? {} : { types };
      const batches = await followUntil(log, { from: null, batchMax: 10, ...filter }, (all) => all.at(-1)!.isCaughtUp);
      expect(comparePositions(batches.at(-1)!.upTo, (await log.head())!)).toBe(0);
      expect(within(eventsIn(batches), [stream])).toHaveLength(types?.[0] === 'ItemDefined' ? 0 : 50);
    }
  });

  it('leaves out what others wrote, which only moves it on', async () => {
    const { url } = await startServer();
    const { log } = openLog(url);
    const [stream, foreign] = [newStream(), `foreign-${randomUUID()}`];
    await log.append(stream, 'no_stream', newEvents(1));
    const client = clientOf(url);
    await client.appendToStream(foreign, [
      jsonEvent({ type: 'WarehouseDefined', data: { no: 'metadata' } }),
      binaryEvent({ type: 'WarehouseDefined', data: Buffer.from('{') }),
      jsonEvent({ type: 'Foreign', data: {}, metadata: Buffer.from('{"commandId') }),
      jsonEvent({ type: 'WarehouseDefined', data: [1], metadata: { schemaVersion: 1 } }),
    ]);
    await client.setStreamMetadata(foreign, { maxCount: 10 });
    const head = (await log.head())!;
    const isThere = (batches: readonly EventBatch[]): boolean => comparePositions(batches.at(-1)!.upTo, head) >= 0;
    for (const types of [undefined, ['WarehouseDefined']]) {
      const options = { from: null, batchMax: 10, ...(types === undefined ? {} : { types }) };
      const events = eventsIn(await followUntil(log, options, isThere));
      expect(events.map((event) => event.stream)).toEqual([stream]);
    }
    expect((await log.readAll(null, 'forwards', 100)).map((event) => event.stream)).toEqual([stream]);
    expect((await log.readAll(null, 'backwards', 100)).map((event) => event.stream)).toEqual([stream]);
    expect(await log.readStream(foreign, 0, 10)).toEqual([]);
  });

  it('does not take a type for another that begins like it, as the filter of the server does', async () => {
    const { url } = await startServer();
    const { log } = openLog(url);
    await fill(log, newStream(), ['I', 'W', 'I']);
    const head = (await log.head())!;
    const isThere = (batches: readonly EventBatch[]): boolean => comparePositions(batches.at(-1)!.upTo, head) >= 0;
    const batches = await followUntil(log, { from: null, types: ['Item', 'Ware'], batchMax: 10 }, isThere);
    expect(eventsIn(batches)).toEqual([]);
    expect(isThere(batches)).toBe(true);
  });

  it('stops at an event of a newer build when it wants its type, after those before it, and at no other', async () => {
    const { url } = await startServer();
    const { log } = openLog(url);
    const stream = newStream();
    const events = newEvents(3);
    await log.append(stream, 'no_stream', [events[0]!, { ...events[1]!, schemaVersion: 99 }, events[2]!]);
    await log.append(newStream(), 'no_stream', newEvents(1, 'ItemDefined'));
    const head = (await log.head())!;
    const handedOut: string[] = [];
    const follow = async (from: Position | null, types: readonly string[]): Promise<void> => {
      for await (const batch of log.follow(from, { types, batchMax: 10, signal: AbortSignal.timeout(waitMaxMs) })) {
        handedOut.push(...idsOf(batch.events));
        if (comparePositions(batch.upTo, head) >= 0) return;
      }
    };
    await expect(follow(null, ['WarehouseDefined'])).rejects.toThrow(UnknownEvent);
    expect(handedOut).toEqual([events[0]!.id]);
    await expect(follow(null, ['ItemDefined'])).resolves.toBeUndefined();
    // Now from the recent events, which all share.
    await expect(follow((await log.readStream(stream, 0, 1))[0]!.position, ['WarehouseDefined'])).rejects.toThrow(
      UnknownEvent,
    );
  });

  it('leaks no call when it is left: after 150 of them there is room on the connection for more', async () => {
    const { url } = await startServer();
    const { log } = openLog(url);
    const stream = newStream();
    await fill(log, stream, Array<'W'>(200).fill('W'));
    for (let round = 0; round < 150; round += 1) {
      const stop = new AbortController();
      for await (const _ of log.follow(null, { batchMax: 1, types: ['WarehouseDefined'], signal: stop.signal })) {
        if (round % 2 === 0) break;
        stop.abort();
      }
    }
    expect(await log.readAll(null, 'forwards', 10)).toHaveLength(10);
    expect(await log.append(stream, 199, newEvents(1))).toMatchObject({ kind: 'appended' });
  });

  it('ends, and lets the log close, while it waits', async () => {
    const { url } = await startServer();
    const { log } = openLog(url);
    await log.append(newStream(), 'no_stream', newEvents(1));
    const following = followUntil(log, { from: await log.head(), batchMax: 1 }, () => false);
    await nextTurn();
    await log.close();
    await expect(following).resolves.toEqual([]);
  });
});

describe('a subscription that no server can be made to have', () => {
  const firstBatch = async (log: EventSource): Promise<unknown> => {
    for await (const batch of log.follow(null, { batchMax: 1, signal: AbortSignal.timeout(waitMaxMs) })) return batch;
    return 'ended';
  };
  const event = {
    event: { type: '$one', streamId: 's', id: randomUUID(), revision: 0n, isJson: true, data: {} },
    commitPosition: 5n,
  };
  const denied = () =>
    new AccessDeniedError(Object.assign(new Error('denied'), { code: 7, details: '', metadata: {} }) as never);

  it('ends with an error when the user may not read the log', async () => {
    const fake = createFakeClient({
      subscription: () => failingReadable(denied()),
      read: () => Readable.from([event]),
    });
    const { log } = openLogOn(() => fake.client);
    await expect(firstBatch(log)).rejects.toThrow(StoreUnavailable);
    expect(fake.open()).toBe(0);
  });

  it('gives up a position that is on no record, and one beyond the end of the log', async () => {
    const { url } = await startServer();
    const { log } = openLog(url);
    await log.append(newStream(), 'no_stream', newEvents(3));
    const head = (await log.head())!;
    const first = async (from: Position): Promise<void> => {
      for await (const _ of log.follow(from, { batchMax: 1, signal: AbortSignal.timeout(waitMaxMs) })) return;
    };
    await expect(first({ commit: head.commit - 1n, prepare: head.commit - 1n })).rejects.toThrow(StoreUnavailable);
    await expect(first({ commit: head.commit + 1n, prepare: head.commit + 1n })).rejects.toThrow(BeyondTheLog);
  });

  it('is moved by no checkpoint that says nowhere, and by others only once their events were taken', async () => {
    const nowhere = 2n ** 64n - 1n;
    const hit = (commit: bigint) => ({
      event: { ...event.event, type: 'ItemDefined', isJson: false },
      commitPosition: commit,
    });
    const fake = createFakeClient({
      read: () => Readable.from([{ ...event, commitPosition: 90n }]),
      subscription: ({ filter }) => {
        const readable = new Readable({ objectMode: true, read: () => {} });
        const reach = (commit: bigint, prepare = commit): void => {
          void filter?.checkpointReached?.(readable as never, { commit, prepare });
        };
        setImmediate(() => {
          reach(nowhere);
          readable.push(hit(10n));
          readable.push(hit(20n));
          reach(30n, 0n);
          reach(25n, 0n);
          reach(nowhere);
        });
        return readable;
      },
    });
    const { log } = openLogOn(() => fake.client);
    const upTos: Position[] = [];
    const options = { types: ['ItemDefined'], batchMax: 1, signal: AbortSignal.timeout(waitMaxMs) };
    for await (const { upTo } of log.follow(null, options)) {
      upTos.push(upTo);
      if (upTo.commit >= 30n) break;
    }
    expect(upTos).toEqual([
      { commit: 10n, prepare: 10n },
      { commit: 30n, prepare: 0n },
    ]);
  });

  it('is begun anew when it falls silent while the log grows', async () => {
    let heads = 0n;
    const fake = createFakeClient({
      read: () => {
        heads += 1n;
        return Readable.from([{ ...event, commitPosition: heads }]);
      },
    });
    const { log, warnings } = openLogOn(() => fake.client, { ...quick, silentMaxMs: 50 });
    const stop = new AbortController();
    const following = (async () => {
      for await (const _ of log.follow({ commit: 2n, prepare: 2n }, { batchMax: 1, signal: stop.signal }));
    })();
    await vi.waitUntil(() => warnings.length >= 2, { timeout: waitMaxMs });
    stop.abort();
    await following;
    await log.close();
    expect(warnings[0]).toContain('silent');
    expect(fake.open()).toBe(0);
  });
});
