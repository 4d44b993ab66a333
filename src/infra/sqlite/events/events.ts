/** Event store and event source on one SQLite file. Positions are consecutive integers; commit equals prepare. */
import type { DecodeStored, EventEnvelope, Position, RecordedEvent } from '../../../eventsourcing/message.ts';
import type { AppendResult, EventBatch, EventSource, EventStore, FollowOptions } from '../../../eventsourcing/ports.ts';
import { createWakeSignal } from '../../waits.ts';
import type { Database } from '../file/database.ts';
import { type Append, type AppendedAt, eventWrites } from './appends.ts';
import { type EventValues, eventColumns, eventValuesOf, selectEvents } from './eventRows.ts';
import { positionOf } from './ids.ts';
import { createKnownIds } from './index/knownIds.ts';
import { createRecentEvents, createScan, sliceCharsMax } from './reads.ts';
import { createStreamReads } from './streamReads.ts';

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

const resultOf = (at: AppendedAt, stream: string, events: readonly EventEnvelope[]): AppendResult => {
  if (at.kind === 'duplicate') return at;
  if (at.kind === 'conflict') return { kind: 'conflict', actual: at.actual < 0 ? 'no_stream' : at.actual };
  return { kind: 'appended', events: events.map((event, index) => placed(stream, at, event, index)) };
};

export interface SqliteEventsOptions {
  /** No other process appends while this one runs, so that an id which it has not seen is new. */
  readonly isSoleWriter?: boolean;
}

export const createSqliteEvents = async (
  db: Database,
  decode: DecodeStored,
  { isSoleWriter = false }: SqliteEventsOptions = {},
): Promise<EventStore & EventSource> => {
  const write = await db.writer(eventWrites);
  const writeFirst = await db.writer(eventWrites, 'first');
  const recent = createRecentEvents();
  const grown = createWakeSignal();
  const selectHead = db.prepare('SELECT max(position) AS head FROM events');
  const readHead = (): number => (selectHead.get()?.head as number | null) ?? 0;
  /** As far as this process knows; another one may have gone on. */
  let head = await db.read(readHead);
  const known = isSoleWriter ? createKnownIds(db, head) : null;
  const mayHave = (id: string): boolean => known === null || known.mayHave(id);

  const publish = (result: AppendResult, values: readonly EventValues[]): void => {
    if (result.kind !== 'appended') return;
    head = Math.max(head, Number(result.events.at(-1)?.position.commit));
    recent.push(result.events, values.map(charsOf));
    grown.wake();
  };

  const appendNow = async (place: Omit<Append, 'events'>, events: readonly EventEnvelope[]): Promise<AppendResult> => {
    const values = events.map(eventValuesOf);
    let result: AppendResult | undefined;
    await (events.some(isOurs) ? writeFirst : write)('append', [{ ...place, events: values }], (at) => {
      result = resultOf(at, place.stream, events);
      publish(result, values);
    });
    if (result === undefined) throw new Error('an append was committed and said nothing');
    return result;
  };

  /** Ids of events that are being appended. */
  const underway = new Map<string, Promise<void>>();

  const append: EventStore['append'] = async (stream, expected, events) => {
    if (events.length === 0) throw new RangeError('an append needs at least one event');
    const after = expected === 'no_stream' ? -1 : expected;
    const eventIds = events.map(({ id }) => id);
    if (events.length > 1 && new Set(eventIds).size < events.length)
      throw new RangeError('the same event id twice in one append');
    const mayBeKnown = eventIds.filter((id) => known === null || known.add(id));
    // One that goes first would be looked for in the file before an append that was asked for earlier is there.
    // Nothing else is waited for: appends of one stream go to the writer in the order in which they were asked for.
    for (const id of mayBeKnown) {
      const earlier = underway.get(id);
      if (earlier !== undefined) await earlier;
    }
    const appending = appendNow({ stream, expected: after, mayBeKnown }, events);
    const settled = appending.then(
      () => undefined,
      () => undefined,
    );
    for (const id of eventIds) underway.set(id, settled);
    try {
      return await appending;
    } finally {
      for (const id of eventIds) if (underway.get(id) === settled) underway.delete(id);
    }
  };

  // CROSS JOIN keeps the order of the two tables, and with it the index that is walked.
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

  const { readStream, locate } = createStreamReads(db, decode);

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
    readStream,
    locate: async (eventIds) => {
      const ids = eventIds.filter(mayHave);
      return ids.length === 0 ? [] : locate(ids);
    },
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
