/** The thread behind `checkpointer.ts`: its own connection, one checkpoint after another. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { CheckpointSettings } from './checkpointer.ts';

const { path, everyMs, pagesMax, lockWaitMs } = workerData as CheckpointSettings;
const db = new DatabaseSync(path, { timeout: lockWaitMs });
const passive = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
const restart = db.prepare('PRAGMA wal_checkpoint(RESTART)');

const timer = setInterval(() => {
  try {
    const pages = Number(passive.get()?.log);
    if (pages > pagesMax) restart.get();
  } catch {
    // Locked, or a disk that is full or failing: the writer meets it too, and tells its callers.
  }
}, everyMs);

parentPort?.once('message', () => {
  clearInterval(timer);
  db.close();
  parentPort?.close();
});
