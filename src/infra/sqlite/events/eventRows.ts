/** How an event is kept and appended: three tables, ids as 16 bytes, data as JSON, metadata packed (`metadata.ts`). */
import type { SQLInputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { DecodeStored, EventEnvelope, RecordedEvent } from '../../../eventsourcing/message.ts';
import { StoreDamaged } from '../../../eventsourcing/ports.ts';
import type { Statements, WriteModule } from '../file/writes.ts';
import { idBytes, idText, positionOf } from './ids.ts';
import {
  type Authors,
  authorSchema,
  createAuthorNumbers,
  createAuthors,
  type PackedMetadata,
  packMetadata,
} from './metadata.ts';

/** `position` is the row id: SQLite hands it out in the order of commits, without gaps, as nothing is ever deleted. */
const eventSchema = [
  'CREATE TABLE IF NOT EXISTS streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT',
  `CREATE TABLE IF NOT EXISTS events (
     position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL, id BLOB NOT NULL UNIQUE,
     type TEXT NOT NULL, schemaVersion INTEGER NOT NULL, occurredAt TEXT NOT NULL, recordedAt TEXT NOT NULL,
     data TEXT NOT NULL, metadata TEXT NOT NULL, checksum INTEGER, UNIQUE (stream, revision)) STRICT`,
  authorSchema,
];

/** id, type, schema version, occurred at (empty: when it was recorded), recorded at, data and metadata as they are stored. */
type StoredValues = readonly [string, string, number, string, string, string, string];
/** A row without its place, and without the number of its author. */
export type EventValues = readonly [string, string, number, string, string, string, PackedMetadata];

/** Made into texts by the thread that asks: what goes to another thread is texts and numbers. */
export const eventValuesOf = (event: EventEnvelope): EventValues => {
  const { id, type, schemaVersion, occurredAt, recordedAt, data, metadata } = event;
  const occurred = occurredAt === recordedAt ? '' : occurredAt;
  return [id, type, schemaVersion, occurred, recordedAt, JSON.stringify(data), packMetadata(metadata)];
};

/** What a file of an earlier release lacks. */
export const upgradeEvents = ({ prepare }: Statements): void => {
  const has = prepare("SELECT 1 FROM pragma_table_info('events') WHERE name = 'checksum'").get() !== undefined;
  if (!has) prepare('ALTER TABLE events ADD COLUMN checksum INTEGER').run();
};

export const eventColumns =
  'e.position, s.name, e.revision, e.id, e.type, e.schemaVersion, e.occurredAt, e.recordedAt, e.data, e.metadata, e.checksum';

/** `eventColumns`, in their order. */
type EventRow = readonly [
  position: number,
  stream: string,
  revision: number,
  id: Uint8Array,
  type: string,
  schemaVersion: number,
  occurredAt: string,
  recordedAt: string,
  data: string,
  metadata: string,
  checksum: number | null,
];

interface Place {
  readonly stream: string;
  readonly revision: number;
}

/** CRC-32 of all that was written but the position, which SQLite gives; `author` is what the metadata refer to. */
const checksumOf = ({ stream, revision }: Place, [id, ...values]: StoredValues, author: string): number =>
  crc32(`${stream}\n${revision}\n${id}\n${values.join('\n')}${author}`);

const checksumOfRow = (row: EventRow, { factsOf }: Authors): number => {
  const [, stream, revision, id, type, schemaVersion, occurredAt, recordedAt, data, metadata] = row;
  const values: StoredValues = [idText(id), type, schemaVersion, occurredAt, recordedAt, data, metadata];
  return checksumOf({ stream, revision }, values, factsOf(metadata));
};

/** @throws StoreDamaged when it is not what was written. Events of earlier releases may have no checksum yet. */
const requireIntact = (row: EventRow, authors: Authors): void => {
  const checksum = row[10];
  if (checksum === null || checksumOfRow(row, authors) === checksum) return;
  throw new StoreDamaged(`The event at position ${row[0]} is not what was written.`, 'not_written');
};

const storedEvent = (row: EventRow, { unpack }: Authors): RecordedEvent => ({
  stream: row[1],
  revision: row[2],
  position: positionOf(row[0]),
  id: idText(row[3]),
  type: row[4],
  schemaVersion: row[5],
  occurredAt: row[6] === '' ? row[7] : row[6],
  recordedAt: row[7],
  data: JSON.parse(row[8]) as object,
  metadata: unpack(row[9]),
});

export interface EventSelect {
  /** @throws UnknownEvent when it decodes and a newer build wrote one; so does `within`. */
  all(...values: SQLInputValue[]): RecordedEvent[];
  /** The same, until they come to so many characters of JSON: at least one, and `isCut` when there may be more. */
  within(charsMax: number, ...values: SQLInputValue[]): { readonly events: RecordedEvent[]; readonly isCut: boolean };
}

/** Events as they were written, at the version they were written in. */
export const asWritten: DecodeStored = (event) => event;

/** Rows are decoded one by one, so that none of them lives longer than its event takes to be made. */
export const selectEvents = ({ prepare }: Statements, sql: string, decode: DecodeStored): EventSelect => {
  const statement = prepare(sql);
  const authors = createAuthors({ prepare });
  // An object for each row, with its ten names, would take longer than to read it.
  statement.setReturnArrays(true);
  const all: EventSelect['all'] = (...values) => {
    const rows: Iterable<object> = statement.iterate(...values);
    const events: RecordedEvent[] = [];
    for (const row of rows) {
      requireIntact(row as EventRow, authors);
      events.push(decode(storedEvent(row as EventRow, authors)));
    }
    return events;
  };
  const within: EventSelect['within'] = (charsMax, ...values) => {
    const events: RecordedEvent[] = [];
    let chars = 0;
    const rows: Iterable<object> = statement.iterate(...values);
    for (const each of rows) {
      const row = each as EventRow;
      events.push(decode(storedEvent(row, authors)));
      chars += row[8].length + row[9].length;
      if (chars >= charsMax) return { events, isCut: true };
    }
    return { events, isCut: false };
  };
  return { all, within };
};

/** Appending to the log. Positions are consecutive integers, handed out by SQLite. */

export type AppendedAt =
  /** Where the first event stands; the others follow without a gap. */
  | { readonly kind: 'appended'; readonly position: number; readonly revision: number }
  /** The last revision; -1 when there is no such stream. */
  | { readonly kind: 'conflict'; readonly actual: number };

type StreamRow = Record<'id' | 'revision', number>;

const create = ({ prepare }: Statements) => {
  const findStream = prepare(
    'SELECT id, (SELECT max(revision) FROM events WHERE stream = streams.id) AS revision FROM streams WHERE name = ?',
  );
  const addStream = prepare('INSERT INTO streams (name) VALUES (?)');
  const addEvent = prepare(
    `INSERT INTO events (stream, revision, id, type, schemaVersion, occurredAt, recordedAt, data, metadata, checksum)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const lacking = prepare(
    `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream
     WHERE e.position BETWEEN ? AND ? AND e.checksum IS NULL`,
  );
  lacking.setReturnArrays(true);
  const authors = createAuthors({ prepare });
  const numbered = createAuthorNumbers({ prepare });
  const setChecksum = prepare('UPDATE events SET checksum = ? WHERE position = ?');
  return {
    /** `expected` is a revision, -1 for a stream that must not exist. */
    append: (stream: string, expected: number, events: readonly EventValues[]): AppendedAt => {
      const row = findStream.get(stream) as StreamRow | undefined;
      const actual = row?.revision ?? -1;
      if (actual !== expected) return { kind: 'conflict', actual };
      const key = row?.id ?? addStream.run(stream).lastInsertRowid;
      let last = 0;
      for (const [index, event] of events.entries()) {
        const [id, type, schemaVersion, occurredAt, recordedAt, data, metadata] = event;
        const revision = expected + 1 + index;
        const values: StoredValues = [id, type, schemaVersion, occurredAt, recordedAt, data, numbered(metadata)];
        const checksum = checksumOf({ stream, revision }, values, metadata.author);
        last = Number(addEvent.run(key, revision, idBytes(id), ...values.slice(1), checksum).lastInsertRowid);
      }
      return { kind: 'appended', position: last - events.length + 1, revision: expected + 1 };
    },
    /** Of the events at these positions (inclusive), those of earlier releases. */
    fillChecksums: (from: number, to: number): void => {
      const rows: readonly object[] = lacking.all(from, to);
      for (const row of rows as readonly EventRow[]) setChecksum.run(checksumOfRow(row, authors), row[0]);
    },
  };
};

export const eventWrites: WriteModule<ReturnType<typeof create>> = {
  name: 'events',
  schema: eventSchema,
  upgrade: upgradeEvents,
  create,
};
