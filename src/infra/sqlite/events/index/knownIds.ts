/** Which ids of events are new for sure. Nearly all that are asked for are, and the index is asked for the others only. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../../file/database.ts';
import { createFilter } from '../../keyFilter.ts';
import { idBytes } from '../ids.ts';
import { type Key, openChunk } from './entries.ts';
import { createMoment, keyOfId, kindNumber } from './runs.ts';

/** Read in one turn of the event loop: some 15,000 ids, in some four milliseconds. A rest for others follows. */
const chunksAtOnce = 256;
const restMs = 2;

/** 4 MiB: some 3 million ids at about one false alarm in a hundred. A log that has half of them at the start gets a larger one. */
const bitsMin = 2 ** 25;
/** 32 MiB. Beyond some 25 million ids more and more of them are looked up in the file. */
const bitsMax = 2 ** 28;
const bitsPerId = 20;

const bitsFor = (ids: number): number => {
  const wanted = 2 ** Math.ceil(Math.log2(ids * bitsPerId + 1));
  return Math.min(bitsMax, Math.max(bitsMin, wanted));
};

/** Ids are hashes, so that their own bits serve: the lowest and the highest of six bytes. */
const hashesOfKey = {
  first: ({ major }: Key): number => major,
  second: ({ major }: Key): number => Math.floor(major / 2 ** 20),
};

export interface KnownIds {
  /** `false`: it is not in the log, and is not being appended. */
  mayHave(id: string): boolean;
  /** Before it is appended. @returns what `mayHave` said before. */
  add(id: string): boolean;
}

/** Gives the ids of the file, some at a time. A merge makes a run of a higher number, so that none is passed over. */
const createFill = ({ prepare }: Database, add: (key: Key) => unknown): (() => boolean) => {
  const selectRun = prepare('SELECT min(run) AS run FROM event_runs WHERE kind = ? AND run > ?');
  const selectChunks = prepare(
    `SELECT major, minor, entries FROM event_chunks WHERE run = ? AND (major, minor) > (?, ?)
     ORDER BY major, minor LIMIT ?`,
  );
  const selectTail = prepare('SELECT major, minor FROM event_tail WHERE kind = ?');
  const beginning: Key = { major: -1, minor: 0 };
  let run: number | null = 0;
  let after = beginning;

  const goToNextRun = (): void => {
    run = selectRun.get(kindNumber('id'), run)?.run as number | null;
    after = beginning;
    if (run !== null) return;
    const tail: readonly unknown[] = selectTail.all(kindNumber('id'));
    for (const key of tail as readonly Key[]) add(key);
  };

  /** @returns whether it was the last step. */
  return () => {
    const rows = selectChunks.all(run, after.major, after.minor, chunksAtOnce);
    for (const { major, minor, entries } of rows) {
      const chunk = openChunk(entries as Uint8Array);
      for (let index = 0; index < chunk.length; index += 1) add(chunk.at(index));
      after = { major: major as number, minor: minor as number };
    }
    if (rows.length < chunksAtOnce) goToNextRun();
    return run === null;
  };
};

/** Only where no other process appends. Until the filter has all ids of the file, each may be known. */
export const createKnownIds = (db: Database, eventsInLog: number): KnownIds => {
  const bits = bitsFor(eventsInLog);
  const filter = createFilter(bits, hashesOfKey);
  const step = createFill(db, filter.add);
  const inOneMoment = createMoment(db);
  let isFilled = false;
  const fill = async (): Promise<void> => {
    while (!(await db.read(() => inOneMoment(step)))) await pause(restMs, undefined, { ref: false });
    isFilled = true;
  };
  // Where it can't be read on, because it is closed or damaged, every id is looked up there, which says so.
  void fill().catch(() => undefined);
  return {
    mayHave: (id) => !isFilled || filter.mayHave(keyOfId(idBytes(id))),
    add: (id) => filter.add(keyOfId(idBytes(id))) || !isFilled,
  };
};
