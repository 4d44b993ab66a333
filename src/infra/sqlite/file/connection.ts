import type { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../../commands/ports.ts';
import { openFile } from './openFile.ts';

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

/** Opens the file as this service needs it: a write-ahead log, and an fsync with each commit. @throws FileUnusable */
export const openConnection = (
  path: string,
  { lockWaitMaxMs, hasCheckpointer, cacheKiB }: ConnectionOptions,
): DatabaseSync =>
  openFile(path, { timeout: lockWaitMaxMs, enableForeignKeyConstraints: false }, (db) => {
    const mode = db.prepare('PRAGMA journal_mode=WAL').get()?.journal_mode;
    // A network share without shared memory would silently keep the old mode, which blocks readers and is not ours.
    if (mode !== 'wal' && mode !== 'memory') {
      throw new OperatorError(`${path} can't have a write-ahead log there. Set DATA_DIR to a local disk.`);
    }
    db.exec('PRAGMA synchronous=FULL');
    // macOS only: a plain fsync leaves the data in the drive's cache there.
    db.exec('PRAGMA fullfsync=ON');
    db.exec(`PRAGMA cache_size=-${cacheKiB}`);
    db.exec(`PRAGMA wal_autocheckpoint=${hasCheckpointer ? checkpointPagesSpare : checkpointPages}`);
    db.exec('PRAGMA temp_store=MEMORY');
    // From here on waiting is ours: SQLite's would stop the whole thread.
    db.exec('PRAGMA busy_timeout=0');
    // The first read makes the write-ahead log, so that all files are there.
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
  });
