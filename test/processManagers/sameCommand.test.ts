/** A command that is sent again, by whomever and however much later, is recorded once and answered as it was (R4). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryEvents, type Log } from '../support/memoryEvents.ts';
import { contextOf, createClock, type TestClock } from '../support/world.ts';
import { cacheOfAnySize, type JarHandle, newJars, openWatchedStore, type WatchedStore } from './jar.ts';

const stream = 'jar-1';
let watched: WatchedStore;
let jars: JarHandle;
let clock: TestClock;
beforeEach(async () => {
  watched = await openWatchedStore();
  clock = createClock();
  jars = newJars(watched.store, cacheOfAnySize(), clock);
});
afterEach(() => watched.close());

const marblesThere = async (): Promise<number> => (await watched.store.readStream(stream, 0, 2_000)).length;

/** So many and so much later that what was before is not remembered with the state. */
const manyCommands = 257;
const putMany = (handle: JarHandle): Promise<unknown> => {
  clock.pass(120_000);
  return Promise.all(
    Array.from({ length: manyCommands }, (_, index) => handle(stream, { put: 1 }, contextOf(`many ${index}`))),
  );
};

describe('the same command again', () => {
  it('gets the first answer from the same process, whatever happened since', async () => {
    const first = await jars(stream, { put: 2 }, contextOf('a'));
    await jars(stream, { put: 3 }, contextOf('b'));
    expect(await jars(stream, { put: 2 }, contextOf('a'))).toEqual({ ...first, isReplay: true });
    expect(await marblesThere()).toBe(5);
  });

  it('gets it although the caller named a revision that has moved: it was theirs that moved it', async () => {
    await jars(stream, { put: 1 }, contextOf('before'));
    const first = await jars(stream, { put: 1 }, contextOf('a', { ifMatch: [0] }));
    expect(first).toMatchObject({ kind: 'recorded' });
    expect(await jars(stream, { put: 1 }, contextOf('a', { ifMatch: [0] }))).toEqual({ ...first, isReplay: true });
  });

  it('gets it after a restart', async () => {
    const first = await jars(stream, { put: 2 }, contextOf('a'));
    await jars(stream, { put: 3 }, contextOf('b'));
    expect(await newJars(watched.store)(stream, { put: 2 }, contextOf('a'))).toEqual({ ...first, isReplay: true });
    expect(await marblesThere()).toBe(5);
  });

  it('while the first one is still under way is recorded once, and both get that answer', async () => {
    const leader = jars(stream, { put: 1 }, contextOf('leader'));
    const [first, again, other] = await Promise.all([
      jars(stream, { put: 2 }, contextOf('a')),
      jars(stream, { put: 2 }, contextOf('a')),
      jars(stream, { put: 1 }, contextOf('b')),
    ]);
    expect(first).toMatchObject({ kind: 'recorded', revision: 2 });
    expect(again).toEqual(first);
    expect(other).toMatchObject({ kind: 'recorded', revision: 3 });
    await leader;
    expect(await marblesThere()).toBe(4);
  });

  it.each([
    ['in the process that decided it', (): JarHandle => jars],
    ['in another one', (): JarHandle => newJars(watched.store)],
  ])('is told by the store when it lies further back than is remembered, %s', async (_where, process) => {
    const first = await jars(stream, { put: 2 }, contextOf('a'));
    await putMany(jars);
    const handle = process();
    const [again, fresh] = await Promise.all([
      handle(stream, { put: 2 }, contextOf('a')),
      handle(stream, { put: 1 }, contextOf('b')),
    ]);
    expect(watched.appends.map(({ kind }) => kind)).toContain('duplicate');
    expect(again).toEqual({ ...first, isReplay: true });
    expect(fresh).toMatchObject({ kind: 'recorded', revision: manyCommands + 2 });
    expect(await marblesThere()).toBe(manyCommands + 3);
  });

  it('is answered in full, though today it would be decided shorter', async () => {
    const first = await jars(stream, { fillTo: 3 }, contextOf('a'));
    await putMany(jars);
    // One marble more than there is now: only the first of the three ids is tried again.
    const again = await jars(stream, { fillTo: manyCommands + 4 }, contextOf('a'));
    expect(again).toEqual({ ...first, isReplay: true });
  });

  it('under an id that wrote to another stream is a mistake, and fails', async () => {
    await jars('jar-2', { put: 1 }, contextOf('a'));
    await expect(jars(stream, { put: 1 }, contextOf('a'))).rejects.toThrow('taken by another stream');
    expect(await marblesThere()).toBe(0);
  });

  it.each([
    ['in the process that decided it', (first: JarHandle): JarHandle => first],
    ['in another one', (_first: JarHandle, store: Log): JarHandle => newJars(store)],
  ])('is known without the help of a store that is blind to known ids, %s', async (_where, processOf) => {
    const store = createMemoryEvents({ isBlindToKnownIds: true });
    const decider = newJars(store, cacheOfAnySize(), clock);
    const first = await decider(stream, { put: 2 }, contextOf('a'));
    await putMany(decider);
    const handle = processOf(decider, store);
    const [again, fresh] = await Promise.all([
      handle(stream, { put: 2 }, contextOf('a')),
      handle(stream, { put: 1 }, contextOf('b')),
    ]);
    expect(again).toEqual({ ...first, isReplay: true });
    expect(fresh).toMatchObject({ kind: 'recorded', revision: manyCommands + 2 });
    expect(await store.readStream(stream, 0, 2_000)).toHaveLength(manyCommands + 3);
  });

  it('is found however long ago it was, by whoever must know', async () => {
    await jars(stream, { put: 600 }, contextOf('a'));
    await jars(stream, { put: 1 }, contextOf('b'));
    expect(await jars.hasRecorded(stream, contextOf('b').commandId)).toBe(true);
    expect(await jars.hasRecorded(stream, contextOf('c').commandId)).toBe(false);
  });
});
