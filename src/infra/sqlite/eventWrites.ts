/** Appending to the log. Positions are consecutive integers, handed out by SQLite. */
import { eventSchema, idBytes } from './eventRows.ts';
import type { Statements, WriteModule } from './writes.ts';

/** id, type, schema version, occurred at, recorded at, data and metadata as JSON: a row without its place. */
export type EventValues = readonly [string, string, number, string, string, string, string];

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
    `INSERT INTO events (stream, revision, id, type, schemaVersion, occurredAt, recordedAt, data, metadata)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return {
    /** `expected` is a revision, -1 for a stream that must not exist. */
    append: (stream: string, expected: number, events: readonly EventValues[]): AppendedAt => {
      const row = findStream.get(stream) as StreamRow | undefined;
      const actual = row?.revision ?? -1;
      if (actual !== expected) return { kind: 'conflict', actual };
      const key = row?.id ?? addStream.run(stream).lastInsertRowid;
      let last = 0;
      for (const [index, [id, ...values]] of events.entries()) {
        last = Number(addEvent.run(key, expected + 1 + index, idBytes(id), ...values).lastInsertRowid);
      }
      return { kind: 'appended', position: last - events.length + 1, revision: expected + 1 };
    },
  };
};

export const eventWrites: WriteModule<ReturnType<typeof create>> = { name: 'events', schema: eventSchema, create };
