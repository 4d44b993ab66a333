/** Event store and event source on one SQLite file. Positions are consecutive integers; commit equals prepare. */
import type { AppendResult, EventStore, ExpectedRevision } from '../../commands/ports.ts';
import { decodeStored } from '../../domain/decode.ts';
import type { EventEnvelope, EventMetadata, Position, RecordedEvent } from '../../domain/message.ts';
import type { EventBatch, EventSource, FollowOptions } from '../../projections/ports.ts';
import { type Database, isUniqueViolation } from './database.ts';
import { createTail } from './tail.ts';

const schema = [
  `CREATE TABLE IF NOT EXISTS streams (
     id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL) STRICT`,
  `CREATE TABLE IF NOT EXISTS events (
     position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL, id BLOB NOT NULL UNIQUE,
     type TEXT NOT NULL, schemaVersion INTEGER NOT NULL, occurredAt TEXT NOT NULL, recordedAt TEXT NOT NULL,
     data TEXT NOT NULL, metadata TEXT NOT NULL, UNIQUE (stream, revision)) STRICT`,
];

const columns = `e.position, s.name, e.revision, e.id, e.type, e.schemaVersion, e.occurredAt, e.recordedAt, e.data, e.metadata
  FROM events e JOIN streams s ON s.id = e.stream`;

/** How often a follower that waits looks for events of another process, such as an import. */
const pollMs = 250;

const positionOf = (value: number): Position => ({ commit: BigInt(value), prepare: BigInt(value) });
const idBytes = (id: string): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex');
const idText = (bytes: Uint8Array): string => {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

const decodeRow = (row: Record<string, unknown>): RecordedEvent => {
  const text = (name: string): string => row[name] as string;
  return decodeStored({
    stream: text('name'),
    revision: row['revision'] as number,
    position: positionOf(row['position'] as number),
    id: idText(row['id'] as Uint8Array),
    type: text('type'),
    schemaVersion: row['schemaVersion'] as number,
    occurredAt: text('occurredAt'),
    recordedAt: text('recordedAt'),
    data: JSON.parse(text('data')) as object,
    metadata: JSON.parse(text('metadata')) as EventMetadata,
  });
};

export const createSqliteEvents = async (db: Database): Promise<EventStore & EventSource> => {
  await db.write(() => {
    for (const statement of schema) db.prepare(statement).run();
  });
  const tail = createTail();
  const readHead = (): number =>
    (db.prepare('SELECT max(position) AS head FROM events').get()?.['head'] as number | null) ?? 0;
  let head = readHead();

  const publish = (result: AppendResult): void => {
    if (result.kind !== 'appended') return;
    head = Number(result.events.at(-1)?.position.commit ?? head);
    tail.push(result.events);
  };

  const findStream = db.prepare('SELECT id, revision FROM streams WHERE name = ?');
  const addStream = db.prepare('INSERT INTO streams (name, revision) VALUES (?, ?)');
  const moveStream = db.prepare('UPDATE streams SET revision = ? WHERE id = ?');
  const addEvent = db.prepare(
    `INSERT INTO events (stream, revision, id, type, schemaVersion, occurredAt, recordedAt, data, metadata)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const hasId = db.prepare('SELECT 1 FROM events WHERE id = ?');

  const insert = (
    stream: string,
    known: { id: number | bigint; revision: number },
    events: readonly EventEnvelope[],
  ): RecordedEvent[] =>
    events.map((event, index) => {
      const revision = known.revision + 1 + index;
      const { lastInsertRowid } = addEvent.run(
        known.id,
        revision,
        idBytes(event.id),
        event.type,
        event.schemaVersion,
        event.occurredAt,
        event.recordedAt,
        JSON.stringify(event.data),
        JSON.stringify(event.metadata),
      );
      return { ...event, stream, revision, position: positionOf(Number(lastInsertRowid)) };
    });

  const appendNow = (stream: string, expected: ExpectedRevision, events: readonly EventEnvelope[]): AppendResult => {
    const row = findStream.get(stream);
    const actual: ExpectedRevision = row === undefined ? 'no_stream' : (row['revision'] as number);
    if (actual !== expected) return { kind: 'conflict', actual };
    const known =
      row === undefined
        ? { id: addStream.run(stream, -1).lastInsertRowid, revision: -1 }
        : { id: row['id'] as number, revision: row['revision'] as number };
    const recorded = insert(stream, known, events);
    moveStream.run(known.revision + recorded.length, known.id);
    return { kind: 'appended', events: recorded };
  };

  const append = async (
    stream: string,
    expected: ExpectedRevision,
    events: readonly EventEnvelope[],
  ): Promise<AppendResult> => {
    if (events.length === 0) throw new RangeError('an append needs at least one event');
    try {
      return await db.write(() => appendNow(stream, expected, events), publish);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const eventIds = events.map(({ id }) => id).filter((id) => hasId.get(idBytes(id)) !== undefined);
      if (eventIds.length > 0) return { kind: 'duplicate', eventIds };
      throw new RangeError('the same event id twice in one append', { cause: error });
    }
  };

  const readStream = (stream: string, fromRevision: number, limit: number): Promise<readonly RecordedEvent[]> => {
    const sql = `SELECT ${columns} WHERE s.name = ? AND e.revision >= ? ORDER BY e.revision LIMIT ?`;
    return Promise.resolve(db.prepare(sql).all(stream, fromRevision, limit).map(decodeRow));
  };

  const readAll: EventSource['readAll'] = (from, direction, limit) => {
    const forwards = direction === 'forwards';
    const sql = `SELECT ${columns} WHERE e.position ${forwards ? '>' : '<'} ? ORDER BY e.position ${forwards ? '' : 'DESC'} LIMIT ?`;
    const at = from === null ? (forwards ? 0 : Number.MAX_SAFE_INTEGER) : Number(from.commit);
    return Promise.resolve(db.prepare(sql).all(at, limit).map(decodeRow));
  };

  /** Only rows of the wanted types are decoded, but the scan moves over all of them. */
  const readBatch = (at: number, { types, batchMax }: FollowOptions): EventBatch => {
    if (types === undefined) {
      const events = db
        .prepare(`SELECT ${columns} WHERE e.position > ? ORDER BY e.position LIMIT ?`)
        .all(at, batchMax)
        .map(decodeRow);
      return { events, upTo: events.at(-1)?.position ?? positionOf(at) };
    }
    const scanTo = Math.min(head, at + Math.max(batchMax, scanMin));
    const sql = `SELECT ${columns} WHERE e.position > ? AND e.position <= ? AND e.type IN (${types.map(() => '?').join(',')})
      ORDER BY e.position LIMIT ?`;
    const events = db
      .prepare(sql)
      .all(at, scanTo, ...types, batchMax)
      .map(decodeRow);
    const last = events.length === batchMax ? events.at(-1)?.position : undefined;
    return { events, upTo: last ?? positionOf(scanTo) };
  };

  async function* follow(from: Position | null, options: FollowOptions): AsyncGenerator<EventBatch> {
    let at = from === null ? 0 : Number(from.commit);
    const { signal } = options;
    while (!signal.aborted) {
      if (at >= head) {
        await tail.next(signal, pollMs);
        if (at >= head) head = Math.max(head, readHead());
        continue;
      }
      const batch = tail.read(at, options) ?? readBatch(at, options);
      at = Number(batch.upTo.commit);
      yield batch;
    }
  }

  const headPosition = (): Promise<Position | null> => Promise.resolve(head === 0 ? null : positionOf(head));
  return { append, readStream, readAll, follow, head: headPosition };
};

/** A sparse filter looks at this many positions in one go. */
const scanMin = 2_000;
