/** Which commands of a stream are remembered, so that a retry after a crash is recognised (R20.4). */
import { describe, expect, it } from 'vitest';
import { derivedId } from '../../src/eventsourcing/commandHandling/ids.ts';
import {
  createRecentCommands,
  endsWith,
  findRecent,
  learnAgain,
  learnCommands,
  mayHaveForgotten,
  recentBytes,
  restoreCommands,
} from '../../src/eventsourcing/commandHandling/recentCommands.ts';
import { golden } from '../projections/golden.ts';
import { contextOf, createClock } from '../support/world.ts';
import { cacheOfAnySize, newCounters, openWatchedStore } from './counter.ts';

const { metadata } = golden('ItemDefined', 1);
const startMs = Date.parse('2026-03-01T08:00:00.000Z');

const idOf = (index: number): string => derivedId(`command ${index}`);

/** One command each, so many milliseconds apart. */
const events = (count: number, everyMs: number, from = 0) =>
  Array.from({ length: count }, (_, at) => from + at).map((index) => ({
    revision: index,
    recordedAt: new Date(startMs + index * everyMs).toISOString(),
    metadata: { ...metadata, commandId: idOf(index) },
  }));

describe('the recent commands of a stream', () => {
  it.each([
    ['all of the last minute of a busy one', 1_000, 100, 601],
    ['the last few of a quiet one', 100, 3_600_000, 8],
    ['a bounded number of the busiest', 5_000, 1, 1_024],
  ])('are %s', (_what, count, everyMs, kept) => {
    const recent = learnCommands(createRecentCommands(), events(count, everyMs));
    expect(findRecent(recent, idOf(count - kept))).toEqual({ firstRevision: count - kept, lastRevision: count - kept });
    expect(findRecent(recent, idOf(count - kept - 1))).toBeUndefined();
  });

  it('forget the old ones some at a time, and never more than those', () => {
    const recent = learnCommands(createRecentCommands(), events(8, 3_600_000));
    for (let index = 8; index < 200; index += 1) learnCommands(recent, events(1, 3_600_000, index));
    expect([findRecent(recent, idOf(192)), findRecent(recent, idOf(180))]).toEqual([
      { firstRevision: 192, lastRevision: 192 },
      undefined,
    ]);
    expect(recentBytes(recent)).toBeLessThan(100 + 16 * 4 * 12);
  });

  it('are known all together when older ones come again', () => {
    const recent = learnCommands(createRecentCommands(), events(100, 3_600_000));
    learnAgain(recent, events(80, 3_600_000));
    for (let index = 0; index < 80; index += 1) expect(findRecent(recent, idOf(index))).toBeDefined();
  });

  it('count several events of a command as one, also where they are learnt in two pages', () => {
    const twice = events(20, 1).flatMap(({ revision, ...event }) => [
      { ...event, revision: 2 * revision },
      { ...event, revision: 2 * revision + 1 },
    ]);
    const recent = learnCommands(createRecentCommands(), twice.slice(0, 7));
    learnCommands(recent, twice.slice(7));
    expect(Array.from({ length: 20 }, (_, index) => findRecent(recent, idOf(index)))).toEqual(
      Array.from({ length: 20 }, (_, index) => ({ firstRevision: 2 * index, lastRevision: 2 * index + 1 })),
    );
  });

  it('are learnt once, though an older state of the stream reads them again', () => {
    const recent = learnCommands(createRecentCommands(), events(10, 1));
    learnCommands(recent, events(10, 1).slice(4));
    expect(findRecent(recent, idOf(3))).toEqual({ firstRevision: 3, lastRevision: 3 });
    expect(recent.rows).toHaveLength(10 * 4);
  });

  it('count a long command as one where two readers of the stream share them', () => {
    const [first, ...others] = events(4, 1);
    if (first === undefined) throw new Error('four events have a first one');
    const long = others.map((event) => ({ ...event, metadata: { ...metadata, commandId: idOf(99) } }));
    const recent = learnCommands(createRecentCommands(), [first, ...long.slice(0, 2)]);
    learnCommands(recent, [first, ...long]);
    expect(findRecent(recent, idOf(99))).toEqual({ firstRevision: 1, lastRevision: 3 });
  });

  it('are only what stands together, where a command wrote twice', () => {
    const recent = createRecentCommands();
    const [then, later] = [events(1, 1, 3), events(1, 1, 70)].map((found) =>
      found.map((event) => ({ ...event, metadata: { ...metadata, commandId: idOf(99) } })),
    );
    learnAgain(recent, [...(then ?? []), ...(later ?? [])]);
    expect(findRecent(recent, idOf(99))).toEqual({ firstRevision: 70, lastRevision: 70 });
  });

  it('are the same after they were restored, and tell which event they end with', () => {
    const all = events(20, 1);
    const { rows, fingerprints } = learnCommands(createRecentCommands(true), all);
    const recent = restoreCommands(rows, 19, fingerprints);
    expect(findRecent(recent, idOf(19))).toEqual({ firstRevision: 19, lastRevision: 19 });
    expect([mayHaveForgotten(recent, idOf(1)), mayHaveForgotten(recent, idOf(99))]).toEqual([false, false]);
    const [last, other] = [all.at(-1), all.at(-2)];
    if (last === undefined || other === undefined) throw new Error('twenty events have a last one');
    const later = { ...last, recordedAt: new Date(startMs + 999).toISOString() };
    expect([last, other, later].map((event) => endsWith(rows, event))).toEqual([true, false, false]);
  });
});

describe('a hundred commands of long ago, sent again at once', () => {
  it('are all told what they recorded, and record nothing', async () => {
    const watched = await openWatchedStore();
    const stream = 'counter-1';
    const clock = createClock();
    const before = newCounters(watched.store, cacheOfAnySize(), clock);
    const add = (name: string) => before(stream, { add: 1 }, contextOf(name));
    const names = Array.from({ length: 100 }, (_, index) => `old ${index}`);
    const first = [];
    for (const name of names) first.push(await add(name));
    clock.pass(120_000);
    for (let index = 0; index < 40; index += 1) await add(`since ${index}`);

    const restarted = newCounters(watched.store, cacheOfAnySize(), clock);
    // The process that comes after the crash has done something else on the stream first.
    await restarted(stream, { add: 1 }, contextOf('another'));
    const again = await Promise.all(names.map((name) => restarted(stream, { add: 1 }, contextOf(name))));
    expect(again).toEqual(first.map((outcome) => ({ ...outcome, isReplay: true })));
    expect(await watched.store.readStream(stream, 0, 1_000)).toHaveLength(141);
    expect(watched.appends.map(({ kind }) => kind)).toContain('duplicate');
    await watched.close();
  });
});
