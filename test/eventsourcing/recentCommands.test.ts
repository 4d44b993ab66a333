/** Which commands of a stream are remembered, so that a retry after a crash is recognised (R20.4). */
import { describe, expect, it } from 'vitest';
import { createRecentCommands, recentBytes } from '../../src/eventsourcing/commandHandling/recentCommands.ts';
import { golden } from '../projections/golden.ts';
import { contextOf, createClock } from '../support/world.ts';
import { cacheOfAnySize, newCounters, openWatchedStore } from './counter.ts';

const { metadata } = golden('ItemDefined', 1);
const startMs = Date.parse('2026-03-01T08:00:00.000Z');

/** One command each, so many milliseconds apart. */
const events = (count: number, everyMs: number, prefix = '') =>
  Array.from({ length: count }, (_, index) => ({
    revision: index,
    recordedAt: new Date(startMs + index * everyMs).toISOString(),
    metadata: { ...metadata, commandId: `${prefix}${index}` },
  }));

describe('the recent commands of a stream', () => {
  it.each([
    ['all of the last minute, and not one more, of a busy one', 1_000, 100, 601],
    ['the last few of a quiet one', 100, 3_600_000, 16],
    ['a bounded number of the busiest', 5_000, 1, 1_024],
  ])('are %s', (_what, count, everyMs, kept) => {
    const recent = createRecentCommands().learn(events(count, everyMs));
    expect(recent.bytes()).toBe(kept * recentBytes);
    expect(recent.find(String(count - kept))).toMatchObject({ firstRevision: count - kept });
    expect(recent.find(String(count - kept - 1))).toBeUndefined();
  });

  it('are known all together when older ones come again', () => {
    const recent = createRecentCommands().learn(events(100, 3_600_000));
    recent.learnAgain(events(80, 3_600_000));
    for (let index = 0; index < 80; index += 1) expect(recent.find(String(index))).toBeDefined();
  });

  it('count several events of a command as one', () => {
    const twice = events(20, 1).flatMap((event) => [event, { ...event, revision: event.revision + 1 }]);
    expect(createRecentCommands().learn(twice).find('19')).toMatchObject({ firstRevision: 19, lastRevision: 20 });
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
