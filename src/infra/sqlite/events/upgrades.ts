/** What a file of an earlier release lacks. All of it may be run again. */
import type { Statements } from '../file/writes.ts';
import { eventSchema } from './eventRows.ts';
import { createIndexWrites } from './index/indexWrites.ts';
import { indexSchema, keyOfId } from './index/runs.ts';

export const addChecksums = ({ prepare }: Statements): void => {
  const has = prepare("SELECT 1 FROM pragma_table_info('events') WHERE name = 'checksum'").get() !== undefined;
  if (!has) prepare('ALTER TABLE events ADD COLUMN checksum INTEGER').run();
};

/**
 * Earlier releases kept two indexes of SQLite's own, which go only with their table. Some four seconds for a million events,
 * and as much room as the log has; the next events take it again.
 */
const removeOwnIndexes = ({ prepare }: Statements): void => {
  const has = prepare("SELECT 1 FROM pragma_index_list('events') WHERE origin = 'u'").get() !== undefined;
  if (!has) return;
  prepare('ALTER TABLE events RENAME TO events_of_earlier_release').run();
  for (const statement of eventSchema) prepare(statement).run();
  prepare('INSERT INTO events SELECT * FROM events_of_earlier_release ORDER BY position').run();
  prepare('DROP TABLE events_of_earlier_release').run();
};

/** Entries that are sorted at once: some 20 MB. */
const entriesAtOnce = 200_000;

type LocationRow = readonly [position: number, stream: number, revision: number, id: Uint8Array];

const coveredUpTo = ({ prepare }: Statements): number =>
  Number(
    prepare(
      `SELECT max((SELECT coalesce(max(position), 0) FROM event_tail),
         (SELECT coalesce(max(last), 0) FROM event_runs WHERE state = 'ready')) AS position`,
    ).get()?.position,
  );

/** Removes all of it, should it be there. What opens the file next makes it from the log. */
export const clearIndex = ({ prepare }: Statements): void => {
  for (const statement of indexSchema) prepare(statement).run();
  for (const table of ['event_tail', 'event_runs', 'event_chunks']) prepare(`DELETE FROM ${table}`).run();
};

/** From the log alone, where there is none, or a release without it has appended since. */
const buildIndex = (db: Statements): void => {
  const head = Number(db.prepare('SELECT coalesce(max(position), 0) AS head FROM events').get()?.head);
  if (coveredUpTo(db) === head) return;
  clearIndex(db);
  const { addRun, mergeAll, forget } = createIndexWrites(db);
  const select = db.prepare(
    'SELECT position, stream, revision, id FROM events WHERE position > ? ORDER BY position LIMIT ?',
  );
  select.setReturnArrays(true);
  for (let at = 0; at < head; ) {
    const found: readonly unknown[] = select.all(at, entriesAtOnce);
    const rows = found as readonly LocationRow[];
    const [first = 0, last = head] = [rows[0]?.[0], rows.at(-1)?.[0]];
    const span = { first, last };
    addRun(
      'stream',
      rows.map(([position, major, minor]) => ({ major, minor, position })),
      span,
    );
    addRun(
      'id',
      rows.map(([position, , , id]) => ({ ...keyOfId(Buffer.from(id)), position })),
      span,
    );
    at = last;
  }
  mergeAll();
  forget();
};

export const upgradeLog = (db: Statements): void => {
  addChecksums(db);
  removeOwnIndexes(db);
  buildIndex(db);
};
