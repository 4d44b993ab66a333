/**
 * Events of earlier releases have no checksum. They get one while the service runs, from the newest to the oldest, so that
 * those without one are always the oldest.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../file/database.ts';
import { eventWrites } from './eventWrites.ts';

/** Some milliseconds of the thread that writes; requests go between. */
const rowsAtOnce = 500;
const restMs = 20;

/** 0 when every event has one. */
const newestWithout = ({ prepare }: Database): number => {
  const lacksOne = prepare('SELECT checksum IS NULL AS lacks FROM events WHERE position = ?');
  let [low, high] = [0, Number(prepare('SELECT max(position) AS head FROM events').get()?.head ?? 0)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (lacksOne.get(middle)?.lacks === 1) low = middle;
    else high = middle - 1;
  }
  return low;
};

/** Until all have one, or aborted. A start goes on where the last one ended. @throws StoreUnavailable */
export const fillChecksums = async (db: Database, signal: AbortSignal): Promise<void> => {
  const write = await db.writer(eventWrites);
  let upTo = await db.read(() => newestWithout(db));
  while (upTo > 0 && !signal.aborted) {
    const from = Math.max(1, upTo - rowsAtOnce + 1);
    await write('fillChecksums', [from, upTo]);
    upTo = from - 1;
    await pause(restMs);
  }
};
