/** The index of the embedded log (ADR 27): each event is found, whatever is merged, cut off, undone or written beside it. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { assert, integer, property, tuple, uniqueArray } from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { EventEnvelope } from '../../src/eventsourcing/message.ts';
import type { EventSource, EventStore } from '../../src/eventsourcing/ports.ts';
import { openReadEngines } from '../../src/infra/embedded.ts';
import { asWritten } from '../../src/infra/sqlite/events/eventRows.ts';
import { createSqliteEvents, type SqliteEventsOptions } from '../../src/infra/sqlite/events/events.ts';
import { coveredUpTo, indexAgrees } from '../../src/infra/sqlite/events/index/agreement.ts';
import {
  chunkEntries,
  type Entry,
  entryBytes,
  minorMax,
  openChunk,
  pack,
} from '../../src/infra/sqlite/events/index/entries.ts';
import { createIndexWrites } from '../../src/infra/sqlite/events/index/indexWrites.ts';
import { createKnownIds } from '../../src/infra/sqlite/events/index/knownIds.ts';
import { createIndexReader, indexSchema, keyOfId } from '../../src/infra/sqlite/events/index/runs.ts';
import { removeIndex } from '../../src/infra/sqlite/events/upgrades.ts';
import { type LocalDatabase, openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { openThreadedDatabase } from '../../src/infra/sqlite/file/threadedDatabase.ts';
import { newEvent, newEvents } from '../contracts/eventSamples.ts';

const key = tuple(integer({ min: 0, max: 2 ** 48 - 1 }), integer({ min: 0, max: minorMax }));

describe('packed entries', () => {
  it('come back as they were, and the last one up to a key is found', () => {
    assert(
      property(uniqueArray(key, { selector: String, maxLength: chunkEntries }), key, (keys, [major, minor]) => {
        const entries = keys
          .toSorted(([a, b], [c, d]) => (a === c ? b - d : a - c))
          .map(([first, second], position) => ({ major: first, minor: second, position: position * 2 ** 40 }));
        const chunk = openChunk(pack(entries));
        expect(entries.map((_, index) => chunk.at(index))).toEqual(entries);
        const upTo = entries.filter((entry) => entry.major < major || (entry.major === major && entry.minor <= minor));
        expect(chunk.floor({ major, minor })).toBe(upTo.length - 1);
      }),
    );
  });
});

/** Streams of very different lengths, each event under an id of its own. */
const createLog = () => {
  const db = new DatabaseSync(':memory:');
  onTestFinished(() => db.close());
  db.exec(`CREATE TABLE events (position INTEGER PRIMARY KEY, stream INTEGER, revision INTEGER, id BLOB)`);
  for (const statement of indexSchema) db.exec(statement);
  const statements = { prepare: (sql: string) => db.prepare(sql) };
  const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?)');
  const streams = new Map<number, number[]>();
  const ids: Buffer[] = [];
  let index = createIndexWrites(statements);
  const add = (stream: number): void => {
    const positions = streams.get(stream) ?? [];
    streams.set(stream, positions);
    const [id, position] = [randomBytes(16), ids.length + 1];
    insert.run(position, stream, positions.length, id);
    index.add('stream', { major: stream, minor: positions.length, position });
    index.add('id', { ...keyOfId(id), position });
    positions.push(position);
    ids.push(id);
  };
  return {
    statements,
    streams,
    ids,
    append: (count: number, streamOf: (at: number) => number): void => {
      db.exec('BEGIN');
      for (let at = 0; at < count; at += 1) {
        add(streamOf(at));
        index.tend(1);
      }
      db.exec('COMMIT');
    },
    appendAtOnce: (count: number, streamOf: (at: number) => number): void => {
      for (let at = 0; at < count; at += 1) add(streamOf(at));
      index.tend(count);
    },
    /** Another process goes on with the file. */
    restart: (): void => {
      index = createIndexWrites(statements);
      index.forget();
    },
    states: (): readonly unknown[] =>
      db
        .prepare('SELECT DISTINCT state FROM event_runs ORDER BY state')
        .all()
        .map(({ state }) => state),
    runs: (): number => Number(db.prepare("SELECT count(*) AS n FROM event_runs WHERE state = 'ready'").get()?.n),
  };
};

/** Half of all go to eight streams. */
const skewed = (at: number): number => ((at * 7_919) % 2 === 0 ? at % 8 : 8 + ((at * 104_729) % 4_001));

const expectAllFound = ({ statements, streams, ids }: ReturnType<typeof createLog>): void => {
  const { headOf, positionOf, positionsFrom } = createIndexReader(statements);
  for (const [stream, positions] of streams) {
    expect(headOf(stream)).toBe(positions.length - 1);
    const from = Math.floor(positions.length / 2);
    expect(positionsFrom(stream, from, 100)).toEqual(positions.slice(from, from + 100));
  }
  for (let at = 0; at < ids.length; at += 97)
    expect(positionOf('id', keyOfId(ids[at] ?? Buffer.alloc(16)))).toBe(at + 1);
  expect(indexAgrees(statements)).toBe(true);
};

describe('the index of a log', () => {
  it('finds each event by its stream and by its id, through three levels of merges, of few runs', () => {
    const log = createLog();
    for (const count of [1, 510, 1, 1, 3_600, 600, 30_000, 4_000]) {
      log.append(count, skewed);
      expectAllFound(log);
    }
    expect(log.runs()).toBeLessThan(2 * 3 * 8);
    const { headOf, positionOf, positionsFrom } = createIndexReader(log.statements);
    expect([headOf(5_000), positionOf('id', keyOfId(randomBytes(16))), positionsFrom(5_000, 0, 10)]).toEqual([
      -1,
      null,
      [],
    ]);
    expect(positionsFrom(0, log.streams.get(0)?.length ?? 0, 10)).toEqual([]);
    expect(positionsFrom(0, 0, 100_000)).toEqual(log.streams.get(0));
  });

  it('finds them where merges were cut off by a restart, and removes what those left', () => {
    const log = createLog();
    for (let round = 0; round < 60; round += 1) {
      log.append(150, skewed);
      log.restart();
      if (round % 10 === 9) expectAllFound(log);
    }
    log.append(5_000, skewed);
    expectAllFound(log);
    expect(log.states()).toEqual(['ready']);
  });

  it('has few runs at any time, though large merges are under way, or what it holds in memory is given up often', () => {
    const log = createLog();
    let runsMax = 0;
    for (let round = 0; round < 580; round += 1) {
      log.append(500, skewed);
      if (round > 500) log.restart();
      runsMax = Math.max(runsMax, log.runs());
    }
    expect(runsMax).toBeLessThan(2 * 34);
    expectAllFound(log);
  });

  it('finds what was there before an append of thousands of events, and after it', () => {
    const log = createLog();
    log.append(1_536, () => 1);
    log.append(5, () => 2);
    log.appendAtOnce(5_000, () => 3);
    log.append(5, () => 2);
    for (let round = 0; round < 60; round += 1) {
      log.append(128, () => 1);
      expectAllFound(log);
    }
  });

  it('loses no entry of two ids that begin alike', () => {
    const { statements } = createLog();
    const { addRun, mergeAll } = createIndexWrites(statements);
    const entryAt = (position: number): Entry => ({ major: Math.floor(position / 2), minor: 0, position });
    let positions = 0;
    for (let run = 0; run < 8; run += 1) {
      const entries = Array.from({ length: 480 }, (_, at) => entryAt(480 * run + at + 1));
      addRun('id', entries, { first: positions + 1, last: positions + 480 });
      positions += 480;
    }
    mergeAll();
    const lengths = statements.prepare('SELECT sum(length(entries)) AS bytes FROM event_chunks').get();
    expect(Number(lengths?.bytes) / entryBytes).toBe(positions);
  });

  it('finds the events of a stream that is all there is, and of ten thousand that have one each', () => {
    const log = createLog();
    log.append(9_000, () => 1);
    log.append(10_000, (at) => 2 + at);
    expectAllFound(log);
  });
});

let path: string;
beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stockledger-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  path = join(directory, 'stockledger.db');
});

interface OpenLog {
  readonly db: LocalDatabase;
  readonly log: EventStore & EventSource;
}

const openLog = async (options: SqliteEventsOptions = {}): Promise<OpenLog> => {
  const db = openDatabase(path);
  onTestFinished(() => db.close());
  return { db, log: await createSqliteEvents(db, asWritten, options) };
};

/** Appends one after another to a stream. */
const createStream = (stream: string) => {
  const appended: EventEnvelope[] = [];
  return {
    appended,
    append: async ({ log }: OpenLog, count: number): Promise<void> => {
      const events = newEvents(count);
      const expected = appended.length === 0 ? 'no_stream' : appended.length - 1;
      expect(await log.append(stream, expected, events)).toMatchObject({ kind: 'appended' });
      appended.push(...events);
    },
    read: async ({ log }: OpenLog): Promise<readonly string[]> =>
      (await log.readStream(stream, 0, 10_000)).map(({ id }) => id),
  };
};

const idsOf = (events: readonly EventEnvelope[]): readonly string[] => events.map(({ id }) => id);

describe('an embedded log', () => {
  it('keeps its index through transactions that are undone', async () => {
    const opened = await openLog();
    const [one, other] = [createStream('item-A'), createStream('item-B')];
    for (let round = 0; round < 80; round += 1) {
      const appends = [one.append(opened, 9), other.append(opened, 7)];
      // Once both are queued, so that they are written first and undone with it.
      await new Promise((resolve) => setImmediate(resolve));
      const undone = opened.db.write(() => {
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      await Promise.all(appends);
    }
    expect(await one.read(opened)).toEqual(idsOf(one.appended));
    expect(await other.read(opened)).toEqual(idsOf(other.appended));
    expect(one.appended).toHaveLength(720);
    expect(indexAgrees(opened.db)).toBe(true);
  });

  it('writes appends of one stream in the order they were asked for, also where an id may be known', async () => {
    const { log } = await openLog({ isSoleWriter: true });
    const [first, second] = [newEvents(1), newEvents(1)];
    expect(await log.append('item-A', 7, first)).toEqual({ kind: 'conflict', actual: 'no_stream' });
    const results = await Promise.all([log.append('item-A', 'no_stream', first), log.append('item-A', 0, second)]);
    expect(results.map(({ kind }) => kind)).toEqual(['appended', 'appended']);
  });

  it('is one for two processes that append in turn', async () => {
    const [left, right] = [await openLog(), await openLog()];
    const stream = createStream('item-A');
    for (let round = 0; round < 150; round += 1) await stream.append(round % 2 === 0 ? left : right, 13);
    for (const opened of [left, right]) expect(await stream.read(opened)).toEqual(idsOf(stream.appended));
    expect(indexAgrees(left.db)).toBe(true);
    expect(await left.log.append('item-A', 12, newEvents(1))).toEqual({ kind: 'conflict', actual: 1_949 });
  });

  it('knows every id again after a restart, while it still reads them and afterwards', async () => {
    const stream = createStream('item-A');
    const first = await openLog({ isSoleWriter: true });
    for (let round = 0; round < 100; round += 1) await stream.append(first, 90);
    const again = await openLog({ isSoleWriter: true });
    const some = stream.appended.filter((_, at) => at % 450 === 0);
    for (let round = 0; round < 3; round += 1) {
      for (const event of some) {
        expect(await again.log.append('item-B', 'no_stream', [newEvent(), event])).toEqual({
          kind: 'duplicate',
          eventIds: [event.id],
        });
      }
      expect(await again.log.locate?.(idsOf(some))).toEqual(
        some.map(({ id }, at) => ({ id, stream: 'item-A', revision: at * 450 })),
      );
      expect(await again.log.locate?.(idsOf(newEvents(20)))).toEqual([]);
    }
  });

  it.each([
    ['lacks an event', 'DELETE FROM event_tail WHERE kind = 1 AND minor = 3', 'The index of the log lacks an event'],
    [
      'has one too many',
      'INSERT INTO event_tail VALUES (1, 1, 7, 5)',
      'The log and its index tell two things of item-A.',
    ],
  ])('is not read by an index that %s', async (_what, sql, message) => {
    const { log, db } = await openLog();
    await log.append('item-A', 'no_stream', newEvents(7));
    db.prepare(sql).run();
    expect(indexAgrees(db)).toBe(false);
    await expect(log.readStream('item-A', 0, 10)).rejects.toThrow(message);
  });

  it('gets a new index where it has none; a release that knows of none can append nothing', async () => {
    const stream = createStream('item-A');
    const first = await openLog();
    for (let round = 0; round < 20; round += 1) await stream.append(first, 50);
    const other = new DatabaseSync(path);
    onTestFinished(() => other.close());
    const append = other.prepare(
      `INSERT INTO events (stream, revision, id, type, schemaVersion, occurredAt, recordedAt, data, metadata, checksum)
       VALUES (1, 1000, x'00', 'ItemDefined', 1, '', '', '{}', '{}', 0)`,
    );
    expect(() => append.run()).toThrow('NOT NULL constraint failed: events.isIndexed');
    const statements = { prepare: (sql: string) => other.prepare(sql) };
    removeIndex(statements);
    expect(indexAgrees(statements)).toBe(true);
    const again = await openLog();
    expect(await stream.read(again)).toEqual(idsOf(stream.appended));
    expect([indexAgrees(again.db), coveredUpTo(again.db)]).toEqual([true, 1_000]);
  });

  it('learns every id though the tail becomes a run while it reads them', async () => {
    const stream = createStream('item-A');
    const other = await openLog();
    for (let round = 0; round < 7; round += 1) await stream.append(other, 73);
    const db = openDatabase(path);
    onTestFinished(() => db.close());
    const beside = new DatabaseSync(path);
    onTestFinished(() => beside.close());
    const { tend } = createIndexWrites({ prepare: (sql) => beside.prepare(sql) });
    /** The tail is made a run as soon as no further run is found. */
    const prepare = (sql: string): StatementSync => {
      const statement = db.prepare(sql);
      if (!sql.includes('min(run)')) return statement;
      const get: StatementSync['get'] = (...values) => {
        const row = statement.get(...(values as number[]));
        if (row?.run === null) for (let times = 0; times < 2; times += 1) tend(1);
        return row;
      };
      return Object.assign(Object.create(statement) as StatementSync, { get });
    };
    const known = createKnownIds({ ...db, prepare }, 511);
    await expect.poll(() => known.mayHave(newEvent().id)).toBe(false);
    expect(beside.prepare('SELECT count(*) AS count FROM event_tail').get()).toEqual({ count: 0 });
    expect(stream.appended.filter(({ id }) => !known.mayHave(id))).toEqual([]);
  });

  it('tells ids apart that someone counted up', async () => {
    const { log, db } = await openLog();
    const events = Array.from({ length: 700 }, (_, at) => ({
      ...newEvent(),
      id: `00000000-0000-4000-8000-${at.toString(16).padStart(12, '0')}`,
    }));
    await log.append('item-A', 'no_stream', events);
    expect(await log.locate?.(idsOf(events))).toHaveLength(700);
    expect(await log.append('item-B', 'no_stream', events.slice(600, 601))).toMatchObject({ kind: 'duplicate' });
    expect(indexAgrees(db)).toBe(true);
  });

  it('records an id once that is asked for by a client and by a policy at the same time', async () => {
    const db = await openThreadedDatabase(path);
    onTestFinished(() => db.close());
    const log = await createSqliteEvents(db, asWritten, { isSoleWriter: true });
    const [event] = newEvents(1);
    if (event === undefined) throw new Error('one was asked for');
    const actor = { ...event.metadata.actor, kind: 'system' } as const;
    const results = await Promise.all([
      ...Array.from({ length: 511 }, (_, at) => log.append(`item-${at}`, 'no_stream', newEvents(1))),
      log.append('item-A', 'no_stream', [event]),
      log.append('item-B', 'no_stream', [{ ...event, metadata: { ...event.metadata, actor } }]),
    ]);
    expect(results.slice(511).map(({ kind }) => kind)).toEqual(['appended', 'duplicate']);
  });
});

describe('a large log of an earlier release', () => {
  it('is copied and indexed by the service, in the memory that the thread has; tools leave it alone', async () => {
    const events = 420_000;
    const earlier = new DatabaseSync(path);
    earlier.exec(await readFile(join(import.meta.dirname, 'files/earlierLog.sql'), 'utf8'));
    const known = Number(earlier.prepare('SELECT max(position) AS head FROM events').get()?.head);
    earlier.exec(
      `WITH RECURSIVE n(i) AS (SELECT ${known + 1} UNION ALL SELECT i + 1 FROM n WHERE i < ${events})
       INSERT INTO events SELECT i, 2, (SELECT max(revision) FROM events WHERE stream = 2) + i - ${known}, randomblob(16), type,
         schemaVersion, occurredAt, recordedAt, data, metadata, NULL FROM n, events WHERE position = 3`,
    );
    earlier.close();
    // A tool may run beside a service of that release.
    await expect(openReadEngines(dirname(path))).rejects.toThrow('stockledger.db is of an earlier release. Start the');
    const db = await openThreadedDatabase(path);
    onTestFinished(() => db.close());
    await createSqliteEvents(db, asWritten, { isSoleWriter: true });
    expect([indexAgrees(db), coveredUpTo(db)]).toEqual([true, events]);
    await (await openReadEngines(dirname(path))).close();
  });
});
