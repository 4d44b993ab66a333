/** Event store and event source on one SQLite file. Positions are consecutive integers; commit equals prepare. */
import type { DecodeStored, EventEnvelope, Position, RecordedEvent } from '../../../eventsourcing/message.ts';
import type { AppendResult, EventBatch, EventSource, EventStore, FollowOptions } from '../../../eventsourcing/ports.ts';
import { createWakeSignal } from '../../waits.ts';
import { isUniqueViolation } from '../file/connection.ts';
import type { Database } from '../file/database.ts';
import {
  type AppendedAt,
  type EventValues,
  eventColumns,
  eventValuesOf,
  eventWrites,
  selectEvents,
} from './eventRows.ts';
import { idBytes, positionOf } from './ids.ts';
import { createRecentEvents, createScan, sliceCharsMax } from './reads.ts';

/** How often a follower that waits looks for events of another process, such as an import. */
const pollMs = 250;
/** A sparse filter looks at this many positions in one go. */
const scanMin = 2_000;

/** What policies and sweeps ask for is what clients wait for. */
const isOurs = ({ metadata }: EventEnvelope): boolean => metadata.actor.kind === 'system';

const charsOf = (values: EventValues): number => values[5].length + values[6].rest.length;

const placed = (
  stream: string,
  { position, revision }: { readonly position: number; readonly revision: number },
  event: EventEnvelope,
  index: number,
): RecordedEvent => ({ ...event, stream, revision: revision + index, position: positionOf(position + index) });

export const createSqliteEvents = async (db: Database, decode: DecodeStored): Promise<EventStore & EventSource> => {
  const write = await db.writer(eventWrites);
  const writeFirst = await db.writer(eventWrites, 'first');
  const recent = createRecentEvents();
  const grown = createWakeSignal();
  const selectHead = db.prepare('SELECT max(position) AS head FROM events');
  const readHead = (): number => (selectHead.get()?.head as number | null) ?? 0;
  /** As far as this process knows; another one may have gone on. */
  let head = await db.read(readHead);

  const publish = (result: AppendResult, values: readonly EventValues[]): void => {
    if (result.kind !== 'appended') return;
    head = Math.max(head, Number(result.events.at(-1)?.position.commit));
    recent.push(result.events, values.map(charsOf));
    grown.wake();
  };

  const selectPlace = db.prepare(
    'SELECT s.name, e.revision FROM events e CROSS JOIN streams s ON s.id = e.stream WHERE e.id = ?',
  );
  const locate: EventStore['locate'] = (eventIds) =>
    db.read(() =>
      eventIds.flatMap((id) => {
        const row = selectPlace.get(idBytes(id));
        return row === undefined ? [] : [{ id, stream: row.name as string, revision: row.revision as number }];
      }),
    );

  const append: EventStore['append'] = async (stream, expected, events) => {
    if (events.length === 0) throw new RangeError('an append needs at least one event');
    const after = expected === 'no_stream' ? -1 : expected;
    const resultOf = (at: AppendedAt): AppendResult =>
      at.kind === 'conflict'
        ? { kind: 'conflict', actual: at.actual < 0 ? 'no_stream' : at.actual }
        : { kind: 'appended', events: events.map((event, index) => placed(stream, at, event, index)) };
    const values = events.map(eventValuesOf);
    let result: AppendResult | undefined;
    try {
      await (events.some(isOurs) ? writeFirst : write)('append', [stream, after, values], (at) => {
        result = resultOf(at);
        publish(result, values);
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const eventIds = (await locate(events.map(({ id }) => id))).map(({ id }) => id);
      if (eventIds.length > 0) return { kind: 'duplicate', eventIds };
      throw new RangeError('the same event id twice in one append', { cause: error });
    }
    if (result === undefined) throw new Error('an append was committed and said nothing');
    return result;
  };

  // CROSS JOIN keeps the order of the two tables, and with it the index that is walked.
  const selectStream = selectEvents(
    db,
    `SELECT ${eventColumns} FROM streams s CROSS JOIN events e ON e.stream = s.id
     WHERE s.name = ? AND e.revision >= ? ORDER BY e.revision LIMIT ?`,
    decode,
  );
  const inOrder = `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream`;
  const selectAfter = selectEvents(db, `${inOrder} WHERE e.position > ? ORDER BY e.position LIMIT ?`, decode);
  const selectBefore = selectEvents(db, `${inOrder} WHERE e.position < ? ORDER BY e.position DESC LIMIT ?`, decode);
  const selectTypes = selectEvents(
    db,
    `${inOrder} WHERE e.position > ? AND e.position <= ? AND e.type IN (SELECT value FROM json_each(?))
     ORDER BY e.position LIMIT ?`,
    decode,
  );
  /** Above every position. */
  const end = { commit: 2n ** 63n - 1n };

  const readAll: EventSource['readAll'] = (from, direction, limit) =>
    db.read(() => {
      if (direction === 'forwards') return selectAfter.all(from?.commit ?? 0n, limit);
      return selectBefore.all((from ?? end).commit, limit);
    });

  /** Only rows of the wanted types are decoded, but the scan moves over all of them. */
  const readBatch = (at: number, batchMax: number, types: ReadonlySet<string> | null): EventBatch => {
    if (types === null) {
      const { events, isCut } = selectAfter.within(sliceCharsMax, at, batchMax);
      const isCaughtUp = !isCut && events.length < batchMax;
      return { events, upTo: events.at(-1)?.position ?? positionOf(at), isCaughtUp };
    }
    const scanTo = Math.min(head, at + Math.max(batchMax, scanMin));
    const { events, isCut } = selectTypes.within(sliceCharsMax, at, scanTo, JSON.stringify([...types]), batchMax);
    const last = isCut || events.length === batchMax ? events.at(-1)?.position : undefined;
    const upTo = last ?? positionOf(scanTo);
    return { events, upTo, isCaughtUp: Number(upTo.commit) >= head };
  };

  async function* follow(from: Position | null, options: FollowOptions): AsyncGenerator<EventBatch> {
    const { signal, batchMax } = options;
    const types = options.types === undefined ? null : new Set(options.types);
    const listener = grown.listen(signal);
    let at = Number(from?.commit ?? 0n);
    try {
      while (!signal.aborted) {
        if (at >= head) {
          await listener.next(pollMs);
          if (at >= head) head = Math.max(head, await db.read(readHead));
          continue;
        }
        const batch = recent.read(at, batchMax, types) ?? (await db.read(() => readBatch(at, batchMax, types)));
        at = Number(batch.upTo.commit);
        yield batch;
      }
    } finally {
      listener.leave();
    }
  }

  return {
    append,
    locate,
    readStream: (stream, fromRevision, limit) => db.read(() => selectStream.all(stream, fromRevision, limit)),
    readAll,
    scan: createScan(db, readHead, decode),
    follow,
    head: () =>
      db.read(() => {
        const position = readHead();
        return position === 0 ? null : positionOf(position);
      }),
  };
};
