/** How an event is kept and appended: three tables, ids as 16 bytes, data as JSON, metadata packed (`metadata.ts`). */
import type { SQLInputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { DecodeStored, EventEnvelope, RecordedEvent } from '../../../eventsourcing/message.ts';
import { StoreDamaged } from '../../../eventsourcing/ports.ts';
import type { Statements } from '../file/writes.ts';
import { idText, positionOf } from './ids.ts';
import { type Authors, authorSchema, createAuthors, type PackedMetadata, packMetadata } from './metadata.ts';

/**
 * `position` is the row id: SQLite hands it out in the order of commits, without gaps, as nothing is ever deleted. That no id
 * and no revision of a stream is there twice is for the index to say (`index/runs.ts`). `isIndexed` is always 1: a release that
 * knows nothing of that index leaves it out, and so can append nothing.
 */
export const eventSchema = [
  'CREATE TABLE IF NOT EXISTS streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT',
  `CREATE TABLE IF NOT EXISTS events (
     position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL, id BLOB NOT NULL,
     type TEXT NOT NULL, schemaVersion INTEGER NOT NULL, occurredAt TEXT NOT NULL, recordedAt TEXT NOT NULL,
     data TEXT NOT NULL, metadata TEXT NOT NULL, checksum INTEGER, isIndexed INTEGER NOT NULL) STRICT`,
  authorSchema,
];

/** id, type, schema version, occurred at (empty: when it was recorded), recorded at, data and metadata as they are stored. */
export type StoredValues = readonly [string, string, number, string, string, string, string];
/** A row without its place, and without the number of its author. */
export type EventValues = readonly [string, string, number, string, string, string, PackedMetadata];

/** Made into texts by the thread that asks: what goes to another thread is texts and numbers. */
export const eventValuesOf = (event: EventEnvelope): EventValues => {
  const { id, type, schemaVersion, occurredAt, recordedAt, data, metadata } = event;
  const occurred = occurredAt === recordedAt ? '' : occurredAt;
  return [id, type, schemaVersion, occurred, recordedAt, JSON.stringify(data), packMetadata(metadata)];
};

export const eventColumns =
  'e.position, s.name, e.revision, e.id, e.type, e.schemaVersion, e.occurredAt, e.recordedAt, e.data, e.metadata, e.checksum';

/** `eventColumns`, in their order. */
export type EventRow = readonly [
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
export const checksumOf = ({ stream, revision }: Place, [id, ...values]: StoredValues, author: string): number =>
  crc32(`${stream}\n${revision}\n${id}\n${values.join('\n')}${author}`);

export const checksumOfRow = (row: EventRow, { factsOf }: Authors): number => {
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
