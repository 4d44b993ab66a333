import { expect, it } from 'vitest';
import { merkleLeaf } from '../../src/audit/merkleLeaf.ts';
import { comparePositions } from '../../src/eventsourcing/message.ts';
import type { EventSource, EventStore } from '../../src/eventsourcing/ports.ts';
import type { Engine } from './engine.ts';
import { idsOf, isAscending, newEvent, newEvents, newStream } from './eventSamples.ts';
import { type Made, type Make, useAdapter } from './make.ts';

/** Stands for any page that is large enough. */
const all = 1_000;

type MadeLog = () => Made<EventStore & EventSource>;

const knowsIds = (made: MadeLog): void => {
  it('does not say that it is blind to known ids', () => {
    expect(made().adapter.isBlindToKnownIds ?? false).toBe(false);
  });

  it('finds an event id that is there already, in the same stream or in another, and writes nothing', async () => {
    const { adapter, second } = made();
    const [stream, other] = [newStream(), newStream()];
    const [known, fresh] = [newEvent(), newEvent()];
    await adapter.append(stream, 'no_stream', [known]);
    const duplicate = { kind: 'duplicate', eventIds: [known.id] };
    expect(await adapter.append(stream, 0, [fresh, known])).toEqual(duplicate);
    expect(await second.append(other, 'no_stream', [fresh, known])).toEqual(duplicate);
    expect(await adapter.readStream(stream, 0, all)).toHaveLength(1);
    expect(await adapter.readStream(other, 0, all)).toHaveLength(0);
    expect(await second.append(other, 'no_stream', [fresh])).toMatchObject({ kind: 'appended' });
  });

  it('tells where events are by their ids, and nothing of those that it does not have', async () => {
    const { adapter, second } = made();
    const [stream, other] = [newStream(), newStream()];
    const [first, last, elsewhere] = [newEvent(), newEvent(), newEvent()];
    await adapter.append(stream, 'no_stream', [first, last]);
    await adapter.append(other, 'no_stream', [elsewhere]);
    const located = await second.locate?.([newEvent().id, last.id, elsewhere.id]);
    expect(located?.toSorted((a, b) => b.revision - a.revision)).toEqual([
      { id: last.id, stream, revision: 1 },
      { id: elsewhere.id, stream: other, revision: 0 },
    ]);
    expect(await second.locate?.([])).toEqual([]);
  });

  it('calls a repeated append a conflict: the stream has moved, whoever moved it', async () => {
    const { adapter } = made();
    const stream = newStream();
    const events = newEvents(2);
    await adapter.append(stream, 'no_stream', events);
    expect(await adapter.append(stream, 'no_stream', events)).toEqual({ kind: 'conflict', actual: 1 });
  });
};

const blindToKnownIds = (made: MadeLog): void => {
  it('says that it is blind to known ids: at the head of a stream it takes an event id that is there already', async () => {
    const { adapter } = made();
    const stream = newStream();
    const [known] = newEvents(1);
    await adapter.append(stream, 'no_stream', [known!]);
    expect(adapter.isBlindToKnownIds).toBe(true);
    expect(await adapter.append(stream, 0, [known!])).toMatchObject({ kind: 'appended', events: [{ revision: 1 }] });
  });

  it('answers a repeated append like the first one, and writes nothing twice', async () => {
    const { adapter, second } = made();
    const stream = newStream();
    const events = newEvents(2);
    await adapter.append(stream, 'no_stream', events);
    await adapter.append(stream, 1, newEvents(1));
    const written = (await second.readStream(stream, 0, all)).slice(0, 2);
    for (const store of [adapter, second]) {
      const repeated = await store.append(stream, 'no_stream', events);
      expect(repeated).toMatchObject({ kind: 'appended', events: [{ revision: 0 }, { revision: 1 }] });
      const answered = repeated.kind === 'appended' ? repeated.events : [];
      expect(idsOf(answered)).toEqual(idsOf(events));
      expect(answered.at(-1)?.position).toEqual(written.at(-1)?.position);
    }
    expect(await adapter.readStream(stream, 0, all)).toHaveLength(3);
  });
};

export const eventStoreContract = (
  make: Make<EventStore & EventSource>,
  { isBlindToKnownIds }: Pick<Engine, 'isBlindToKnownIds'> = {},
): void => {
  const made = useAdapter(make);

  it('gives back what was appended, with consecutive revisions from 0 and ascending positions (S4)', async () => {
    const { adapter, second } = made();
    const stream = newStream();
    const events = [newEvent(), newEvent('ItemDefined', { name: 'Ständer „Öl“ 木の椅子 🪑 \u0000 end' }), newEvent()];
    const result = await adapter.append(stream, 'no_stream', events);
    expect(result).toMatchObject({ kind: 'appended' });
    const read = await second.readStream(stream, 0, all);
    expect(read).toEqual(
      events.map((event, revision) => ({ ...event, stream, revision, position: read[revision]?.position })),
    );
    expect(isAscending(read.map(({ position }) => position))).toBe(true);
    const appended = result.kind === 'appended' ? result.events : [];
    expect(appended).toEqual(read.map((event, index) => ({ ...event, position: appended[index]?.position })));
    expect(appended.at(-1)).toEqual(read.at(-1));
    expect(appended.every(({ position }, index) => comparePositions(position, read[index]!.position) >= 0)).toBe(true);
  });

  it('appends after the revision that is named', async () => {
    const { adapter } = made();
    const stream = newStream();
    await adapter.append(stream, 'no_stream', newEvents(2));
    const result = await adapter.append(stream, 1, newEvents(2));
    expect(result).toMatchObject({ kind: 'appended', events: [{ revision: 2 }, { revision: 3 }] });
  });

  it.each([
    ['a stream that is there, when none was expected', 2, 'no_stream', 1],
    ['a stream that has moved on', 3, 1, 2],
    ['a stream that is not so far yet', 1, 5, 0],
    ['a stream that is absent, when one was expected', 0, 0, 'no_stream'],
  ] as const)('refuses %s, says where it stands and writes nothing', async (_what, before, expected, actual) => {
    const { adapter } = made();
    const stream = newStream();
    if (before > 0) await adapter.append(stream, 'no_stream', newEvents(before));
    expect(await adapter.append(stream, expected, newEvents(2))).toEqual({ kind: 'conflict', actual });
    expect(await adapter.readStream(stream, 0, all)).toHaveLength(before);
  });

  it('lets exactly one of many writers win at one revision (R11.2)', async () => {
    const { adapter, second } = made();
    const stream = newStream();
    await adapter.append(stream, 'no_stream', newEvents(1));
    const attempts = Array.from({ length: 16 }, (_, index) => ({
      store: index % 2 === 0 ? adapter : second,
      events: newEvents(2),
    }));
    const results = await Promise.all(attempts.map(({ store, events }) => store.append(stream, 0, events)));
    expect(results.filter(({ kind }) => kind === 'appended')).toHaveLength(1);
    expect(results.filter(({ kind }) => kind === 'conflict')).toHaveLength(15);
    const winner = attempts[results.findIndex(({ kind }) => kind === 'appended')];
    expect(idsOf(await adapter.readStream(stream, 1, all))).toEqual(idsOf(winner?.events ?? []));
  });

  it('keeps every event of writers that work on different streams at once', async () => {
    const { adapter, second } = made();
    const writers = Array.from({ length: 20 }, (_, index) => ({
      stream: newStream(),
      store: index % 2 === 0 ? adapter : second,
      appends: [newEvents(1), newEvents(3), newEvents(2)],
    }));
    await Promise.all(
      writers.map(async ({ stream, store, appends }) => {
        let revision = -1;
        for (const events of appends) {
          await store.append(stream, revision < 0 ? 'no_stream' : revision, events);
          revision += events.length;
        }
      }),
    );
    for (const { stream, appends } of writers) {
      expect(idsOf(await adapter.readStream(stream, 0, all))).toEqual(idsOf(appends.flat()));
    }
  });

  if (isBlindToKnownIds === true) blindToKnownIds(made);
  else knowsIds(made);

  it('refuses an append of nothing', async () => {
    await expect(made().adapter.append(newStream(), 'no_stream', [])).rejects.toThrow(RangeError);
  });

  it('reads a part of a stream', async () => {
    const { adapter } = made();
    const stream = newStream();
    const ids = idsOf(newEvents(5));
    await adapter.append(
      stream,
      'no_stream',
      ids.map((id) => ({ ...newEvent(), id })),
    );
    expect(idsOf(await adapter.readStream(stream, 1, 3))).toEqual(ids.slice(1, 4));
    expect(idsOf(await adapter.readStream(stream, 4, all))).toEqual(ids.slice(4));
    expect(await adapter.readStream(stream, 5, all)).toEqual([]);
    expect(await adapter.readStream(newStream(), 0, all)).toEqual([]);
  });

  it('keeps all that a proof is made of: the leaf of an event is the same in every store', async () => {
    const { adapter, second } = made();
    const stream = newStream();
    const { metadata, ...event } = newEvent();
    const late = {
      ...event,
      occurredAt: '2026-01-01T00:00:00.000Z',
      metadata: { ...metadata, request: '0123456789abcdef' },
    };
    const events = [late, newEvent()];
    await adapter.append(stream, 'no_stream', events);
    const position = { commit: 0n, prepare: 0n };
    expect((await second.readStream(stream, 0, all)).map(merkleLeaf)).toEqual(
      events.map((each, revision) => merkleLeaf({ ...each, stream, revision, position })),
    );
  });

  it('has its head at the newest event or, as others write too, beyond', async () => {
    const { adapter, second } = made();
    const stream = newStream();
    await adapter.append(stream, 'no_stream', newEvents(3));
    const last = (await adapter.readStream(stream, 2, 1))[0]!.position;
    for (const source of [adapter, second]) {
      expect(comparePositions((await source.head())!, last)).toBeGreaterThanOrEqual(0);
    }
  });
};
