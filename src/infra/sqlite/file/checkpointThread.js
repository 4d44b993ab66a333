/**
 * The thread behind `connection.ts`: its own connection, one checkpoint after another. In JavaScript, as stripping
 * types would take a thread of twenty lines some 25 MB.
 */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** @type {import('./connection.ts').CheckpointSettings} */
const { path, everyMs, pagesMax, lockWaitMs } = workerData;
const db = new DatabaseSync(path, { timeout: lockWaitMs });
const passive = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
const restart = db.prepare('PRAGMA wal_checkpoint(RESTART)');

const timer = setInterval(() => {
  try {
    const pages = Number(passive.get()?.log);
    if (pages <= pagesMax) return;
    // The restart keeps the writer out: once more before it, for what was written meanwhile, so that little is left.
    passive.get();
    restart.get();
  } catch {
    // Locked, or a disk that is full or failing: the writer meets it too, and tells its callers.
  }
}, everyMs);

parentPort?.once('message', () => {
  clearInterval(timer);
  db.close();
  parentPort?.close();
});
