import { describe, expect, it } from 'vitest';
import { derivedId } from '../../src/eventsourcing/commandHandling/ids.ts';
import {
  createRecentCommands,
  learnCommands,
  type RecentCommands,
  recentBytes,
} from '../../src/eventsourcing/commandHandling/recentCommands.ts';
import {
  createStateCache,
  type Loaded,
  loadedBytes,
  noSnapshot,
} from '../../src/eventsourcing/commandHandling/stateCache.ts';
import { contextOf } from '../support/world.ts';
import { newCounters, openWatchedStore } from './counter.ts';

const loaded = (revision: number, recent: RecentCommands = createRecentCommands()): Loaded<string> => ({
  state: 'x',
  revision,
  position: null,
  updatedAt: null,
  recent,
  snapshot: noSnapshot(),
});
const metadataOf = (commandId: string) => ({
  $correlationId: 'c',
  $causationId: 'c',
  commandId,
  actor: { subject: 's', kind: 'client', client: 's' } as const,
  authentication: {},
});
/** What is held beside the state: four letters of a name, no commands, and what holds it all together. */
const nameBytes = 4 + recentBytes(createRecentCommands()) + loadedBytes;

describe('the cache of states', () => {
  it('stays within its bound in bytes, and lets go of what was not asked for longest', () => {
    const cache = createStateCache(3 * (100 + nameBytes));
    for (const [revision, stream] of ['aaaa', 'bbbb', 'cccc'].entries()) cache.put(stream, loaded(revision), 100);
    cache.get('aaaa');
    cache.put('dddd', loaded(3), 100);
    expect(['aaaa', 'bbbb', 'cccc', 'dddd'].map((stream) => cache.get(stream)?.revision)).toEqual([0, undefined, 2, 3]);
  });

  it('counts a state that grew, and the commands that it remembers', () => {
    const cache = createStateCache(3 * (100 + nameBytes));
    for (const [revision, stream] of ['aaaa', 'bbbb', 'cccc'].entries()) cache.put(stream, loaded(revision), 100);
    const metadata = Array.from({ length: 16 }, (_, index) => metadataOf(derivedId(`${index}`)));
    const recent = learnCommands(
      createRecentCommands(),
      metadata.map((each, index) => ({ revision: index, recordedAt: '2026-03-01T08:00:00.000Z', metadata: each })),
    );
    cache.put('cccc', loaded(7, recent), 100);
    expect(['aaaa', 'bbbb', 'cccc'].map((stream) => cache.get(stream)?.revision)).toEqual([undefined, undefined, 7]);
  });

  it('keeps the newest state where all the others were asked for', () => {
    const streams = Array.from({ length: 100 }, (_, at) => `s${String(at).padStart(3, '0')}`);
    const cache = createStateCache(100 * (100 + nameBytes));
    for (const [at, stream] of streams.entries()) cache.put(stream, loaded(at), 100);
    for (const stream of streams) cache.get(stream);
    cache.put('zzzz', loaded(100), 100);
    // Thirty-two of the oldest were passed over; to pass over all of them would take long where there are many.
    expect([...streams, 'zzzz'].filter((stream) => cache.get(stream) === undefined)).toEqual(['s032']);
  });

  it('holds one state that is larger than the bound, and nothing else, as long as no other one comes', () => {
    const cache = createStateCache(1_000);
    for (const stream of ['aaaa', 'bbbb']) {
      cache.put(stream, loaded(0), 100);
      cache.get(stream);
    }
    for (const revision of [7, 8]) {
      cache.put('vast', loaded(revision), 5_000);
      expect(['aaaa', 'bbbb', 'vast'].map((stream) => cache.get(stream)?.revision)).toEqual([
        undefined,
        undefined,
        revision,
      ]);
    }
    cache.put('cccc', loaded(9), 100);
    expect(['vast', 'cccc'].map((stream) => cache.get(stream)?.revision)).toEqual([undefined, 9]);
  });

  it('keeps the newer of two states, whichever comes last', () => {
    const cache = createStateCache(1_000);
    cache.put('aaaa', loaded(7), 100);
    cache.put('aaaa', loaded(6), 100);
    expect(cache.get('aaaa')?.revision).toBe(7);
  });

  it('never counts the same stream twice', () => {
    const cache = createStateCache(2 * (100 + nameBytes));
    cache.put('aaaa', loaded(0), 100);
    for (let revision = 0; revision < 50; revision += 1) cache.put('bbbb', loaded(revision), 100);
    expect(cache.get('aaaa')?.revision).toBe(0);
    cache.forget('bbbb');
    cache.forget('bbbb');
    cache.put('cccc', loaded(9), 100);
    expect(['aaaa', 'bbbb', 'cccc'].map((stream) => cache.get(stream)?.revision)).toEqual([0, undefined, 9]);
  });

  it('costs only a read when it holds nothing: the outcomes are the same', async () => {
    const watched = await openWatchedStore();
    const counters = newCounters(watched.store, {
      get: () => undefined,
      put: () => undefined,
      forget: () => undefined,
    });
    for (const count of [1, 2, 3]) {
      expect(await counters('counter-1', { add: 1 }, contextOf(`${count}`))).toMatchObject({ state: count });
    }
    expect(watched.appends.map(({ kind }) => kind)).toEqual(['appended', 'appended', 'appended']);
    expect(watched.reads).toEqual([0, 0, 0]);
    await watched.close();
  });
});
