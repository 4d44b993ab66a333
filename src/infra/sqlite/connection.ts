import { DatabaseSync } from 'node:sqlite';

/** Pages of 4 KiB: 32 MiB keeps the hot indexes in memory and leaves the process within its bound. */
const cacheKiB = 32 * 1_024;
/** WAL pages between checkpoints: 16 MiB, so that a checkpoint stays far below the latency bound. */
const checkpointPages = 4_000;

/** Opens the file as this service needs it: a write-ahead log, and an fsync with each commit. @throws when it can't. */
export const openConnection = (path: string, lockWaitMaxMs: number): DatabaseSync => {
  const db = new DatabaseSync(path, { timeout: lockWaitMaxMs, enableForeignKeyConstraints: false });
  try {
    const mode = db.prepare('PRAGMA journal_mode=WAL').get()?.journal_mode;
    // A network share without shared memory would silently keep the old mode, which blocks readers and is not ours.
    if (mode !== 'wal' && mode !== 'memory') throw new Error(`${path} can't be opened with a write-ahead log`);
    db.exec('PRAGMA synchronous=FULL');
    // macOS only: a plain fsync leaves the data in the drive's cache there.
    db.exec('PRAGMA fullfsync=ON');
    db.exec(`PRAGMA cache_size=-${cacheKiB}`);
    db.exec(`PRAGMA wal_autocheckpoint=${checkpointPages}`);
    db.exec('PRAGMA temp_store=MEMORY');
    // From here on waiting is ours: SQLite's would stop the whole thread.
    db.exec('PRAGMA busy_timeout=0');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};
