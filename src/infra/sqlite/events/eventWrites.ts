/** Appending to the log. Positions are consecutive integers, handed out by SQLite. */
import type { Statements, WriteModule } from '../file/writes.ts';
import {
  checksumOf,
  checksumOfRow,
  type EventRow,
  type EventValues,
  eventColumns,
  eventSchema,
  idBytes,
  upgradeEvents,
} from './eventRows.ts';

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
        const [id, ...values] = event;
        const revision = expected + 1 + index;
        const checksum = checksumOf(stream, revision, event);
        last = Number(addEvent.run(key, revision, idBytes(id), ...values, checksum).lastInsertRowid);
      }
      return { kind: 'appended', position: last - events.length + 1, revision: expected + 1 };
    },
    /** Of the events at these positions (inclusive), those of earlier releases. */
    fillChecksums: (from: number, to: number): void => {
      const rows: readonly object[] = lacking.all(from, to);
      for (const row of rows as readonly EventRow[]) setChecksum.run(checksumOfRow(row), row[0]);
    },
  };
};

export const eventWrites: WriteModule<ReturnType<typeof create>> = {
  name: 'events',
  schema: eventSchema,
  upgrade: upgradeEvents,
  create,
};
