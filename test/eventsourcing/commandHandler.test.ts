/**
 * Commands for one stream are decided one after another and go out together, at one exact revision
 * (docs/architecture.md, "Facts and promises").
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemActor } from '../../src/commands/handlers.ts';
import { eventIdOf } from '../../src/eventsourcing/commandHandling/ids.ts';
import { type EventStore, StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { contextOf } from '../support/world.ts';
import { type CounterHandle, counterMax, newCounters, openWatchedStore, type WatchedStore } from './counter.ts';

const stream = 'counter-1';
let watched: WatchedStore;
let counters: CounterHandle;
beforeEach(async () => {
  watched = await openWatchedStore();
  counters = newCounters(watched.store);
});
afterEach(() => watched.close());

const countThere = async (): Promise<number> => (await watched.store.readStream(stream, 0, 2_000)).length;

describe('an append', () => {
  it('names the exact revision that was decided on, from the first one on', async () => {
    await counters(stream, { add: 2 }, contextOf('a'));
    await counters(stream, { add: 1 }, contextOf('b'));
    await counters(stream, { add: 1 }, contextOf('c'));
    expect(watched.appends.map(({ expected }) => expected)).toEqual(['no_stream', 1, 2]);
  });

  it('carries who asked, why, and ids that a retry makes again', async () => {
    const occurredAt = '2026-02-28T12:00:00.000Z';
    const context = contextOf('a', { occurredAt });
    const outcome = await counters(stream, { add: 2 }, context);
    const { commandId, actor, authentication, correlationId, causationId } = context;
    expect(outcome).toMatchObject({
      kind: 'recorded',
      state: 2,
      revision: 1,
      events: [0, 1].map((index) => ({
        id: eventIdOf(commandId, index),
        occurredAt,
        recordedAt: '2026-03-01T09:00:00.000Z',
        metadata: { commandId, actor, authentication, $correlationId: correlationId, $causationId: causationId },
      })),
    });
  });

  it('holds all that came meanwhile; each caller gets the outcome of its own command, in order', async () => {
    const first = counters(stream, { add: 1 }, contextOf('first'));
    const outcomes = await Promise.all([
      counters(stream, { add: 2 }, contextOf('a')),
      counters(stream, { add: counterMax }, contextOf('b')),
      counters(stream, { add: 0 }, contextOf('c')),
      counters(stream, { raiseTo: 5 }, contextOf('d')),
      counters(stream, { raiseTo: 5 }, contextOf('e')),
    ]);
    expect(await first).toMatchObject({ kind: 'recorded', state: 1, revision: 0 });
    expect(outcomes).toMatchObject([
      { kind: 'recorded', state: 3, revision: 2, events: [{ revision: 1 }, { revision: 2 }] },
      { kind: 'refused', refusal: { code: 'COUNTER_FULL', facts: { count: 3 } } },
      { kind: 'unchanged', state: 3, revision: 2 },
      { kind: 'recorded', state: 5, revision: 4, events: [{ revision: 3 }, { revision: 4 }] },
      { kind: 'unchanged', state: 5, revision: 4 },
    ]);
    expect(watched.appends.map(({ expected, size }) => [expected, size])).toEqual([
      ['no_stream', 1],
      [0, 4],
    ]);
  });

  it('of a burst holds at most 128 commands', async () => {
    const burst = Array.from({ length: 300 }, (_, index) => counters(stream, { add: 1 }, contextOf(`burst ${index}`)));
    const outcomes = await Promise.all(burst);
    expect(outcomes.map((outcome) => outcome.kind === 'recorded' && outcome.revision)).toEqual(
      Array.from({ length: 300 }, (_, index) => index),
    );
    expect(watched.appends.map(({ size }) => size)).toEqual([1, 128, 128, 43]);
  });
});

describe('when another process was quicker', () => {
  it('reads only the events since, and decides again (R11.2)', async () => {
    const other = newCounters(watched.store);
    await counters(stream, { add: 3 }, contextOf('mine'));
    await other(stream, { add: 2 }, contextOf('theirs'));
    watched.reads.length = 0;
    const outcome = await counters(stream, { raiseTo: 6 }, contextOf('mine again'));
    expect(outcome).toMatchObject({ kind: 'recorded', state: 6, revision: 5, events: [{ revision: 5 }] });
    expect(watched.appends.slice(-2)).toEqual([
      { expected: 2, size: 3, kind: 'conflict' },
      { expected: 4, size: 1, kind: 'appended' },
    ]);
    expect(watched.reads).toEqual([3]);
  });

  it('gives up when it is quicker time and again, and says that nothing was written', async () => {
    const other = newCounters(watched.store);
    let wins = 0;
    const lose = async (): Promise<void> => {
      // The other one's append passes this hook too, and must not be raced itself.
      watched.beforeAppend(() => Promise.resolve());
      await other(stream, { add: 1 }, contextOf(`win ${wins++}`));
      watched.beforeAppend(lose);
    };
    watched.beforeAppend(lose);
    const asked = counters(stream, { add: 1 }, contextOf('never'));
    await expect(asked).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'not_written' });
    expect(wins).toBe(16);
    expect(await countThere()).toBe(16);
  });

  it('refuses nothing on what it knew before: what was full may have been emptied, and the other way round', async () => {
    const other = newCounters(watched.store);
    await counters(stream, { add: 1 }, contextOf('mine'));
    await other(stream, { add: counterMax - 1 }, contextOf('theirs'));
    // On the state that is cached here this would be nothing to do.
    expect(await counters(stream, { add: 0 }, contextOf('look'))).toMatchObject({
      kind: 'unchanged',
      state: counterMax,
    });
    await expect(counters(stream, { add: 1 }, contextOf('more'))).resolves.toMatchObject({
      kind: 'refused',
      refusal: { facts: { count: counterMax } },
    });
  });

  it('loads what another process wrote when it is told to have seen it, and else what it knows', async () => {
    const other = newCounters(watched.store);
    await counters(stream, { add: 1 }, contextOf('mine'));
    await other(stream, { add: 1 }, contextOf('theirs'));
    expect((await counters.load(stream)).state).toBe(1);
    expect((await counters.loadSince(stream, { stream: 'counter-other', revision: 0 })).state).toBe(2);
    expect((await counters.load(stream)).state).toBe(2);
  });

  it('asks the store nothing for a reaction to an event of the same stream that it knows of', async () => {
    const other = newCounters(watched.store);
    await counters(stream, { add: 1 }, contextOf('mine'));
    await other(stream, { add: 1 }, contextOf('theirs'));
    expect((await counters.loadSince(stream, { stream, revision: 0 })).state).toBe(1);
    expect((await counters.loadSince(stream, { stream, revision: 0 }, true)).state).toBe(2);
    expect((await counters.loadSince(stream, { stream, revision: 1 })).state).toBe(2);
  });

  it('reads a stream once for all who want it together, as its state may be large', async () => {
    await counters(stream, { add: 1 }, contextOf('mine'));
    const other = newCounters(watched.store);
    watched.reads.length = 0;
    const loads = await Promise.all([1, 2, 3].map(() => other.load(stream)));
    expect(loads.map(({ state }) => state)).toEqual([1, 1, 1]);
    expect(watched.reads).toEqual([0]);
  });

  it('reads on for a reaction where the read that is under way began before the event', async () => {
    await counters(stream, { add: 1 }, contextOf('before'));
    const [read, letGo] = [Promise.withResolvers<null>(), Promise.withResolvers<null>()];
    const readStream: EventStore['readStream'] = async (...asked) => {
      const events = await watched.store.readStream(...asked);
      read.resolve(null);
      await letGo.promise;
      return events;
    };
    const other = newCounters({ ...watched.store, readStream });
    const begun = other.load(stream);
    await read.promise;
    await counters(stream, { add: 1 }, contextOf('event'));
    const since = other.loadSince(stream, { stream: 'counter-2', revision: 0 });
    letGo.resolve(null);
    expect([(await begun).state, (await since).state]).toEqual([1, 2]);
  });

  it('refuses to load for a reaction what the store does not show up to the event yet', async () => {
    await counters(stream, { add: 1 }, contextOf('mine'));
    expect((await counters.loadSince(stream, { stream, revision: 0 })).state).toBe(1);
    const ahead = counters.loadSince(stream, { stream, revision: 1 });
    await expect(ahead).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'not_written' });
  });
});

describe('what policies ask for', () => {
  it('goes before what clients asked for earlier, in its own order', async () => {
    await counters(stream, { add: 1 }, contextOf('first'));
    const system = { actor: systemActor };
    let asked: Promise<unknown>[] = [];
    watched.beforeAppend(() => {
      asked = [
        counters(stream, { add: 1 }, contextOf('client 1')),
        counters(stream, { add: 1 }, contextOf('client 2')),
        counters(stream, { add: 1 }, contextOf('policy 1', system)),
        counters(stream, { add: 1 }, contextOf('policy 2', system)),
      ];
      return Promise.resolve();
    });
    await counters(stream, { add: 1 }, contextOf('under way'));
    await Promise.all(asked);
    const events = await watched.store.readStream(stream, 2, 10);
    const named = ['policy 1', 'policy 2', 'client 1', 'client 2'].map((name) => contextOf(name).commandId);
    expect(events.map(({ metadata }) => metadata.commandId)).toEqual(named);
  });
});

describe('a caller who says which revision they saw', () => {
  it('hears of the events since when it has moved, and is never retried (B1)', async () => {
    const other = newCounters(watched.store);
    await counters(stream, { add: 1 }, contextOf('mine'));
    watched.beforeAppend(async () => {
      await other(stream, { add: 2 }, contextOf('theirs'));
    });
    const outcome = await counters(stream, { add: 1 }, contextOf('late', { ifMatch: [0] }));
    expect(outcome).toMatchObject({
      kind: 'stale',
      currentRevision: 2,
      events: [{ revision: 1 }, { revision: 2 }],
    });
    expect(await countThere()).toBe(3);
  });

  it('is stale as well when a command before it in the same append moved the stream', async () => {
    const first = counters(stream, { add: 1 }, contextOf('first'));
    const [moves, stale, fits] = await Promise.all([
      counters(stream, { add: 1 }, contextOf('moves', { ifMatch: [0] })),
      counters(stream, { add: 1 }, contextOf('stale', { ifMatch: [0] })),
      counters(stream, { add: 1 }, contextOf('fits', { ifMatch: [1] })),
      first,
    ]);
    expect(moves).toMatchObject({ kind: 'recorded', revision: 1 });
    expect(stale).toMatchObject({ kind: 'stale', currentRevision: 1, events: [{ revision: 1 }, { revision: 2 }] });
    expect(fits).toMatchObject({ kind: 'recorded', revision: 2 });
    expect(await countThere()).toBe(3);
  });
});

describe('a dry run', () => {
  it('tells the events, records nothing, and moves nothing for those behind it (B12)', async () => {
    const first = counters(stream, { add: 1 }, contextOf('first'));
    const [dry, real] = await Promise.all([
      counters(stream, { add: 2 }, contextOf('dry', { dryRun: true })),
      counters(stream, { raiseTo: 2 }, contextOf('real')),
      first,
    ]);
    expect(dry).toMatchObject({ kind: 'dry_run', events: [{ type: 'Counted' }, {}] });
    expect(real).toMatchObject({ kind: 'recorded', state: 2, revision: 1 });
    expect(await countThere()).toBe(2);
  });
});

describe('a store that fails', () => {
  it('fails every caller of the append, and the next command reads anew', async () => {
    watched.beforeAppend(() => Promise.resolve());
    watched.beforeAppend(() => Promise.reject(new StoreUnavailable('full', 'not_written')));
    const leader = counters(stream, { add: 1 }, contextOf('leader'));
    const batch = [0, 1].map((index) => counters(stream, { add: index }, contextOf(`batch ${index}`)));
    expect(await Promise.allSettled(batch)).toMatchObject([
      { status: 'rejected', reason: { message: 'full' } },
      { status: 'rejected', reason: { message: 'full' } },
    ]);
    expect(await leader).toMatchObject({ kind: 'recorded', revision: 0 });
    watched.reads.length = 0;
    expect(await counters(stream, { add: 1 }, contextOf('after'))).toMatchObject({ kind: 'recorded', revision: 1 });
    expect(watched.reads).toEqual([0]);
  });

  it('and does not know whether it wrote: the same command again is recorded once', async () => {
    const lost = (): Promise<void> => Promise.reject(new StoreUnavailable('connection lost', 'unknown'));
    for (const [name, fail] of [
      ['written', (): void => watched.afterAppend(lost)],
      ['not written', (): void => watched.beforeAppend(lost)],
    ] as const) {
      const before = await countThere();
      fail();
      await expect(counters(stream, { add: 2 }, contextOf(name))).rejects.toMatchObject({ outcome: 'unknown' });
      const again = await counters(stream, { add: 2 }, contextOf(name));
      expect(again).toMatchObject({ kind: 'recorded', state: before + 2, revision: before + 1 });
      expect(await countThere()).toBe(before + 2);
    }
  });
});
