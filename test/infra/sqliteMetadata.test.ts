/** The second stored form of an event: what it stands for is the same, to the last hash (DESIGN §4.6). */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { assert, constantFrom, option, property, record, string, tuple, uuid } from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { merkleLeaf } from '../../src/audit/merkleLeaf.ts';
import type { EventEnvelope, EventMetadata } from '../../src/eventsourcing/message.ts';
import type { EventSource, EventStore } from '../../src/eventsourcing/ports.ts';
import { asWritten } from '../../src/infra/sqlite/events/eventRows.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import {
  authorSchema,
  createAuthorNumbers,
  createAuthors,
  packMetadata,
} from '../../src/infra/sqlite/events/metadata.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { newEvent } from '../contracts/eventSamples.ts';
import leavesOfEarlierRelease from './files/earlierLeaves.json' with { type: 'json' };

let path: string;
beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stockledger-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  path = join(directory, 'stockledger.db');
});

const openLog = async (): Promise<EventStore & EventSource> => {
  const db = openDatabase(path);
  onTestFinished(() => db.close());
  return createSqliteEvents(db, asWritten);
};

const change = (sql: string): void => {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
};

const rowsOf = (sql: string): readonly Record<string, unknown>[] => {
  const db = new DatabaseSync(path);
  const rows = db.prepare(sql).all();
  db.close();
  return rows;
};

const leafOf = (event: EventEnvelope, stream: string, revision: number): string =>
  merkleLeaf({ ...event, stream, revision, position: { commit: 0n, prepare: 0n } });

describe('packed metadata', () => {
  it('are what they were, whatever the ids, the author and the request are', () => {
    const db = new DatabaseSync(':memory:');
    const statements = { prepare: (sql: string) => db.prepare(sql) };
    db.exec(authorSchema);
    const [numbered, { unpack }] = [createAuthorNumbers(statements), createAuthors(statements)];
    const id = constantFrom('uuid', 'text', 'same').chain((kind) =>
      tuple(constantFrom(kind), kind === 'uuid' ? uuid() : string()),
    );
    const made = record({
      commandId: uuid(),
      correlation: id,
      causation: id,
      actor: record({ subject: string(), kind: constantFrom('person', 'client', 'system'), client: string() }),
      authentication: constantFrom({}, { acr: 'phr' }, { acr: 'phr', amr: ['pwd', 'otp'] }),
      request: option(string()),
    });
    assert(
      property(made, ({ commandId, correlation, causation, request, ...author }) => {
        const idOf = ([kind, text]: readonly [string, string]): string => (kind === 'same' ? commandId : text);
        const metadata = {
          $correlationId: idOf(correlation),
          $causationId: idOf(causation),
          commandId,
          ...author,
          ...(request === null ? {} : { request }),
        } as EventMetadata;
        expect(unpack(numbered(packMetadata(metadata)))).toEqual(metadata);
      }),
    );
    db.close();
  });

  it('are kept as they came where they have more than this release knows', async () => {
    const log = await openLog();
    const metadata = { ...newEvent().metadata, later: 'field' } as EventMetadata;
    await log.append('item-A', 'no_stream', [{ ...newEvent(), metadata }]);
    expect((await log.readStream('item-A', 0, 1))[0]?.metadata).toEqual(metadata);
  });

  it('name an author once, however much they do, and take a fifth of their JSON', async () => {
    const log = await openLog();
    const events = Array.from({ length: 20 }, () => newEvent());
    await log.append('item-A', 'no_stream', events);
    expect(rowsOf('SELECT count(*) AS count FROM authors')).toEqual([{ count: 1 }]);
    const [{ longest } = {}] = rowsOf('SELECT max(length(metadata)) AS longest FROM events');
    expect(Number(longest)).toBeLessThan(JSON.stringify(events[0]?.metadata).length / 3);
  });

  it.each([
    ['another', "UPDATE authors SET facts = replace(facts, 'client', 'person')", /position 1 is not what was written/],
    ['none', 'DELETE FROM authors', /author 1 of an event is missing/],
  ])('are found damaged where the file has %s author', async (_what, sql, message) => {
    const log = await openLog();
    await log.append('item-A', 'no_stream', [newEvent()]);
    change(sql);
    await expect((await openLog()).readStream('item-A', 0, 1)).rejects.toThrow(message);
  });
});

describe('a log of an earlier release', () => {
  it('is read as it is, each leaf of its proof the same, and goes on in the new form', async () => {
    change(await readFile(join(import.meta.dirname, 'files/earlierLog.sql'), 'utf8'));
    const log = await openLog();
    const events = await log.readAll(null, 'forwards', 100);
    expect(events.map(merkleLeaf)).toEqual(leavesOfEarlierRelease);

    const stream = events[2]?.stream ?? '';
    const next = newEvent();
    const last = (await log.readStream(stream, 0, 100)).length - 1;
    expect(await log.append(stream, last, [next])).toMatchObject({ kind: 'appended' });
    const [read] = await (await openLog()).readStream(stream, last + 1, 1);
    if (read === undefined) throw new Error('it was appended');
    expect(merkleLeaf(read)).toBe(leafOf(next, stream, last + 1));
    expect(
      rowsOf('SELECT substr(metadata, 1, 1) AS form FROM events ORDER BY position').map(({ form }) => form),
    ).toEqual([...leavesOfEarlierRelease.map(() => '{'), '[']);
  });

  it('has the same leaves when this release copies it', async () => {
    change(await readFile(join(import.meta.dirname, 'files/earlierLog.sql'), 'utf8'));
    const events = await (await openLog()).readAll(null, 'forwards', 100);
    path = `${path}.new`;
    const copy = await openLog();
    for (const { stream, revision, position: _, ...event } of events) {
      await copy.append(stream, revision === 0 ? 'no_stream' : revision - 1, [event]);
    }
    expect((await copy.readAll(null, 'forwards', 100)).map(merkleLeaf)).toEqual(leavesOfEarlierRelease);
  });
});
