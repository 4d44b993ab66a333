/** How an event is kept: two tables, ids as 16 bytes, data and metadata as JSON. */
import type { SQLInputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { decodeStored } from '../../../domain/decode.ts';
import type { EventMetadata, Position, RecordedEvent } from '../../../eventsourcing/message.ts';
import { StoreDamaged } from '../../../eventsourcing/ports.ts';
import type { Statements } from '../file/writes.ts';

/** `position` is the row id: SQLite hands it out in the order of commits, without gaps, as nothing is ever deleted. */
export const eventSchema = [
  'CREATE TABLE IF NOT EXISTS streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT',
  `CREATE TABLE IF NOT EXISTS events (
     position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL, id BLOB NOT NULL UNIQUE,
     type TEXT NOT NULL, schemaVersion INTEGER NOT NULL, occurredAt TEXT NOT NULL, recordedAt TEXT NOT NULL,
     data TEXT NOT NULL, metadata TEXT NOT NULL, checksum INTEGER, UNIQUE (stream, revision)) STRICT`,
];

/** id, type, schema version, occurred at, recorded at, data and metadata as JSON: a row without its place. */
export type EventValues = readonly [string, string, number, string, string, string, string];

/** What a file of an earlier release lacks. */
export const upgradeEvents = ({ prepare }: Statements): void => {
  const has = prepare("SELECT 1 FROM pragma_table_info('events') WHERE name = 'checksum'").get() !== undefined;
  if (!has) prepare('ALTER TABLE events ADD COLUMN checksum INTEGER').run();
};

export const eventColumns =
  'e.position, s.name, e.revision, e.id, e.type, e.schemaVersion, e.occurredAt, e.recordedAt, e.data, e.metadata, e.checksum';

/** Ours are row numbers, far below 2^53; SQLite itself throws when a number would not hold one. */
export const positionOf = (value: number): Position => {
  const commit = BigInt(value);
  return { commit, prepare: commit };
};

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws RangeError unless it is a UUID in lower case: it would come back as another text than it went in. */
export const idBytes = (id: string): Buffer => {
  if (!uuidPattern.test(id)) throw new RangeError(`not a UUID in lower case: ${id}`);
  return Buffer.from(id.replaceAll('-', ''), 'hex');
};

export const idText = (bytes: Uint8Array): string => {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

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

/** CRC-32 of all that was written but the position, which SQLite gives. `values`: all but id, stream and revision. */
export const checksumOf = (stream: string, revision: number, [id, ...values]: EventValues): number =>
  crc32(`${stream}\n${revision}\n${id}\n${values.join('\n')}`);

export const checksumOfRow = (row: EventRow): number => {
  const [, stream, revision, id, type, schemaVersion, occurredAt, recordedAt, data, metadata] = row;
  return checksumOf(stream, revision, [idText(id), type, schemaVersion, occurredAt, recordedAt, data, metadata]);
};

/** @throws StoreDamaged when it is not what was written. Events of earlier releases may have no checksum yet. */
const requireIntact = (row: EventRow): void => {
  const checksum = row[10];
  if (checksum === null || checksumOfRow(row) === checksum) return;
  throw new StoreDamaged(`The event at position ${row[0]} is not what was written.`, 'not_written');
};

const storedEvent = (row: EventRow): RecordedEvent => ({
  stream: row[1],
  revision: row[2],
  position: positionOf(row[0]),
  id: idText(row[3]),
  type: row[4],
  schemaVersion: row[5],
  occurredAt: row[6],
  recordedAt: row[7],
  data: JSON.parse(row[8]) as object,
  metadata: JSON.parse(row[9]) as EventMetadata,
});

export interface EventSelect {
  /** As they were written, at the version they were written in. */
  stored(...values: SQLInputValue[]): RecordedEvent[];
  /** At the versions of today. @throws UnknownEvent when a newer build wrote one. */
  today(...values: SQLInputValue[]): RecordedEvent[];
  /** The same, until they come to so many characters of JSON: at least one, and `isCut` when there may be more. */
  within(charsMax: number, ...values: SQLInputValue[]): { readonly events: RecordedEvent[]; readonly isCut: boolean };
}

/** Rows are decoded one by one, so that none of them lives longer than its event takes to be made. */
export const selectEvents = ({ prepare }: Statements, sql: string): EventSelect => {
  const statement = prepare(sql);
  // An object for each row, with its ten names, would take longer than to read it.
  statement.setReturnArrays(true);
  const select = (
    values: readonly SQLInputValue[],
    decode: (event: RecordedEvent) => RecordedEvent,
  ): RecordedEvent[] => {
    const rows: Iterable<object> = statement.iterate(...values);
    const events: RecordedEvent[] = [];
    for (const row of rows) {
      requireIntact(row as EventRow);
      events.push(decode(storedEvent(row as EventRow)));
    }
    return events;
  };
  const within: EventSelect['within'] = (charsMax, ...values) => {
    const events: RecordedEvent[] = [];
    let chars = 0;
    const rows: Iterable<object> = statement.iterate(...values);
    for (const each of rows) {
      const row = each as EventRow;
      events.push(decodeStored(storedEvent(row)));
      chars += row[8].length + row[9].length;
      if (chars >= charsMax) return { events, isCut: true };
    }
    return { events, isCut: false };
  };
  return {
    within,
    stored: (...values) => select(values, (event) => event),
    today: (...values) => select(values, decodeStored),
  };
};
