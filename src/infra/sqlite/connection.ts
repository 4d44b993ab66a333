import { DatabaseSync } from 'node:sqlite';

/** WAL pages between the checkpoints of a connection that makes its own: 16 MiB, so that each takes some 20 ms. */
const checkpointPages = 4_000;
/** With a checkpointer beside it (`checkpointer.ts`), only should that one fail: 160 MiB. */
const checkpointPagesSpare = 40_000;

export interface ConnectionOptions {
  readonly lockWaitMaxMs: number;
  readonly hasCheckpointer: boolean;
  /** Of pages, for this connection alone. */
  readonly cacheKiB: number;
}

/** Opens the file as this service needs it: a write-ahead log, and an fsync with each commit. @throws when it can't. */
export const openConnection = (
  path: string,
  { lockWaitMaxMs, hasCheckpointer, cacheKiB }: ConnectionOptions,
): DatabaseSync => {
  const db = new DatabaseSync(path, { timeout: lockWaitMaxMs, enableForeignKeyConstraints: false });
  try {
    const mode = db.prepare('PRAGMA journal_mode=WAL').get()?.journal_mode;
    // A network share without shared memory would silently keep the old mode, which blocks readers and is not ours.
    if (mode !== 'wal' && mode !== 'memory') throw new Error(`${path} can't be opened with a write-ahead log`);
    db.exec('PRAGMA synchronous=FULL');
    // macOS only: a plain fsync leaves the data in the drive's cache there.
    db.exec('PRAGMA fullfsync=ON');
    db.exec(`PRAGMA cache_size=-${cacheKiB}`);
    db.exec(`PRAGMA wal_autocheckpoint=${hasCheckpointer ? checkpointPagesSpare : checkpointPages}`);
    db.exec('PRAGMA temp_store=MEMORY');
    // From here on waiting is ours: SQLite's would stop the whole thread.
    db.exec('PRAGMA busy_timeout=0');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};
