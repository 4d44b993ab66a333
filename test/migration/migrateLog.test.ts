/** Moving a log: in order, once, whatever breaks; and nothing onto what is not ours. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { EventEnvelope, RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { ReadLog } from '../../src/migration/compareLogs.ts';
import { type MigrationResult, migrateLog, type Step, TargetTaken } from '../../src/migration/migrateLog.ts';
import { newEvent } from '../contracts/eventSamples.ts';
import { createRandom } from '../crash/seeded.ts';
import { createMemoryEvents } from '../support/memoryEvents.ts';
import { type BlindEvents, createBlindEvents, type Fault, Killed } from './blindEvents.ts';

type Source = readonly RecordedEvent[];

/** Some streams, each written to in stretches, so that there are runs to keep together. */
const logOf = async (length: number, random: () => number = createRandom(1)): Promise<Source> => {
  const store = createMemoryEvents();
  const revisions = new Map<string, number>();
  for (let written = 0; written < length; ) {
    const stream = `warehouse-W${Math.floor(random() * 5)}`;
    const size = Math.min(length - written, 1 + Math.floor(random() * 7));
    const last = revisions.get(stream);
    await store.append(
      stream,
      last ?? 'no_stream',
      Array.from({ length: size }, () => newEvent()),
    );
    revisions.set(stream, (last ?? -1) + size);
    written += size;
  }
  return store.readAll(null, 'forwards', length);
};

const reading =
  (source: Source): ReadLog =>
  async (from, limit) =>
    source.slice(Number(from?.commit ?? 0n), Number(from?.commit ?? 0n) + limit);

const move = (
  source: Source,
  { store }: Pick<BlindEvents, 'store'>,
  onProgress: (step: Step, done: number) => void = () => undefined,
): Promise<MigrationResult> =>
  migrateLog({ source: reading(source), target: store, onProgress, pause: () => Promise.resolve() });

/** All but the position, which is the target's own. */
const withoutPosition = (events: readonly RecordedEvent[]): object[] =>
  events.map(({ position: _, ...event }) => event);

const envelopeOf = ({ stream: _, revision: __, position: ___, ...envelope }: RecordedEvent): EventEnvelope => envelope;

/** What another writer has put there before. */
const holding = async (events: readonly RecordedEvent[]): Promise<BlindEvents> => {
  const target = createBlindEvents();
  for (const event of events) {
    await target.store.append(event.stream, event.revision === 0 ? 'no_stream' : event.revision - 1, [
      envelopeOf(event),
    ]);
  }
  return target;
};

describe('moving a log', () => {
  it('keeps ids, streams, revisions, types, times, data, metadata and order', async () => {
    const source = await logOf(1_300);
    const target = createBlindEvents();
    const result = await move(source, target);
    expect(result).toMatchObject({ kind: 'moved', copied: 1_300, comparison: { end: 'same', events: 1_300 } });
    expect(withoutPosition(target.log)).toEqual(withoutPosition(source));
  });

  it('moves an empty log, and one that is there already, without a write', async () => {
    expect(await move([], createBlindEvents())).toMatchObject({ kind: 'moved', copied: 0 });
    const source = await logOf(20);
    const target = await holding(source);
    expect(await move(source, target)).toMatchObject({ kind: 'moved', copied: 0, comparison: { events: 20 } });
    expect(target.log).toHaveLength(20);
  });

  it('puts what stands together in one stream into one append, of at most 100 events and 512 KiB', async () => {
    const sizes: number[] = [];
    const memory = createMemoryEvents();
    await memory.append(
      'item-S',
      'no_stream',
      Array.from({ length: 250 }, () => newEvent('ItemDefined')),
    );
    const large = Array.from({ length: 3 }, () => newEvent('ItemDefined', { note: 'x'.repeat(300_000) }));
    await memory.append('item-L', 'no_stream', large);
    const source = await memory.readAll(null, 'forwards', 1_000);
    const target = createBlindEvents();
    const { append } = target.store;
    const counting: BlindEvents['store'] = {
      ...target.store,
      append: (stream, expected, events) => {
        sizes.push(events.length);
        return append(stream, expected, events);
      },
    };
    expect(await move(source, { store: counting })).toMatchObject({ kind: 'moved' });
    expect(sizes).toEqual([100, 100, 50, 1, 1, 1]);
  });

  it('tells how far it is, step by step', async () => {
    const told: [Step, number][] = [];
    await move(await logOf(40), createBlindEvents(), (step, done) => told.push([step, done]));
    const steps = [...new Set(told.map(([step]) => step))];
    expect(steps).toEqual(['copy', 'check', 'streams']);
    expect(told.findLast(([step]) => step === 'copy')).toEqual(['copy', 40]);
    expect(told.findLast(([step]) => step === 'check')).toEqual(['check', 40]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is whole and in order after kills and lost answers (seed %i)', async (seed) => {
    const random = createRandom(seed);
    const faults: readonly Fault[] = ['refused', 'lost before', 'lost after', 'killed before', 'killed after'];
    const source = await logOf(600, random);
    const target = createBlindEvents(() =>
      random() < 0.3 ? (faults[Math.floor(random() * faults.length)] ?? 'none') : 'none',
    );
    let runs = 1;
    let result: MigrationResult | undefined;
    while (result === undefined) {
      result = await move(source, target).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        runs += 1;
        return undefined;
      });
    }
    expect(runs).toBeGreaterThan(3);
    expect(result).toMatchObject({ kind: 'moved', comparison: { events: 600 } });
    expect(withoutPosition(target.log)).toEqual(withoutPosition(source));
  });

  it('has the same hash in one go and in many, and another one for another log', async () => {
    const source = await logOf(50);
    const digestOf = async (target: BlindEvents): Promise<string> => (await move(source, target)).comparison.digest;
    const digest = await digestOf(createBlindEvents());
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await digestOf(await holding(source.slice(0, 23)))).toBe(digest);
    const changed = source.with(10, { ...source[10]!, occurredAt: '2020-01-01T00:00:00.000Z' });
    expect((await move(changed, createBlindEvents())).comparison.digest).not.toBe(digest);
  });
});

describe('a target that is not ours alone', () => {
  it.each<[string, (source: Source) => Source]>([
    ['begins with another event', (source) => [{ ...source[0]!, id: randomUUID() }]],
    ['has other data under our ids', (source) => [{ ...source[0]!, data: { ...source[0]!.data, name: 'Other' } }]],
    ['has another recording time', (source) => [{ ...source[0]!, recordedAt: '2020-01-01T00:00:00.000Z' }]],
    ['has our events in another order', ([first, second]) => [second!, first!]],
    ['goes on after ours', (source) => [...source, { ...source[0]!, stream: 'item-NEW', revision: 0 }]],
  ])('is refused untouched when it %s', async (_, there) => {
    // Two streams in turn, so that another order is possible.
    const memory = createMemoryEvents();
    await memory.append('item-A', 'no_stream', [newEvent('ItemDefined')]);
    await memory.append('item-B', 'no_stream', [newEvent('ItemDefined')]);
    const source = await memory.readAll(null, 'forwards', 10);
    const target = await holding(there(source));
    const before = target.log.length;
    expect(await move(source, target)).toMatchObject({ kind: 'refused' });
    expect(target.log).toHaveLength(before);
  });

  it('stops where somebody else writes to one of our streams meanwhile', async () => {
    const source = await logOf(30);
    const target = createBlindEvents();
    const { append } = target.store;
    let appends = 0;
    const contested: BlindEvents['store'] = {
      ...target.store,
      append: async (stream, expected, events) => {
        appends += 1;
        if (appends === 4) await append(stream, expected, [newEvent()]);
        return append(stream, expected, events);
      },
    };
    await expect(move(source, { store: contested })).rejects.toThrow(TargetTaken);
  });

  it('is told from ours at the end when somebody else wrote to another stream', async () => {
    const source = await logOf(30);
    const target = createBlindEvents();
    const { append } = target.store;
    let appends = 0;
    const shared: BlindEvents['store'] = {
      ...target.store,
      append: async (stream, expected, events) => {
        appends += 1;
        if (appends === 4) await append('item-OTHER', 'no_stream', [newEvent('ItemDefined')]);
        return append(stream, expected, events);
      },
    };
    expect(await move(source, { store: shared })).toMatchObject({ kind: 'different' });
  });

  it('is told when its log is whole and a stream of it is not', async () => {
    const source = await logOf(30);
    const target = createBlindEvents();
    const { readStream } = target.store;
    const damaged: BlindEvents['store'] = {
      ...target.store,
      readStream: async (stream, ...rest) => (stream === source[0]!.stream ? [] : readStream(stream, ...rest)),
    };
    expect(await move(source, { store: damaged })).toMatchObject({ kind: 'different', streams: [source[0]!.stream] });
  });

  it('that stays away ends it, to be run again', async () => {
    const target = createBlindEvents(() => 'refused');
    await expect(move(await logOf(3), target)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(target.log).toEqual([]);
  });
});
