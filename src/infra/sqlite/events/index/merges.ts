/** Merges of runs, in steps of one chunk, so that no commit waits for a long one. What is under way is in the file. */
import type { Statements } from '../../file/writes.ts';
import { type Cursor, createCursors, lowestOf } from './cursors.ts';
import { chunkEntries, type Entry, openChunk } from './entries.ts';
import { createRunRows, type RunRow, type Span } from './runRows.ts';

/** Runs of one level that become one of the next, eight times as long. */
export const fanOut = 8;

interface Merge {
  readonly target: RunRow;
  readonly sources: readonly RunRow[];
  readonly cursors: readonly Cursor[];
}

/** Merges as they stand in the file: a run that is being built, and those of the level below within its span. */
const createOpenMerge = (db: Statements) => {
  const cursorOf = createCursors(db);
  const selectSources = db.prepare(
    `SELECT run, kind, first, last, level FROM event_runs WHERE kind = ? AND state = 'ready' AND level = ?
       AND first >= ? AND last <= ? ORDER BY first`,
  );
  const selectLast = db.prepare(
    'SELECT entries FROM event_chunks WHERE run = ? ORDER BY major DESC, minor DESC LIMIT 1',
  );
  const lastOf = (run: number): Entry | null => {
    const row = selectLast.get(run);
    if (row === undefined) return null;
    const chunk = openChunk(row.entries as Uint8Array);
    return chunk.at(chunk.length - 1);
  };
  return (target: RunRow): Merge => {
    const { run, kind, level, first, last } = target;
    const found: readonly unknown[] = selectSources.all(kind, level - 1, first, last);
    const sources = found as readonly RunRow[];
    const after = lastOf(run);
    return { target, sources, cursors: sources.map((source) => cursorOf(source.run, after)) };
  };
};

/** At most one merge of each kind and level. The lowest level goes first: runs pile up there most quickly. */
export const createMerges = (db: Statements) => {
  const { insert, addChunk } = createRunRows(db);
  const openMerge = createOpenMerge(db);
  const selectBuilding = db.prepare("SELECT run, kind, first, last, level FROM event_runs WHERE state = 'building'");
  const selectFull = db.prepare(
    `SELECT kind, level FROM event_runs WHERE state = 'ready' GROUP BY kind, level HAVING count(*) >= ?`,
  );
  const selectOldest = db.prepare(
    `SELECT min(first) AS first, max(last) AS last FROM
       (SELECT first, last FROM event_runs WHERE kind = ? AND state = 'ready' AND level = ? ORDER BY first LIMIT ?)`,
  );
  const setState = db.prepare('UPDATE event_runs SET state = ? WHERE run = ?');
  // The highest number stays for as long as it is that, so that none is used again.
  const selectDropped = db.prepare(
    "SELECT run FROM event_runs WHERE state = 'dropped' AND run < (SELECT max(run) FROM event_runs) LIMIT 1",
  );
  const removeChunks = db.prepare(
    `DELETE FROM event_chunks WHERE run = ?1 AND (major, minor) IN
       (SELECT major, minor FROM event_chunks WHERE run = ?1 LIMIT ?2)`,
  );
  const removeRun = db.prepare('DELETE FROM event_runs WHERE run = ?');
  /** By level. `null`: it is to be read from the file. */
  let underway: Merge[] | null = null;
  let mayBegin = true;
  let mayRemove = true;

  const load = (): Merge[] => {
    const targets: readonly unknown[] = selectBuilding.all();
    return (targets as readonly RunRow[]).map(openMerge);
  };

  const begin = (merges: Merge[]): void => {
    mayBegin = false;
    const full: readonly unknown[] = selectFull.all(fanOut);
    for (const { kind, level } of full as readonly Omit<RunRow, 'run'>[]) {
      if (merges.some(({ target }) => target.kind === kind && target.level === level + 1)) continue;
      const span = selectOldest.get(kind, level, fanOut) as unknown;
      const values = { ...(span as Span), kind, level: level + 1 };
      merges.push(openMerge({ ...values, run: insert(values, 'building') }));
    }
    merges.sort((left, right) => left.target.level - right.target.level);
  };

  const finish = ({ target, sources }: Merge): void => {
    for (const { run } of sources) setState.run('dropped', run);
    setState.run('ready', target.run);
    [mayBegin, mayRemove] = [true, true];
  };

  /** @returns whether all is moved. */
  const move = ({ target, cursors }: Merge): boolean => {
    const entries: Entry[] = [];
    while (entries.length < chunkEntries) {
      const lowest = lowestOf(cursors);
      const head = lowest?.head ?? null;
      if (lowest === undefined || head === null) break;
      entries.push(head);
      lowest.next();
    }
    if (entries.length > 0) addChunk(target.run, entries);
    return entries.length < chunkEntries;
  };

  const removeSome = (): boolean => {
    const run = mayRemove ? (selectDropped.get()?.run as number | undefined) : undefined;
    mayRemove = run !== undefined;
    if (run === undefined) return false;
    if (removeChunks.run(run, chunkEntries).changes === 0) removeRun.run(run);
    return true;
  };

  return {
    /** There are more runs. */
    grown: (): void => {
      mayBegin = true;
    },
    /** @returns whether there was anything to do. */
    step: (): boolean => {
      underway ??= load();
      if (mayBegin) begin(underway);
      if (removeSome()) return true;
      const [merge] = underway;
      if (merge === undefined) return false;
      if (move(merge)) {
        underway.shift();
        finish(merge);
      }
      return true;
    },
    /** What is held in memory may not be what is in the file. */
    forget: (): void => {
      underway = null;
      [mayBegin, mayRemove] = [true, true];
    },
  };
};
