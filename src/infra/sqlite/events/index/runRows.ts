/** Writes runs and their chunks. */
import type { Statements } from '../../file/writes.ts';
import { chunkEntries, compareEntries, type Entry, pack } from './entries.ts';
import { type IndexKind, kindNumber } from './runs.ts';

export interface Span {
  /** Positions of its oldest and its newest event. */
  readonly first: number;
  readonly last: number;
}

export interface RunRow extends Span {
  readonly run: number;
  readonly kind: number;
  readonly level: number;
}

export const createRunRows = ({ prepare }: Statements) => {
  const selectNewest = prepare('SELECT coalesce(max(run), 0) + 1 AS run FROM event_runs');
  const insertRun = prepare('INSERT INTO event_runs (kind, first, run, last, level, state) VALUES (?, ?, ?, ?, ?, ?)');
  const insertChunk = prepare('INSERT INTO event_chunks (run, major, minor, entries) VALUES (?, ?, ?, ?)');
  const insert = (values: Omit<RunRow, 'run'>, state: 'ready' | 'building'): number => {
    const run = Number(selectNewest.get()?.run);
    insertRun.run(values.kind, values.first, run, values.last, values.level, state);
    return run;
  };
  const addChunk = (run: number, entries: readonly Entry[]): void => {
    const [{ major, minor } = { major: 0, minor: 0 }] = entries;
    insertChunk.run(run, major, minor, pack(entries));
  };
  return {
    insert,
    addChunk,
    /** A whole run, of entries in any order. */
    add: (
      kind: IndexKind,
      entries: readonly Entry[],
      { first, last, level }: Span & { readonly level: number },
    ): void => {
      const run = insert({ kind: kindNumber(kind), first, last, level }, 'ready');
      const sorted = entries.toSorted(compareEntries);
      for (let from = 0; from < sorted.length; from += chunkEntries) {
        addChunk(run, sorted.slice(from, from + chunkEntries));
      }
    },
  };
};
