/** Appending to the log. Positions are consecutive integers, handed out by SQLite. */
import { LRUCache } from 'lru-cache';
import type { Statements, WriteModule } from '../file/writes.ts';
import {
  checksumOf,
  checksumOfRow,
  type EventRow,
  type EventValues,
  eventColumns,
  eventSchema,
  type StoredValues,
} from './eventRows.ts';
import { idBytes } from './ids.ts';
import { createIndexWrites } from './index/indexWrites.ts';
import { createIndexReader, indexSchema, keyOfId } from './index/runs.ts';
import { createAuthorNumbers, createAuthors } from './metadata.ts';
import { upgradeLog } from './upgrades.ts';

export type AppendedAt =
  /** Where the first event stands; the others follow without a gap. */
  | { readonly kind: 'appended'; readonly position: number; readonly revision: number }
  /** The last revision; -1 when there is no such stream. */
  | { readonly kind: 'conflict'; readonly actual: number }
  /** These are in the log already. */
  | { readonly kind: 'duplicate'; readonly eventIds: readonly string[] };

export interface Append {
  readonly stream: string;
  /** A revision; -1 for a stream that must not exist. */
  readonly expected: number;
  readonly events: readonly EventValues[];
  /** Ids of events that may be in the log already. The caller is sure that the others are not. */
  readonly mayBeKnown: readonly string[];
}

/** Streams whose last revision is at hand. */
const headsMax = 20_000;

/** The end of the log, as this thread left it. */
const createEnd = ({ prepare }: Statements) => {
  const select = prepare(
    `SELECT position || ' ' || coalesce(checksum, '') AS text FROM events ORDER BY position DESC LIMIT 1`,
  );
  const read = (): string => (select.get()?.text as string | undefined) ?? '';
  let left: string | null = null;
  return {
    /**
     * Whether what is held in memory is still that of the log. It is not where a transaction was undone, or another process
     * has appended. Until `leave`, it counts as not.
     */
    take: (): boolean => {
      const isAsLeft = left !== null && left === read();
      left = null;
      return isAsLeft;
    },
    leave: (): void => {
      left = read();
    },
  };
};

const createStreamHeads = (db: Statements) => {
  const find = db.prepare('SELECT id FROM streams WHERE name = ?');
  const add = db.prepare('INSERT INTO streams (name) VALUES (?)');
  const { headOf } = createIndexReader(db);
  const heads = new LRUCache<string, { readonly stream: number; readonly revision: number }>({ max: headsMax });
  return {
    /** `null`: there is no such stream. */
    read: (name: string): { readonly stream: number; readonly revision: number } | null => {
      const known = heads.get(name);
      if (known !== undefined) return known;
      const stream = find.get(name)?.id as number | undefined;
      return stream === undefined ? null : { stream, revision: headOf(stream) };
    },
    add: (name: string): number => Number(add.run(name).lastInsertRowid),
    move: (name: string, stream: number, revision: number): void => {
      heads.set(name, { stream, revision });
    },
    forget: (): void => heads.clear(),
  };
};

const createFillChecksums = ({ prepare }: Statements) => {
  const lacking = prepare(
    `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream
     WHERE e.position BETWEEN ? AND ? AND e.checksum IS NULL`,
  );
  lacking.setReturnArrays(true);
  const authors = createAuthors({ prepare });
  const setChecksum = prepare('UPDATE events SET checksum = ? WHERE position = ?');
  return (from: number, to: number): void => {
    const rows: readonly object[] = lacking.all(from, to);
    for (const row of rows as readonly EventRow[]) setChecksum.run(checksumOfRow(row, authors), row[0]);
  };
};

interface Place {
  readonly name: string;
  /** Number of the stream. */
  readonly stream: number;
  readonly revision: number;
}

const create = (db: Statements) => {
  const addEvent = db.prepare(
    `INSERT INTO events (stream, revision, id, type, schemaVersion, occurredAt, recordedAt, data, metadata, checksum,
       isIndexed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
  );
  const numbered = createAuthorNumbers(db);
  const heads = createStreamHeads(db);
  const { positionOf } = createIndexReader(db);
  const selectId = db.prepare('SELECT id FROM events WHERE position = ?');
  const index = createIndexWrites(db);
  const end = createEnd(db);

  const insert = ({ name, stream, revision }: Place, event: EventValues): number => {
    const [id, type, schemaVersion, occurredAt, recordedAt, data, metadata] = event;
    const values: StoredValues = [id, type, schemaVersion, occurredAt, recordedAt, data, numbered(metadata)];
    const checksum = checksumOf({ stream: name, revision }, values, metadata.author);
    const bytes = idBytes(id);
    const { lastInsertRowid } = addEvent.run(stream, revision, bytes, ...values.slice(1), checksum);
    const position = Number(lastInsertRowid);
    index.add('stream', { major: stream, minor: revision, position });
    index.add('id', { ...keyOfId(bytes), position });
    return position;
  };

  const isInLog = (id: string): boolean => {
    const bytes = idBytes(id);
    const position = positionOf('id', keyOfId(bytes));
    return position !== null && bytes.equals(selectId.get(position)?.id as Uint8Array);
  };

  const append = ({ stream: name, expected, events, mayBeKnown }: Append): AppendedAt => {
    const head = heads.read(name);
    const actual = head?.revision ?? -1;
    if (actual !== expected) return { kind: 'conflict', actual };
    const eventIds = mayBeKnown.filter(isInLog);
    if (eventIds.length > 0) return { kind: 'duplicate', eventIds };
    const stream = head?.stream ?? heads.add(name);
    let last = 0;
    for (const [at, event] of events.entries()) last = insert({ name, stream, revision: expected + 1 + at }, event);
    heads.move(name, stream, expected + events.length);
    index.tend(events.length);
    return { kind: 'appended', position: last - events.length + 1, revision: expected + 1 };
  };

  return {
    append: (values: Append): AppendedAt => {
      if (!end.take()) {
        heads.forget();
        index.forget();
      }
      const appended = append(values);
      end.leave();
      return appended;
    },
    /** Of the events at these positions (inclusive), those of earlier releases. */
    fillChecksums: createFillChecksums(db),
  };
};

export const eventWrites: WriteModule<ReturnType<typeof create>> = {
  name: 'events',
  schema: [...eventSchema, ...indexSchema],
  upgrade: upgradeLog,
  create,
};
