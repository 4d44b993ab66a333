/**
 * Where events are, by their stream and revision and by their id, without a page of the file for each of them: a key of the
 * log falls anywhere in a usual index, so that each event would write a page of it, twice (ADR 27). The newest entries are
 * rows of a small table, the tail. When it is full, they become a run: sorted, packed, and never changed. Runs are merged
 * as they become many (a log-structured merge tree, O'Neil et al. 1996).
 */
import { StoreDamaged } from '../../../../eventsourcing/ports.ts';
import type { Statements } from '../../file/writes.ts';
import { type Chunk, compareKeys, type Entry, type Key, minorMax, openChunk } from './entries.ts';

/** By stream: its number and the revision. By id: `keyOfId`. */
export type IndexKind = 'stream' | 'id';

const kindNumbers: Readonly<Record<IndexKind, number>> = { stream: 1, id: 2 };
export const indexKinds: readonly IndexKind[] = ['stream', 'id'];
export const kindNumber = (kind: IndexKind): number => kindNumbers[kind];

/** What several statements read is of one moment: an entry moves from the tail into a run, and from one run into another. */
export const createMoment = ({ prepare }: Statements) => {
  const [begin, end] = [prepare('BEGIN'), prepare('COMMIT')];
  return <T>(work: () => T): T => {
    begin.run();
    try {
      return work();
    } finally {
      end.run();
    }
  };
};

export const indexSchema = [
  `CREATE TABLE IF NOT EXISTS event_tail (kind INTEGER, major INTEGER, minor INTEGER, position INTEGER NOT NULL,
     PRIMARY KEY (kind, major, minor, position)) STRICT, WITHOUT ROWID`,
  // `first` and `last` are positions. Runs of one kind that are ready do not overlap. Others are `building`, which a merge has
  // not ended yet, and `dropped`: their entries are in another run, and their chunks are being removed.
  `CREATE TABLE IF NOT EXISTS event_runs (kind INTEGER, first INTEGER, run INTEGER UNIQUE NOT NULL, last INTEGER NOT NULL,
     level INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (kind, first, run)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS event_chunks (run INTEGER, major INTEGER, minor INTEGER, entries BLOB NOT NULL,
     PRIMARY KEY (run, major, minor)) STRICT, WITHOUT ROWID`,
];

/**
 * Ten bytes of an id, the first six with the last six in them, so that ids that someone counted up differ as hashes do. Those
 * of two events are never the same by chance; who finds one compares the whole id.
 */
export const keyOfId = (id: Buffer): Key => ({
  major: (id.readUInt16BE(0) ^ id.readUInt16BE(10)) * 2 ** 32 + ((id.readUInt32BE(2) ^ id.readUInt32BE(12)) >>> 0),
  minor: id.readUInt32BE(6),
});

export interface IndexReader {
  /** Of this key, or `null`. */
  positionOf(kind: IndexKind, key: Key): number | null;
  /** Revision of the newest event of a stream; -1 when it has none. */
  headOf(stream: number): number;
  /** Of the events of a stream from a revision on, in order, at most `limit`. @throws StoreDamaged when one is missing. */
  positionsFrom(stream: number, revision: number, limit: number): readonly number[];
}

/** A run, and the chunk of it that holds a key if any does: the last that begins at or before it. */
interface Floor {
  readonly run: number;
  readonly chunk: Chunk | null;
}

type ChunkRow = readonly [run: number, entries: Uint8Array | null];
type TailRow = readonly [revision: number, position: number];

/** Call it in a transaction, or in one moment. */
export const createIndexReader = ({ prepare }: Statements): IndexReader => {
  const tailExact = prepare('SELECT position FROM event_tail WHERE kind = ? AND major = ? AND minor = ?');
  const tailHead = prepare('SELECT minor FROM event_tail WHERE kind = ? AND major = ? ORDER BY minor DESC LIMIT 1');
  const tailFrom = prepare(
    'SELECT minor, position FROM event_tail WHERE kind = ? AND major = ? AND minor >= ? ORDER BY minor LIMIT ?',
  );
  tailFrom.setReturnArrays(true);
  // Newest run first, each with its chunk that holds the key if any does.
  const floors = prepare(
    `SELECT r.run, (SELECT c.entries FROM event_chunks c WHERE c.run = r.run AND (c.major, c.minor) <= (?, ?)
       ORDER BY c.major DESC, c.minor DESC LIMIT 1)
     FROM event_runs r WHERE r.kind = ? AND r.state = 'ready' ORDER BY r.first DESC`,
  );
  floors.setReturnArrays(true);
  const chunksAfter = prepare(
    `SELECT entries FROM event_chunks WHERE run = ? AND (major, minor) > (?, ?) AND (major, minor) <= (?, ?)
     ORDER BY major, minor`,
  );
  chunksAfter.setReturnArrays(true);

  function* floorsOf(kind: IndexKind, { major, minor }: Key): Generator<Floor> {
    const rows: Iterable<unknown> = floors.iterate(major, minor, kindNumber(kind));
    for (const [run, entries] of rows as Iterable<ChunkRow>) {
      yield { run, chunk: entries === null ? null : openChunk(entries) };
    }
  }

  const positionOf: IndexReader['positionOf'] = (kind, key) => {
    const row = tailExact.get(kindNumber(kind), key.major, key.minor);
    if (row !== undefined) return row.position as number;
    for (const { chunk } of floorsOf(kind, key)) {
      const index = chunk?.floor(key) ?? -1;
      const found = index < 0 ? undefined : chunk?.at(index);
      if (found?.major === key.major && found.minor === key.minor) return found.position;
    }
    return null;
  };

  const headOf: IndexReader['headOf'] = (stream) => {
    const row = tailHead.get(kindNumber('stream'), stream);
    if (row !== undefined) return row.minor as number;
    const end = { major: stream, minor: minorMax };
    for (const { chunk } of floorsOf('stream', end)) {
      const index = chunk?.floor(end) ?? -1;
      const found = index < 0 ? undefined : chunk?.at(index);
      if (found?.major === stream) return found.minor;
    }
    return -1;
  };

  /** Those of one run that may hold the rest of a stream, from the one that holds a revision of it on. */
  function* chunksFrom({ run, chunk }: Floor, { major }: Key): Generator<Chunk> {
    if (chunk !== null) yield chunk;
    const last = chunk?.at(chunk.length - 1) ?? { major, minor: -1 };
    const rows: Iterable<unknown> = chunksAfter.iterate(run, last.major, last.minor, major, minorMax);
    for (const [entries] of rows as Iterable<readonly [Uint8Array]>) yield openChunk(entries);
  }

  /** Of one run, a stream from a revision on. */
  function* entriesFrom(floor: Floor, key: Key): Generator<Entry> {
    for (const chunk of chunksFrom(floor, key)) {
      for (let index = Math.max(0, chunk.floor(key)); index < chunk.length; index += 1) {
        const entry = chunk.at(index);
        if (entry.major > key.major) return;
        if (compareKeys(entry, key) >= 0) yield entry;
      }
    }
  }

  /** The runs that may hold a revision or later ones, oldest first. */
  const runsFrom = (key: Key): readonly Floor[] => {
    const found = [];
    for (const each of floorsOf('stream', key)) {
      found.unshift(each);
      const index = each.chunk?.floor(key) ?? -1;
      if (index >= 0 && each.chunk?.at(index).major === key.major) break;
    }
    return found;
  };

  const positionsFrom: IndexReader['positionsFrom'] = (stream, revision, limit) => {
    const key = { major: stream, minor: revision };
    const positions: number[] = [];
    const take = (minor: number, position: number): void => {
      if (minor !== revision + positions.length) {
        throw new StoreDamaged(`The index of the log lacks an event before position ${position}.`, 'not_written');
      }
      positions.push(position);
    };
    const rows: Iterable<unknown> = tailFrom.all(kindNumber('stream'), stream, revision, limit);
    const tail = [...(rows as Iterable<TailRow>)];
    if (tail[0]?.[0] !== revision) {
      for (const floor of runsFrom(key)) {
        for (const { minor, position } of entriesFrom(floor, key)) {
          if (positions.length === limit) return positions;
          take(minor, position);
        }
      }
    }
    for (const [minor, position] of tail) if (positions.length < limit) take(minor, position);
    return positions;
  };

  return { positionOf, headOf, positionsFrom };
};
