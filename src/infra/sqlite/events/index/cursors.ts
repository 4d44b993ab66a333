/** Reads runs in the order of their entries. */
import type { Statements } from '../../file/writes.ts';
import { type Chunk, compareEntries, type Entry, openChunk } from './entries.ts';

/** Reads one run in order. */
export interface Cursor {
  /** `null` at the end. */
  head: Entry | null;
  next(): void;
}

interface OpenChunk {
  /** The key that it begins with. */
  readonly major: number;
  readonly minor: number;
  readonly chunk: Chunk;
}

const openRow = (row: Record<string, unknown> | undefined): OpenChunk | null =>
  row === undefined
    ? null
    : { major: row.major as number, minor: row.minor as number, chunk: openChunk(row.entries as Uint8Array) };

export const createCursors = ({ prepare }: Statements) => {
  const columns = 'SELECT major, minor, entries FROM event_chunks';
  const selectNext = prepare(`${columns} WHERE run = ? AND (major, minor) > (?, ?) ORDER BY major, minor LIMIT 1`);
  const selectBefore = prepare(
    `${columns} WHERE run = ? AND (major, minor) < (?, ?) ORDER BY major DESC, minor DESC LIMIT 1`,
  );
  /** After an entry, which need not be one of this run. `null`: from the beginning. */
  return (run: number, after: Entry | null): Cursor => {
    let open: OpenChunk | null = after === null ? null : openRow(selectBefore.get(run, after.major, after.minor));
    let index = 0;
    const openNext = (): void => {
      open = openRow(selectNext.get(run, open?.major ?? -1, open?.minor ?? 0));
      index = 0;
    };
    if (open === null) openNext();
    const cursor: Cursor = {
      head: open?.chunk.at(0) ?? null,
      next: () => {
        index += 1;
        if (index === open?.chunk.length) openNext();
        cursor.head = open?.chunk.at(index) ?? null;
      },
    };
    while (after !== null && cursor.head !== null && compareEntries(cursor.head, after) <= 0) cursor.next();
    return cursor;
  };
};

/** The one with the lowest entry; `undefined` when all are at their end. */
export const lowestOf = (cursors: readonly Cursor[]): Cursor | undefined => {
  let lowest: Cursor | undefined;
  for (const cursor of cursors) {
    if (cursor.head === null) continue;
    const than = lowest?.head ?? null;
    if (than === null || compareEntries(cursor.head, than) < 0) lowest = cursor;
  }
  return lowest;
};
