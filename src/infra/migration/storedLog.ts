/** The log of a file as it is stored, never upcast: what is moved elsewhere must stay what it was. */
import type { Position, RecordedEvent } from '../../eventsourcing/message.ts';
import { eventColumns, selectEvents } from '../sqlite/events/eventRows.ts';
import type { Database } from '../sqlite/file/database.ts';

export interface StoredLog {
  /** Events after a position (exclusive) in order, at most `limit`. */
  read(from: Position | null, limit: number): Promise<readonly RecordedEvent[]>;
  /** The event at this very position; `null` when none is there. */
  at(position: Position): Promise<RecordedEvent | null>;
  /** How many there are. */
  count(): Promise<number>;
}

export const createStoredLog = (db: Database): StoredLog => {
  const selectAfter = selectEvents(
    db,
    `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream
     WHERE e.position > ? ORDER BY e.position LIMIT ?`,
  );
  const selectAt = selectEvents(
    db,
    `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream WHERE e.position = ?`,
  );
  const selectCount = db.prepare('SELECT count(*) AS count FROM events');
  return {
    read: (from, limit) => db.read(() => selectAfter.stored(from?.commit ?? 0n, limit)),
    at: ({ commit }) => db.read(() => selectAt.stored(commit)[0] ?? null),
    count: () => db.read(() => selectCount.get()?.count as number),
  };
};
