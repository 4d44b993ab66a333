/** The connection to a SQLite file: how it is opened, what its errors mean, who moves its write-ahead log. */
import { DatabaseSync, type DatabaseSyncOptions } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { OperatorError } from '../../../commands/ports.ts';
import { StoreDamaged, StoreUnavailable } from '../../../eventsourcing/ports.ts';
import { createPrivateFile } from '../../privateFiles.ts';

/** What SQLite's result codes (https://sqlite.org/rescode.html) mean to a caller. */

type SqliteError = Error & { readonly errcode: number };

const isSqliteError = (error: unknown): error is SqliteError =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';

const busy = 5;
const locked = 6;
const full = 13;
/** Out of memory, read-only, interrupted, I/O error, can't open, protocol. */
const engineFailures = new Set([busy, locked, full, 7, 8, 9, 10, 14, 15]);
/** A page that is not as it must be, and a file that is no database. */
const damages = new Set([11, 26]);

/** Extended codes keep the primary one in their lowest byte. */
const primaryCode = (error: unknown): number | null => (isSqliteError(error) ? error.errcode & 0xff : null);

export const isBusy = (error: unknown): boolean => {
  const code = primaryCode(error);
  return code === busy || code === locked;
};
export const isFull = (error: unknown): boolean => primaryCode(error) === full;
export const isDamage = (error: unknown): error is Error => damages.has(primaryCode(error) ?? 0);

/** Disk full, I/O error, locked, read-only: the engine can't, whatever the command says. Anything else stays as it is. */
export const asUnavailable = (error: unknown, outcome: 'not_written' | 'unknown'): unknown => {
  const code = primaryCode(error);
  if (isDamage(error)) {
    return new StoreDamaged(`The database file is damaged: ${error.message}.`, outcome, error);
  }
  return code !== null && engineFailures.has(code)
    ? new StoreUnavailable('The embedded store cannot do this now.', outcome, error)
    : error;
};

/** The file is there and can't be used, or can't be made. */
class FileUnusable extends OperatorError {
  override readonly name = 'FileUnusable';
}

const inMemory = ':memory:';

const restore = 'Restore it from a backup (docs/disaster-recovery.md); npm run verify says more.';
const permit =
  'Let the user of the service read and write it and its directory (the limit of open files may be too low).';
const access = `It can't be opened. ${permit}`;
const readOnly =
  'It is read-only. Let the user of the service write it and its directory, on a disk that can be written.';

/** By the result codes of SQLite (https://sqlite.org/rescode.html). */
const reasons: Readonly<Record<number, string>> = {
  3: access,
  8: readOnly,
  10: 'It can not be read, written or locked. Look at its owner and rights, at the disk, and at the log of the system.',
  11: `It is damaged. ${restore}`,
  13: 'The disk is full. Make room.',
  14: access,
  23: access,
  26: `It is damaged, or no database at all. ${restore}`,
};

/** The failure of an open as the operator needs it. A file that is locked, and what is not known, stays as it is. */
const asUnusable = (path: string, error: unknown): unknown => {
  const reason = reasons[primaryCode(error) ?? 0];
  return reason === undefined || isBusy(error) ? error : new FileUnusable(`${path}: ${reason}`, { cause: error });
};

/**
 * Opens the file, made for its owner alone if absent, and does what `prepare` says; closes it when that throws. @throws FileUnusable
 */
export const openFile = (
  path: string,
  options: DatabaseSyncOptions,
  prepare: (db: DatabaseSync) => void,
): DatabaseSync => {
  let db: DatabaseSync | undefined;
  try {
    // SQLite gives the write-ahead log and its index the mode of the file.
    if (path !== inMemory && options.readOnly !== true) createPrivateFile(path);
    db = new DatabaseSync(path, options);
    prepare(db);
    return db;
  } catch (error) {
    db?.close();
    throw asUnusable(path, error);
  }
};

/**
 * Moves pages from the write-ahead log into the file on a thread of its own. SQLite would do it within the commit that
 * fills the log, and everybody would wait for thousands of pages and an fsync.
 */

interface CheckpointSettings {
  readonly path: string;
  /** Pages that many commits write are moved once for all of them, so seldom is cheap; too seldom makes a long fsync. */
  readonly everyMs: number;
  /**
   * A passive checkpoint blocks no writer, and so it never moves all pages while a writer is at work, and the log would grow
   * for ever. Beyond so many pages the writer waits for the few that are left, and begins the log anew.
   */
  readonly pagesMax: number;
  /** How long the restart waits for readers and the writer. */
  readonly lockWaitMs: number;
}

const everyMs = 1_000;
/** 64 MiB; a start after a crash reads as much. */
const pagesMax = 16_000;
const lockWaitMs = 100;

/** It holds next to nothing. */
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 };

interface Checkpointer {
  stop(): Promise<void>;
}

export const startCheckpointer = (path: string): Checkpointer => {
  const workerData: CheckpointSettings = { path, everyMs, pagesMax, lockWaitMs };
  const worker = new Worker(new URL('./checkpointThread.js', import.meta.url), { workerData, resourceLimits });
  // Without this thread the one that writes moves the pages, later and in larger steps.
  worker.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
  });
  return {
    stop: async () => {
      worker.postMessage('stop');
      await ended;
    },
  };
};

/** WAL pages between the checkpoints of a connection that makes its own: 16 MiB, so that each takes some 20 ms. */
const checkpointPages = 4_000;
/** With a checkpointer (below) beside it, only should that one fail: 160 MiB. */
const checkpointPagesSpare = 40_000;

interface ConnectionOptions {
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
