/** The search in the log (docs/openapi.json, `GET /v1/audit/events`; S7, R13.3). */
import { describe, expect, it, onTestFinished } from 'vitest';
import { decodeStored, eventVersions } from '../../src/domain/events.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { createPacer } from '../../src/eventsourcing/projecting/builtReadModels.ts';
import { formatCursor, InvalidCursor } from '../../src/eventsourcing/projecting/page.ts';
import { projectBatch, untyped } from '../../src/eventsourcing/projecting/projection.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents/documents.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { type EventHistoryDocument, eventHistory, sliceOf } from '../../src/projections/eventHistory/projection.ts';
import { createEventHistoryQueries, type EventHistoryQuery } from '../../src/projections/eventHistory/queries.ts';
import { golden } from './golden.ts';
import { timeAt, uuidAt } from './stockLog.ts';

interface Written {
  readonly stream: string;
  readonly type?: 'ItemDefined' | 'WarehouseDefined';
  readonly actor?: string;
  readonly correlationId?: string;
  readonly recordedAt?: string;
}

/** A log of these, one a second unless it says otherwise, and the index of it. */
const createWorld = async (...written: readonly Written[]) => {
  const db = openDatabase(':memory:');
  onTestFinished(() => db.close());
  const events = await createSqliteEvents(db, decodeStored);
  const documents = createSqliteDocuments(db);
  const { name, indexes, lists } = untyped(eventHistory);
  await documents.ensure({ name, indexes, lists });
  const revisions = new Map<string, number>();
  const log: RecordedEvent[] = [];
  for (const [index, { stream, ...told }] of written.entries()) {
    const { type = 'ItemDefined', actor = 'anna', correlationId = 'c1', recordedAt = timeAt(index) } = told;
    const sample = golden(type, eventVersions[type]);
    const revision = revisions.get(stream) ?? -1;
    const metadata = {
      ...sample.metadata,
      $correlationId: correlationId,
      actor: { ...sample.metadata.actor, subject: actor },
    };
    const envelope = { ...sample, id: uuidAt(index + 1), recordedAt, metadata };
    const result = await events.append(stream, revision < 0 ? 'no_stream' : revision, [envelope]);
    if (result.kind !== 'appended') throw new Error(result.kind);
    log.push(...result.events);
    revisions.set(stream, revision + 1);
  }
  let read = 0;
  const source = {
    readStream: (...given: Parameters<typeof events.readStream>) => {
      read += given[2];
      return events.readStream(...given);
    },
  };
  const queries = createEventHistoryQueries(documents, () => name, { source, pace: createPacer() });
  await projectBatch(untyped(eventHistory), { documents, collection: name }, log);
  /** The places in the log of what is found. */
  const find = async (query: Omit<EventHistoryQuery, 'limit'> & { readonly limit?: number }) => {
    const { items, nextCursor } = await queries.find({ limit: 50, ...query });
    for (const item of items) expect(item).toEqual(log.find(({ id }) => id === item.id));
    return { places: items.map(({ id }) => log.findIndex((event) => event.id === id)), nextCursor };
  };
  return { find, documents, read: () => read };
};

const some: readonly Written[] = [
  { stream: 'item-A' },
  { stream: 'item-B', actor: 'ben' },
  { stream: 'item-A', correlationId: 'c2' },
  { stream: 'warehouse-BER', type: 'WarehouseDefined', actor: 'ben', correlationId: 'c2' },
  { stream: 'item-A', actor: 'ben', correlationId: 'c2' },
  { stream: 'item-B' },
];

describe('the search in the log', () => {
  it.each<[string, Omit<EventHistoryQuery, 'limit'>, readonly number[]]>([
    ['nothing in particular', {}, [0, 1, 2, 3, 4, 5]],
    ['a type', { type: 'WarehouseDefined' }, [3]],
    ['an actor', { actor: 'ben' }, [1, 3, 4]],
    ['a correlation', { correlationId: 'c2' }, [2, 3, 4]],
    ['a time, from it on', { from: timeAt(4) }, [4, 5]],
    ['a time, before it', { to: timeAt(1) }, [0]],
    ['all of these', { type: 'ItemDefined', actor: 'ben', correlationId: 'c2', from: timeAt(1), to: timeAt(5) }, [4]],
    ['a stream', { stream: 'item-A' }, [0, 2, 4]],
    ['a stream and an actor', { stream: 'item-A', actor: 'anna' }, [0, 2]],
    ['a stream and a type that it has not', { stream: 'item-A', type: 'WarehouseDefined' }, []],
    ['a stream and a correlation', { stream: 'item-A', correlationId: 'c2' }, [2, 4]],
    ['a stream and a time', { stream: 'item-A', from: timeAt(1), to: timeAt(4) }, [2]],
    ['a stream that is not there', { stream: 'item-Z' }, []],
    ['a type that is not there', { type: 'StockShipped' }, []],
  ])('by %s gives the events themselves, the oldest first', async (_what, query, places) => {
    const { find } = await createWorld(...some);
    expect(await find(query)).toEqual({ places, nextCursor: null });
  });

  describe.each<[string, (index: number) => string]>([
    ['far apart', timeAt],
    ['almost at once', (index) => `2026-03-01T08:00:00.10${index}Z`],
  ])('recorded %s', (_when, at) => {
    it.each<[string, Omit<EventHistoryQuery, 'limit'>]>([
      ['the whole log', {}],
      ['an actor', { actor: 'ben' }],
      ['a time', { from: timeAt(1), to: timeAt(5) }],
      ['a stream', { stream: 'item-A' }],
      ['a stream and an actor', { stream: 'item-A', actor: 'anna' }],
    ])('goes through %s page by page, without gaps and without doubles', async (_what, query) => {
      const { find } = await createWorld(...some.map((one, index) => ({ ...one, recordedAt: at(index) })));
      const { from, to, ...rest } = query;
      const within = { ...(from === undefined ? {} : { from: at(1) }), ...(to === undefined ? {} : { to: at(5) }) };
      const asked = { ...rest, ...within };
      const all = (await find(asked)).places;
      expect(all.length).toBeGreaterThan(1);
      for (const limit of [1, 2, 3]) {
        const found: number[] = [];
        let pages = 0;
        let cursor: string | null = null;
        do {
          const page: Awaited<ReturnType<typeof find>> = await find({
            ...asked,
            limit,
            ...(cursor === null ? {} : { cursor }),
          });
          expect(page.places.length).toBeLessThanOrEqual(limit);
          found.push(...page.places);
          pages += 1;
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect(found).toEqual(all);
        expect(pages).toBe(Math.ceil(all.length / limit));
      }
    });
  });

  it('goes by the time of recording, and by the log for what was recorded in the same moment', async () => {
    const seconds = [3, 1, 2, 1, 1];
    const { find } = await createWorld(
      ...seconds.map((second, index) => ({ stream: `item-${index}`, recordedAt: timeAt(second) })),
    );
    expect((await find({})).places).toEqual([1, 3, 4, 2, 0]);
    expect((await find({ to: timeAt(2) })).places).toEqual([1, 3, 4]);
  });

  it('looks at a bounded part of a long stream, and says where to go on', async () => {
    const long = Array.from({ length: 5_200 }, (_, index) => ({
      stream: 'item-A',
      actor: index === 5_100 ? 'ben' : 'anna',
    }));
    const { find, read } = await createWorld(...long);
    const first = await find({ stream: 'item-A', actor: 'ben' });
    expect(first.places).toEqual([]);
    expect(read()).toBeLessThanOrEqual(5_000);
    expect(await find({ stream: 'item-A', actor: 'ben', cursor: first.nextCursor ?? '' })).toEqual({
      places: [5_100],
      nextCursor: null,
    });
  });

  it('refuses a cursor that is none, or that of another stream', async () => {
    const { find } = await createWorld(...some);
    const { nextCursor } = await find({ stream: 'item-A', limit: 1 });
    await expect(find({ stream: 'item-B', cursor: nextCursor ?? '' })).rejects.toThrow(InvalidCursor);
    await expect(find({ stream: 'item-A', cursor: 'x' })).rejects.toThrow(InvalidCursor);
    await expect(find({ cursor: 'x' })).rejects.toThrow(InvalidCursor);
    const noTime = formatCursor({ value: 0, id: '2026-99-01T08:00:00.1' });
    await expect(find({ cursor: noTime })).rejects.toThrow(InvalidCursor);
    await expect(find({ cursor: nextCursor ?? '' })).rejects.toThrow(InvalidCursor);
  });

  it.each(['-000001-12-31T01:00:00.000Z', '+010000-01-01T00:00:00.000Z'])('takes a time far off: %s', async (from) => {
    const { find } = await createWorld(...some);
    expect((await find({ from })).nextCursor).toBeNull();
  });

  it('fails when the index names an event that the log does not have', async () => {
    const { find, documents } = await createWorld(...some);
    const lost: EventHistoryDocument = {
      types: ['ItemDefined'],
      actors: ['anna'],
      correlationIds: ['c9'],
      entries: [{ stream: 'item-A', revision: 9, type: 0, actor: 0, correlation: 0, recorded: '00' }],
    };
    const id = sliceOf(timeAt(9));
    await documents.write(eventHistory.name, [{ id, document: lost, position: 9n, expected: null }]);
    await expect(find({ correlationId: 'c9' })).rejects.toThrow(/item-A@9/);
  });
});
