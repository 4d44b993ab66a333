/** A command on a long stream reads the newest snapshot and the events since; nothing of it is believed unseen (R21). */
import { beforeEach, describe, expect, it } from 'vitest';
import { createCommandHandler } from '../../src/eventsourcing/commandHandling/commandHandler.ts';
import {
  createSnapshotWriter,
  type KeptSnapshot,
  type SnapshotStore,
} from '../../src/eventsourcing/commandHandling/snapshotWriter.ts';
import { accept } from '../../src/eventsourcing/message.ts';
import { createMemoryEvents, type Log } from '../support/memoryEvents.ts';
import { contextOf, createClock } from '../support/world.ts';
import { type CounterHandle, cacheOfAnySize, counted, counterDecider } from './counter.ts';

const stream = 'counter-1';

interface Kept {
  readonly store: SnapshotStore;
  readonly snapshots: KeptSnapshot[];
}

const createKept = (): Kept => {
  const snapshots: KeptSnapshot[] = [];
  const find: SnapshotStore['find'] = async (name, form, upTo) =>
    snapshots.findLast((each) => each.stream === name && each.form === form && each.revision <= upTo) ?? null;
  return {
    snapshots,
    store: {
      find,
      save: async (more) => {
        snapshots.push(...more);
      },
      forget: async (name) => {
        snapshots.splice(0, snapshots.length, ...snapshots.filter((each) => each.stream !== name));
      },
    },
  };
};

let log: Log;
let kept: Kept;
let reads: { readonly from: number; readonly count: number }[];
let failures: unknown[];
const clock = createClock();
beforeEach(() => {
  log = createMemoryEvents();
  kept = createKept();
  reads = [];
  failures = [];
});

/** A process of its own, with nothing in its cache. */
const start = (store: Log = log, decider = counterDecider, snapshots: SnapshotStore = kept.store) => {
  const writer = createSnapshotWriter(snapshots, (error) => failures.push(error));
  const watched: Log = {
    ...store,
    readStream: async (name, from, limit) => {
      const events = await store.readStream(name, from, limit);
      reads.push({ from, count: events.length });
      return events;
    },
  };
  const handle = createCommandHandler(decider, { store: watched, clock, cache: cacheOfAnySize(), snapshots: writer });
  return { handle, flush: writer.flush };
};

const add = async (handle: CounterHandle, count: number, name: string): Promise<void> => {
  for (let at = 0; at < count; at += 1) await handle(stream, { add: 1 }, contextOf(`${name} ${at}`));
};

/** A stream of so many events whose snapshots are written. */
const fill = async (count: number, store: Log = log): Promise<void> => {
  const { handle, flush } = start(store);
  for (let at = 0; at < count; at += 10) {
    await add(handle, Math.min(10, count - at), `fill ${at}`);
    await flush();
  }
  reads = [];
};

describe('a stream with snapshots', () => {
  it('is read from the newest one on, however long it is', async () => {
    await fill(730);
    const { handle } = start();
    expect(await handle(stream, { add: 1 }, contextOf('after'))).toMatchObject({ state: 731, revision: 730 });
    expect(reads).toHaveLength(1);
    expect(reads[0]?.count).toBeLessThanOrEqual(60);
    expect(reads[0]?.from).toBe(kept.snapshots.at(-1)?.revision);
  });

  it('gets one each fifty events or so, and milestones a thousand apart', async () => {
    const { handle, flush } = start(log, { ...counterDecider, decide: () => accept(...Array(30).fill(counted)) });
    for (let at = 0; at < 100; at += 1) {
      await handle(stream, { add: 1 }, contextOf(`thirty ${at}`));
      await flush();
    }
    const revisions = kept.snapshots.map(({ revision }) => revision);
    expect(revisions.slice(0, 3)).toEqual([59, 119, 179]);
    const milestones = kept.snapshots.filter(({ isMilestone }) => isMilestone);
    expect(milestones.map(({ revision }) => revision)).toEqual([1_019, 2_039]);
  });

  it('knows the commands of before, so that one that is sent again is answered as it was', async () => {
    await fill(120);
    const first = await start().handle(stream, { add: 2 }, contextOf('a'));
    const again = await start().handle(stream, { add: 2 }, contextOf('a'));
    expect(again).toEqual({ ...first, isReplay: true });
    // The store would refuse the ids; but the command is known before it is decided.
    expect(await log.readStream(stream, 0, 1_000)).toHaveLength(122);
  });

  it('knows them for a store that is blind to known ids', async () => {
    const blind = createMemoryEvents({ isBlindToKnownIds: true });
    await fill(230, blind);
    expect(kept.snapshots.length).toBeGreaterThan(0);
    const again = await start(blind).handle(stream, { add: 1 }, contextOf('fill 0 0'));
    expect(again).toMatchObject({ kind: 'recorded', revision: 0, state: 1, isReplay: true });
    expect(await blind.readStream(stream, 0, 1_000)).toHaveLength(230);
  });
});

describe('a snapshot', () => {
  const expectWholeRead = async (handle: CounterHandle, state: number): Promise<void> => {
    reads = [];
    expect(await handle(stream, { add: 1 }, contextOf('after'))).toMatchObject({ state });
    expect(reads.some(({ from }) => from === 0)).toBe(true);
  };

  it('of a log that was longer once is not believed, and forgotten', async () => {
    await fill(200);
    log = createMemoryEvents();
    const { handle } = start();
    await add(handle, 20, 'other');
    await expectWholeRead(start().handle, 21);
    expect(kept.snapshots).toEqual([]);
  });

  it('is not believed where the log has another event in its place', async () => {
    await fill(200);
    const stale = [...kept.snapshots];
    log = createMemoryEvents();
    kept = createKept();
    const { handle } = start();
    await add(handle, 200, 'other');
    kept.snapshots.splice(0, Infinity, ...stale);
    await expectWholeRead(start().handle, 201);
  });

  it('of another version of the fold is not read', async () => {
    await fill(200);
    const newer = { ...counterDecider, codec: { ...counterDecider.codec, version: 2 } };
    await expectWholeRead(start(log, newer).handle, 201);
    expect(failures).toEqual([]);
  });

  it.each([
    ['cut off', (parts: readonly string[]) => parts.map((part) => part.slice(0, -3))],
    ['of another shape', () => ['{}']],
    ['empty', () => []],
  ])('that is %s costs nothing but the reading', async (_what, spoil) => {
    await fill(200);
    for (const [at, snapshot] of kept.snapshots.entries())
      kept.snapshots[at] = { ...snapshot, parts: spoil(snapshot.parts) };
    await expectWholeRead(start().handle, 201);
    expect(failures.length).toBeGreaterThan(0);
  });

  it('that can not be made costs only itself', async () => {
    const broken = {
      ...counterDecider,
      codec: {
        ...counterDecider.codec,
        encode: (): never => {
          throw new Error('no codec');
        },
      },
    };
    const { handle, flush } = start(log, broken);
    await add(handle, 120, 'a');
    await flush();
    expect([kept.snapshots, failures.length > 0]).toEqual([[], true]);
    await fill(240);
    expect(kept.snapshots.length).toBeGreaterThan(0);
  });

  it('that can not be read or written costs nothing but the reading', async () => {
    await fill(200);
    const away = (): Promise<never> => Promise.reject(new Error('away'));
    const { handle, flush } = start(log, counterDecider, { find: away, save: away, forget: away });
    await expectWholeRead(handle, 201);
    await flush();
    expect(failures).toHaveLength(2);
  });
});

describe('the answer to a command of long ago', () => {
  it('is made from the snapshot before it', async () => {
    await fill(300);
    const { handle } = start();
    // The log finds out that it was recorded.
    const again = await handle(stream, { add: 1 }, contextOf('fill 290 5'));
    expect(again).toMatchObject({ kind: 'recorded', revision: 295, state: 296, isReplay: true });
  });
});
