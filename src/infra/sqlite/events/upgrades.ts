/** What a file of an earlier release lacks. All of it may be run again. */
import type { Statements } from '../file/writes.ts';
import { eventSchema } from './eventRows.ts';
import { coveredUpTo } from './index/agreement.ts';
import { createIndexWrites } from './index/indexWrites.ts';
import { indexSchema, keyOfId } from './index/runs.ts';

export const addChecksums = ({ prepare }: Statements): void => {
  const has = prepare("SELECT 1 FROM pragma_table_info('events') WHERE name = 'checksum'").get() !== undefined;
  if (!has) prepare('ALTER TABLE events ADD COLUMN checksum INTEGER').run();
};

/** Its `events` have indexes of SQLite's own. */
export const isOfEarlierRelease = ({ prepare }: Statements): boolean =>
  prepare("SELECT 1 FROM pragma_table_info('events') WHERE name = 'isIndexed'").get() === undefined;

/**
 * An index of SQLite's own goes only with its table. The copy takes twice the room that the log has, which later events use.
 */
const copyLog = (db: Statements): void => {
  if (!isOfEarlierRelease(db)) return;
  db.prepare('ALTER TABLE events RENAME TO events_of_earlier_release').run();
  for (const statement of eventSchema) db.prepare(statement).run();
  db.prepare('INSERT INTO events SELECT *, 1 FROM events_of_earlier_release ORDER BY position').run();
  db.prepare('DROP TABLE events_of_earlier_release').run();
};

/** Sorted at once. 200,000 are more than the thread that writes has memory for (`file/threadedDatabase.ts`). */
const entriesAtOnce = 32_768;

type LocationRow = readonly [position: number, stream: number, revision: number, id: Uint8Array];

/** What opens the file next makes it from the log. */
export const removeIndex = ({ prepare }: Statements): void => {
  for (const table of ['event_tail', 'event_runs', 'event_chunks']) prepare(`DROP TABLE IF EXISTS ${table}`).run();
};

/** From the log alone, where there is none, or where the log ends elsewhere than the index. */
const buildIndex = (db: Statements): void => {
  const head = Number(db.prepare('SELECT coalesce(max(position), 0) AS head FROM events').get()?.head);
  if (coveredUpTo(db) === head) return;
  removeIndex(db);
  for (const statement of indexSchema) db.prepare(statement).run();
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
  copyLog(db);
  buildIndex(db);
};
