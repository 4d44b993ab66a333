/** The whole log of a file: order, gaps, and the checksum of every event. */
import type { DatabaseSync } from 'node:sqlite';
import { StoreDamaged } from '../../../eventsourcing/ports.ts';
import { eventColumns, selectEvents } from './eventRows.ts';

export interface EventsChecked {
  readonly events: number;
  /** Position of the newest one. */
  readonly head: number;
  /** Without a checksum, as an earlier release wrote them. */
  readonly unchecked: number;
  readonly faults: readonly string[];
}

const rowsAtOnce = 1_000;
const faultsMax = 20;

/** Positions are 1, 2, 3 … and revisions of each stream 0, 1, 2 …, as nothing is ever deleted. */
const orderFaults = (db: DatabaseSync, count: number, head: number): string[] => {
  const gaps = count === head ? [] : [`the log has gaps: ${count} events, and the newest is at ${head}`];
  const streams = db
    .prepare(
      `SELECT e.stream, (SELECT name FROM streams WHERE id = e.stream) AS name FROM events e GROUP BY e.stream
       HAVING min(e.revision) <> 0 OR max(e.revision) + 1 <> count(*) LIMIT ?`,
    )
    .all(faultsMax);
  return [...gaps, ...streams.map(({ name, stream }) => `the stream ${String(name ?? stream)} has gaps`)];
};

const faultOf = (read: () => unknown): string | null => {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof StoreDamaged || error instanceof SyntaxError) return error.message;
    throw error;
  }
};

const hasChecksums = (db: DatabaseSync): boolean =>
  db.prepare("SELECT 1 FROM pragma_table_info('events') WHERE name = 'checksum'").get() !== undefined;

export const checkEvents = (db: DatabaseSync, onProgress: (done: number, total: number) => void): EventsChecked => {
  const counts = db.prepare('SELECT count(*) AS count, max(position) AS head FROM events').get();
  const [count, head] = [Number(counts?.count ?? 0), Number(counts?.head ?? 0)];
  const faults = orderFaults(db, count, head);
  if (!hasChecksums(db)) return { events: count, head, unchecked: count, faults };
  const { stored } = selectEvents(
    { prepare: (sql) => db.prepare(sql) },
    `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream
     WHERE e.position > ? AND e.position <= ? ORDER BY e.position`,
  );
  for (let at = 0; at < head && faults.length < faultsMax; at += rowsAtOnce) {
    // A batch that fails is read again one by one, so that each fault is told.
    if (faultOf(() => stored(at, at + rowsAtOnce)) !== null) {
      for (let one = at; one < at + rowsAtOnce; one += 1) {
        const fault = faultOf(() => stored(one, one + 1));
        if (fault !== null) faults.push(fault);
      }
    }
    onProgress(Math.min(head, at + rowsAtOnce), head);
  }
  const unchecked = Number(db.prepare('SELECT count(*) AS count FROM events WHERE checksum IS NULL').get()?.count);
  return { events: count, head, unchecked, faults };
};
