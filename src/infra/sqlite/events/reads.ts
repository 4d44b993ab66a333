/** Reads of the log that are quick whatever its length: the newest events from memory, a scan in bounded steps. */
import type { SQLInputValue } from 'node:sqlite';
import type { DecodeStored, RecordedEvent } from '../../../eventsourcing/message.ts';
import type { EventBatch, EventSource, ScanHint } from '../../../eventsourcing/ports.ts';
import type { Database } from '../file/database.ts';
import { type EventSelect, eventColumns, selectEvents } from './eventRows.ts';
import { positionOf } from './ids.ts';

interface NewestEvents {
  /** With the characters of JSON of each. */
  push(events: readonly RecordedEvent[], chars: readonly number[]): void;
  /** A slice after a position, or `undefined` when the recent events do not reach back that far. */
  read(at: number, batchMax: number, types: ReadonlySet<string> | null): EventBatch | undefined;
}

/** Live followers are a few batches behind at most, and those that let events gather some 200 ms; older ones are read from the file. */
const eventsMax = 2_048;
/** An order of 2,000 lines has 300,000 characters, and some three times as many bytes in memory. */
const charsMax = 6_000_000;
/** Of one slice, as `readBatch` in `events.ts`. */
export const sliceCharsMax = 1_000_000;

/**
 * The newest events as they were committed, without gaps, shared by all live followers: without it, each of them would
 * read and parse each event again. Events are immutable, so sharing is safe.
 */
export const createRecentEvents = (): NewestEvents => {
  let events: RecordedEvent[] = [];
  let sizes: number[] = [];
  let held = 0;
  /** Position of `events[0]`. */
  let first = 0;

  const drop = (count: number): void => {
    for (const size of sizes.slice(0, count)) held -= size;
    events = events.slice(count);
    sizes = sizes.slice(count);
    first += count;
  };

  /** The newest that have room, at least one. */
  const trim = (): void => {
    let count = Math.max(0, events.length - eventsMax);
    let left = held;
    for (let index = 0; index < count; index += 1) left -= sizes[index] ?? 0;
    for (; left > charsMax && count < events.length - 1; count += 1) left -= sizes[count] ?? 0;
    drop(count);
  };

  const push: NewestEvents['push'] = (committed, chars) => {
    const start = Number(committed[0]?.position.commit ?? 0n);
    // Another process wrote in between: what we hold does not lead up to here.
    if (start !== first + events.length) {
      drop(events.length);
      first = start;
    }
    events.push(...committed);
    sizes.push(...chars);
    for (const size of chars) held += size;
    if (events.length > 2 * eventsMax || held > 2 * charsMax) trim();
  };

  /** Where a slice from here ends that is bounded in both. */
  const endOf = (from: number, batchMax: number): number => {
    let chars = 0;
    let to = from;
    while (to < events.length && to - from < batchMax && chars < sliceCharsMax) {
      chars += sizes[to] ?? 0;
      to += 1;
    }
    return to;
  };

  const read: NewestEvents['read'] = (at, batchMax, types) => {
    const from = at + 1 - first;
    if (from < 0 || from >= events.length) return undefined;
    const slice = events.slice(from, endOf(from, batchMax));
    const last = slice.at(-1);
    if (last === undefined) return undefined;
    return {
      events: types === null ? slice : slice.filter(({ type }) => types.has(type)),
      upTo: last.position,
      isCaughtUp: from + slice.length === events.length,
    };
  };

  return { push, read };
};

/** One bounded step through the log: rows that can't be meant are passed over inside SQLite, without being parsed. */

/** Passed over in some five milliseconds. */
const scanPositionsMax = 2_000;
/** Read and parsed in some ten. */
const scanCharsMax = 1_000_000;
const scanEventsMax = 512;

const conditionsOf = ({ types, texts = [], either }: ScanHint) => [
  ...(types === undefined
    ? []
    : [{ sql: 'e.type IN (SELECT value FROM json_each(?))', values: [JSON.stringify(types)] }]),
  ...texts.map((text) => ({ sql: 'instr(e.data, ?) > 0', values: [text] })),
  ...(either === undefined
    ? []
    : [{ sql: '(s.name = ? OR instr(e.data, ?) > 0)', values: [either.stream, either.text] }]),
];

export const createScan = (db: Database, readHead: () => number, decode: DecodeStored): EventSource['scan'] => {
  const selects = new Map<string, EventSelect>();
  const selectOf = (where: string): EventSelect => {
    const known = selects.get(where);
    if (known !== undefined) return known;
    const select = selectEvents(
      db,
      `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream
       WHERE e.position > ? AND e.position <= ?${where} ORDER BY e.position LIMIT ?`,
      decode,
    );
    selects.set(where, select);
    return select;
  };

  return (from, hint) =>
    db.read(() => {
      const at = Number(from?.commit ?? 0n);
      const head = readHead();
      const to = Math.min(head, at + scanPositionsMax);
      const conditions = conditionsOf(hint);
      const values: SQLInputValue[] = conditions.flatMap((each) => each.values);
      const select = selectOf(conditions.map(({ sql }) => ` AND ${sql}`).join(''));
      const { events, isCut } = select.within(scanCharsMax, at, to, ...values, scanEventsMax);
      const last = isCut || events.length === scanEventsMax ? events.at(-1)?.position : undefined;
      const upTo = last ?? (to > at ? positionOf(to) : from);
      return { events, upTo, isCaughtUp: Number(upTo?.commit ?? 0n) >= head };
    });
};
