/** A command that is sent again, by whomever and however much later, is recorded once and answered as it was (R4). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CounterHandle,
  cacheOfAnySize,
  counterMax,
  newCounters,
  openWatchedStore,
  type WatchedStore,
} from '../eventsourcing/counter.ts';
import { createMemoryEvents, type Log } from '../support/memoryEvents.ts';
import { contextOf, createClock, type TestClock } from '../support/world.ts';

const stream = 'counter-1';
let watched: WatchedStore;
let counters: CounterHandle;
let clock: TestClock;
beforeEach(async () => {
  watched = await openWatchedStore();
  clock = createClock();
  counters = newCounters(watched.store, cacheOfAnySize(), clock);
});
afterEach(() => watched.close());

const countThere = async (): Promise<number> => (await watched.store.readStream(stream, 0, 2_000)).length;

/** So many and so much later that what was before is not remembered with the state. */
const manyCommands = 257;
/** What is old is forgotten some at a time. */
const oldCommands = 16;
const addMany = async (handle: CounterHandle): Promise<void> => {
  const add = (index: number) => handle(stream, { add: 1 }, contextOf(`many ${index}`));
  const indexes = Array.from({ length: manyCommands }, (_, index) => index);
  await Promise.all(indexes.slice(0, oldCommands).map(add));
  clock.pass(120_000);
  await Promise.all(indexes.slice(oldCommands).map(add));
};

describe('the same command again', () => {
  it('gets the first answer from the same process, whatever happened since', async () => {
    const first = await counters(stream, { add: 2 }, contextOf('a'));
    await counters(stream, { add: 3 }, contextOf('b'));
    expect(await counters(stream, { add: 2 }, contextOf('a'))).toEqual({ ...first, isReplay: true });
    expect(await countThere()).toBe(5);
  });

  it('gets it although the caller named a revision that has moved: it was theirs that moved it', async () => {
    await counters(stream, { add: 1 }, contextOf('before'));
    const first = await counters(stream, { add: 1 }, contextOf('a', { ifMatch: [0] }));
    expect(first).toMatchObject({ kind: 'recorded' });
    expect(await counters(stream, { add: 1 }, contextOf('a', { ifMatch: [0] }))).toEqual({ ...first, isReplay: true });
  });

  it('gets it after a restart', async () => {
    const first = await counters(stream, { add: 2 }, contextOf('a'));
    await counters(stream, { add: 3 }, contextOf('b'));
    expect(await newCounters(watched.store)(stream, { add: 2 }, contextOf('a'))).toEqual({ ...first, isReplay: true });
    expect(await countThere()).toBe(5);
  });

  it('while the first one is still under way is recorded once, and both get that answer', async () => {
    const leader = counters(stream, { add: 1 }, contextOf('leader'));
    const [first, again, other] = await Promise.all([
      counters(stream, { add: 2 }, contextOf('a')),
      counters(stream, { add: 2 }, contextOf('a')),
      counters(stream, { add: 1 }, contextOf('b')),
    ]);
    expect(first).toMatchObject({ kind: 'recorded', revision: 2 });
    expect(again).toEqual(first);
    expect(other).toMatchObject({ kind: 'recorded', revision: 3 });
    await leader;
    expect(await countThere()).toBe(4);
  });

  it.each([
    ['in the process that decided it', (): CounterHandle => counters],
    ['in another one', (): CounterHandle => newCounters(watched.store)],
  ])('is told by the store when it lies further back than is remembered, %s', async (_where, process) => {
    const first = await counters(stream, { add: 2 }, contextOf('a'));
    await addMany(counters);
    const handle = process();
    const [again, fresh] = await Promise.all([
      handle(stream, { add: 2 }, contextOf('a')),
      handle(stream, { add: 1 }, contextOf('b')),
    ]);
    expect(watched.appends.map(({ kind }) => kind)).toContain('duplicate');
    expect(again).toEqual({ ...first, isReplay: true });
    expect(fresh).toMatchObject({ kind: 'recorded', revision: manyCommands + 2 });
    expect(await countThere()).toBe(manyCommands + 3);
  });

  it('is answered in full, though today it would be decided shorter', async () => {
    const first = await counters(stream, { raiseTo: 3 }, contextOf('a'));
    await addMany(counters);
    // One more than there is now: only the first of the three ids is tried again.
    const again = await counters(stream, { raiseTo: manyCommands + 4 }, contextOf('a'));
    expect(again).toEqual({ ...first, isReplay: true });
  });

  it.each([
    ['would be refused', { raiseTo: counterMax + 1 }, {}],
    ['would record nothing', { raiseTo: 2 }, {}],
    ['names a revision that has moved', { add: 1 }, { ifMatch: [0] }],
  ] as const)('is answered as it was under a key, though by now it %s', async (_why, command, changes) => {
    await counters(stream, { add: 1 }, contextOf('before'));
    const context = contextOf('a', { ...changes, request: 'r1' });
    const first = await counters(stream, { add: 1 }, context);
    await addMany(counters);
    const again = await newCounters(watched.store, cacheOfAnySize(), clock)(stream, command, {
      ...context,
      isRetry: true,
    });
    expect(again).toEqual({ ...first, isReplay: true });
  });

  it('under a key that was used for another request is a mistake', async () => {
    await counters(stream, { add: 1 }, contextOf('a', { request: 'r1' }));
    const other = counters(stream, { add: 1 }, contextOf('a', { request: 'r2' }));
    await expect(other).rejects.toThrow('taken by another request');
    expect(await countThere()).toBe(1);
  });

  it('under an id that wrote to another stream fails alone', async () => {
    await counters('counter-2', { add: 1 }, contextOf('a'));
    const leader = counters(stream, { add: 1 }, contextOf('leader'));
    const [taken, free] = await Promise.allSettled([
      counters(stream, { add: 1 }, contextOf('a')),
      counters(stream, { add: 1 }, contextOf('b')),
    ]);
    await leader;
    expect([taken.status, free.status]).toEqual(['rejected', 'fulfilled']);
    expect(await countThere()).toBe(2);
  });

  it('under an id that wrote to another stream is a mistake, and fails', async () => {
    await counters('counter-2', { add: 1 }, contextOf('a'));
    await expect(counters(stream, { add: 1 }, contextOf('a'))).rejects.toThrow('taken by another stream');
    expect(await countThere()).toBe(0);
  });

  it.each([
    ['in the process that decided it', (first: CounterHandle): CounterHandle => first],
    ['in another one', (_first: CounterHandle, store: Log): CounterHandle => newCounters(store)],
  ])('is known without the help of a store that is blind to known ids, %s', async (_where, processOf) => {
    const store = createMemoryEvents({ isBlindToKnownIds: true });
    const decider = newCounters(store, cacheOfAnySize(), clock);
    const first = await decider(stream, { add: 2 }, contextOf('a'));
    await addMany(decider);
    const handle = processOf(decider, store);
    const [again, fresh] = await Promise.all([
      handle(stream, { add: 2 }, contextOf('a')),
      handle(stream, { add: 1 }, contextOf('b')),
    ]);
    expect(again).toEqual({ ...first, isReplay: true });
    expect(fresh).toMatchObject({ kind: 'recorded', revision: manyCommands + 2 });
    expect(await store.readStream(stream, 0, 2_000)).toHaveLength(manyCommands + 3);
  });

  it('is found however long ago it was, by whoever must know', async () => {
    await counters(stream, { add: 600 }, contextOf('a'));
    await counters(stream, { add: 1 }, contextOf('b'));
    expect(await counters.hasRecorded(stream, contextOf('b').commandId)).toBe(true);
    expect(await counters.hasRecorded(stream, contextOf('c').commandId)).toBe(false);
  });
});
