/** Keeps the index of the log: adds entries in the transaction of their event, makes runs of the tail, has them merged. */
import type { Statements } from '../../file/writes.ts';
import { chunkEntries, type Entry } from './entries.ts';
import { createMerges, fanOut } from './merges.ts';
import { createRunRows, type Span } from './runRows.ts';
import { type IndexKind, indexKinds, kindNumber } from './runs.ts';

/** Events in the tail. Their entries lie on some six pages, which is what a commit writes of the index. */
const tailMax = 512;
/**
 * Entries that are moved for each event that is added. Each event comes through one merge of each level in both indexes:
 * twelve entries in a log of 10,000,000 events, so that merges end before the next ones begin.
 */
const movedPerEvent = 32;
/** Of one append: some two milliseconds, however many events it has. What is left is for the next ones. */
const stepsMax = 64;

/** Of a run that is made of so many entries at once: that of merged runs of its length. */
const levelOf = (length: number): number => {
  let level = 0;
  for (let runOf = tailMax; runOf * fanOut <= length; runOf *= fanOut) level += 1;
  return level;
};

interface IndexWrites {
  /** Of an event that is appended in this transaction. */
  add(kind: IndexKind, entry: Entry): void;
  /** After events were added: makes a run of a full tail, and goes on with merges, in proportion. */
  tend(events: number): void;
  /** What is held in memory may not be what is in the file: a transaction was undone, or another process has written. */
  forget(): void;
  /** Entries in any order, as a run of its own. They are newer than all others of their kind, and no more than those before. */
  addRun(kind: IndexKind, entries: readonly Entry[], span: Span): void;
  /** Until nothing is to be merged. */
  mergeAll(): void;
}

export const createIndexWrites = (db: Statements): IndexWrites => {
  const { step, grown, forget } = createMerges(db);
  const runs = createRunRows(db);
  const insertTail = db.prepare('INSERT INTO event_tail (kind, major, minor, position) VALUES (?, ?, ?, ?)');
  const selectTail = db.prepare('SELECT major, minor, position FROM event_tail WHERE kind = ? ORDER BY major, minor');
  const selectSpan = db.prepare(
    'SELECT min(position) AS first, max(position) AS last, count(*) AS length FROM event_tail WHERE kind = ?',
  );
  const emptyTail = db.prepare('DELETE FROM event_tail');
  /** `null`: it is to be counted. */
  let inTail: number | null = null;
  let toMove = 0;

  const spanOfTail = (): Span & { readonly length: number } => {
    const row: unknown = selectSpan.get(kindNumber('stream'));
    return row as Span & { readonly length: number };
  };

  /** Always of the lowest level, though one append may have made it long: levels fall from the oldest run to the newest. */
  const sealTail = (): void => {
    const span = spanOfTail();
    for (const kind of indexKinds) {
      const rows: readonly unknown[] = selectTail.all(kindNumber(kind));
      runs.add(kind, rows as readonly Entry[], { ...span, level: 0 });
    }
    emptyTail.run();
    inTail = 0;
    grown();
  };

  return {
    add: (kind, { major, minor, position }) => {
      insertTail.run(kindNumber(kind), major, minor, position);
    },
    tend: (events) => {
      inTail = inTail === null ? spanOfTail().length : inTail + events;
      if (inTail >= tailMax) sealTail();
      toMove += events * movedPerEvent;
      for (let steps = 0; toMove >= chunkEntries && steps < stepsMax; steps += 1) {
        toMove = step() ? toMove - chunkEntries : 0;
      }
    },
    forget: () => {
      inTail = null;
      forget();
    },
    addRun: (kind, entries, span) => {
      runs.add(kind, entries, { ...span, level: levelOf(entries.length) });
      grown();
    },
    mergeAll: () => {
      while (step());
    },
  };
};
