/** Merges of runs: one at a time, in steps of one chunk, so that no commit waits for a long one. */
import type { Statements } from '../../file/writes.ts';
import { type Chunk, chunkEntries, compareKeys, type Entry, type Key, openChunk, pack } from './entries.ts';
import { type IndexKind, indexKinds, kindNumber } from './runs.ts';

/** Runs of one level that become one of the next, eight times as long. */
export const fanOut = 8;

export interface Span {
  /** Positions of its oldest and its newest event. */
  readonly first: number;
  readonly last: number;
}
interface SourceRun extends Span {
  readonly run: number;
}

/** Reads one run in order. */
interface Cursor {
  /** `null` at the end. */
  head: Entry | null;
  next(): void;
}

const createRunRows = ({ prepare }: Statements) => {
  const selectNewest = prepare('SELECT coalesce(max(run), 0) + 1 AS run FROM event_runs');
  const insertRun = prepare('INSERT INTO event_runs (kind, first, run, last, level, state) VALUES (?, ?, ?, ?, ?, ?)');
  const insertChunk = prepare('INSERT INTO event_chunks (run, major, minor, entries) VALUES (?, ?, ?, ?)');
  return {
    insert: (kind: IndexKind, { first, last }: Span, level: number, state: 'ready' | 'building'): number => {
      const run = Number(selectNewest.get()?.run);
      insertRun.run(kindNumber(kind), first, run, last, level, state);
      return run;
    },
    addChunk: (run: number, entries: readonly Entry[]): void => {
      const [{ major, minor } = { major: 0, minor: 0 }] = entries;
      insertChunk.run(run, major, minor, pack(entries));
    },
  };
};

const createCursors = ({ prepare }: Statements) => {
  const selectNext = prepare(
    'SELECT entries FROM event_chunks WHERE run = ? AND (major, minor) > (?, ?) ORDER BY major, minor LIMIT 1',
  );
  return (run: number): Cursor => {
    let chunk: Chunk | null = null;
    let index = 0;
    const cursor: Cursor = {
      head: null,
      next: () => {
        index += 1;
        if (chunk === null || index === chunk.length) {
          const { major, minor } = cursor.head ?? { major: -1, minor: 0 };
          const row = selectNext.get(run, major, minor);
          chunk = row === undefined ? null : openChunk(row.entries as Uint8Array);
          index = 0;
        }
        cursor.head = chunk?.at(index) ?? null;
      },
    };
    cursor.next();
    return cursor;
  };
};

const isLower = (key: Key, than: Key | null | undefined): boolean =>
  than === null || than === undefined || compareKeys(key, than) < 0;

/** The one with the lowest key; `undefined` when all are at their end. */
const lowestOf = (cursors: readonly Cursor[]): Cursor | undefined => {
  let lowest: Cursor | undefined;
  for (const cursor of cursors) {
    if (cursor.head === null) continue;
    if (isLower(cursor.head, lowest?.head)) lowest = cursor;
  }
  return lowest;
};

interface Merge {
  readonly target: number;
  readonly sources: readonly SourceRun[];
  readonly cursors: readonly Cursor[];
}

/** One merge at a time, in steps of one chunk. */
export const createMerges = (db: Statements) => {
  const rows = createRunRows(db);
  const cursorOf = createCursors(db);
  const selectLevel = db.prepare(
    `SELECT level FROM event_runs WHERE kind = ? AND state = 'ready' GROUP BY level HAVING count(*) >= ? ORDER BY level
     LIMIT 1`,
  );
  const selectSources = db.prepare(
    `SELECT run, first, last FROM event_runs WHERE kind = ? AND state = 'ready' AND level = ? ORDER BY first LIMIT ?`,
  );
  const setState = db.prepare('UPDATE event_runs SET state = ? WHERE run = ?');
  const dropBuilding = db.prepare("UPDATE event_runs SET state = 'dropped' WHERE state = 'building'");
  const selectDropped = db.prepare("SELECT run FROM event_runs WHERE state = 'dropped' LIMIT 1");
  const removeChunks = db.prepare(
    `DELETE FROM event_chunks WHERE run = ?1 AND (major, minor) IN
       (SELECT major, minor FROM event_chunks WHERE run = ?1 LIMIT ?2)`,
  );
  const removeRun = db.prepare('DELETE FROM event_runs WHERE run = ?');
  let merge: Merge | null = null;

  const begin = (): boolean => {
    for (const kind of indexKinds) {
      const level = selectLevel.get(kindNumber(kind), fanOut)?.level as number | undefined;
      if (level === undefined) continue;
      const found: readonly unknown[] = selectSources.all(kindNumber(kind), level, fanOut);
      const sources = found as readonly SourceRun[];
      const span = { first: sources[0]?.first ?? 0, last: sources.at(-1)?.last ?? 0 };
      const target = rows.insert(kind, span, level + 1, 'building');
      merge = { target, sources, cursors: sources.map(({ run }) => cursorOf(run)) };
      return true;
    }
    return false;
  };

  const move = ({ target, sources, cursors }: Merge): void => {
    const entries: Entry[] = [];
    while (entries.length < chunkEntries) {
      const lowest = lowestOf(cursors);
      const head = lowest?.head ?? null;
      if (lowest === undefined || head === null) break;
      entries.push(head);
      lowest.next();
    }
    if (entries.length > 0) rows.addChunk(target, entries);
    if (entries.length === chunkEntries) return;
    for (const { run } of sources) setState.run('dropped', run);
    setState.run('ready', target);
    merge = null;
  };

  const removeSome = (): boolean => {
    const run = selectDropped.get()?.run as number | undefined;
    if (run === undefined) return false;
    if (removeChunks.run(run, chunkEntries).changes === 0) removeRun.run(run);
    return true;
  };

  return {
    ...rows,
    /** @returns whether there was anything to do. */
    step: (): boolean => {
      if (merge === null) return removeSome() || begin();
      move(merge);
      return true;
    },
    forget: (): void => {
      merge = null;
      dropBuilding.run();
    },
  };
};
