/** Whether the index says of each event what the log says, and nothing else. */
import { crc32 } from 'node:zlib';
import type { Statements } from '../../file/writes.ts';
import { type Entry, entryBytes, pack } from './entries.ts';
import { indexKinds, keyOfId, kindNumber } from './runs.ts';

/** Of entries in any order: how many, and the sum of their checksums. */
const createSum = () => {
  let [count, sum] = [0, 0];
  return {
    add: (entry: Uint8Array): void => {
      count += 1;
      sum = (sum + crc32(entry)) % 2 ** 48;
    },
    text: (): string => `${count} ${sum}`,
  };
};

type LocationRow = readonly [position: number, stream: number, revision: number, id: Uint8Array];

const sumsOfLog = ({ prepare }: Statements): readonly string[] => {
  const select = prepare('SELECT position, stream, revision, id FROM events');
  select.setReturnArrays(true);
  const [byStream, byId] = [createSum(), createSum()];
  const rows: Iterable<unknown> = select.iterate();
  for (const [position, major, minor, id] of rows as Iterable<LocationRow>) {
    byStream.add(pack([{ major, minor, position }]));
    byId.add(pack([{ ...keyOfId(Buffer.from(id)), position }]));
  }
  return [byStream.text(), byId.text()];
};

const sumsOfIndex = ({ prepare }: Statements): readonly string[] => {
  const selectTail = prepare('SELECT major, minor, position FROM event_tail WHERE kind = ?');
  const selectChunks = prepare(
    `SELECT c.entries FROM event_runs r CROSS JOIN event_chunks c ON c.run = r.run
     WHERE r.kind = ? AND r.state = 'ready'`,
  );
  return indexKinds.map((kind) => {
    const { add, text } = createSum();
    const tail: Iterable<unknown> = selectTail.iterate(kindNumber(kind));
    for (const entry of tail as Iterable<Entry>) add(pack([entry]));
    for (const row of selectChunks.iterate(kindNumber(kind))) {
      const entries = row.entries as Uint8Array;
      for (let at = 0; at < entries.length; at += entryBytes) add(entries.subarray(at, at + entryBytes));
    }
    return text();
  });
};

/** Runs are read from the newest to the oldest, so none may reach into another. */
const doRunsOverlap = ({ prepare }: Statements): boolean =>
  prepare(
    `SELECT 1 FROM event_runs l JOIN event_runs r ON l.kind = r.kind AND l.run <> r.run
     WHERE l.state = 'ready' AND r.state = 'ready' AND l.first <= r.first AND r.first <= l.last LIMIT 1`,
  ).get() !== undefined;

/** Position of the newest event that the index knows. */
export const coveredUpTo = ({ prepare }: Statements): number =>
  Number(
    prepare(
      `SELECT max((SELECT coalesce(max(position), 0) FROM event_tail),
         (SELECT coalesce(max(last), 0) FROM event_runs WHERE state = 'ready')) AS position`,
    ).get()?.position,
  );

const isThere = (db: Statements): boolean => {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'event_runs'").get() === undefined) return false;
  return coveredUpTo(db) === Number(db.prepare('SELECT coalesce(max(position), 0) AS head FROM events').get()?.head);
};

/** One that is not there, or does not reach to the end of the log, is made when the file is opened. */
export const indexAgrees = (db: Statements): boolean =>
  !isThere(db) || (!doRunsOverlap(db) && JSON.stringify(sumsOfLog(db)) === JSON.stringify(sumsOfIndex(db)));
