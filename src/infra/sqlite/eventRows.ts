/** How an event is kept: two tables, ids as 16 bytes, data and metadata as JSON. */
import { decodeStored } from '../../domain/decode.ts';
import type { EventMetadata, Position, RecordedEvent } from '../../domain/message.ts';

/** `position` is the row id: SQLite hands it out in the order of commits, without gaps, as nothing is ever deleted. */
export const eventSchema = [
  'CREATE TABLE IF NOT EXISTS streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT',
  `CREATE TABLE IF NOT EXISTS events (
     position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL, id BLOB NOT NULL UNIQUE,
     type TEXT NOT NULL, schemaVersion INTEGER NOT NULL, occurredAt TEXT NOT NULL, recordedAt TEXT NOT NULL,
     data TEXT NOT NULL, metadata TEXT NOT NULL, UNIQUE (stream, revision)) STRICT`,
];

export const eventColumns =
  'e.position, s.name, e.revision, e.id, e.type, e.schemaVersion, e.occurredAt, e.recordedAt, e.data, e.metadata';

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

/** As it was written, at the version it was written in. */
export const storedRow = (row: Record<string, unknown>): RecordedEvent => ({
  stream: row.name as string,
  revision: row.revision as number,
  position: positionOf(row.position as number),
  id: idText(row.id as Uint8Array),
  type: row.type as string,
  schemaVersion: row.schemaVersion as number,
  occurredAt: row.occurredAt as string,
  recordedAt: row.recordedAt as string,
  data: JSON.parse(row.data as string) as object,
  metadata: JSON.parse(row.metadata as string) as EventMetadata,
});

/** @throws UnknownEvent when a newer build wrote it. */
export const decodeRow = (row: Record<string, unknown>): RecordedEvent => decodeStored(storedRow(row));
