/**
 * One SQLite file, one writer. Work that arrives in the same turn of the event loop goes into one transaction with one
 * fsync (group commit): that is what makes `synchronous=FULL` affordable.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { StoreUnavailable } from '../../commands/ports.ts';

export type Row = Record<string, SQLInputValue>;

export interface Database {
  /** A statement that is prepared once. */
  prepare(sql: string): StatementSync;
  /**
   * Runs in the next group commit; resolves when durable. A throw undoes this work alone and rejects.
   * `committed` is called in commit order, once the work is durable and before its caller is told.
   */
  write<T>(work: () => T, committed?: (value: T) => void): Promise<T>;
  /** Waits for what is queued, then closes the file. */
  close(): Promise<void>;
}

/** Writes of one commit; more would hold up readers of the same thread. */
const workPerCommitMax = 512;
/** Another process (a rebuild, a backup) holds the write lock only for one batch; longer is a fault. */
const lockWaitMaxMs = 2_000;
const lockRetryMs = 5;
/** Pages of 4 KiB: 32 MiB keeps the hot indexes in memory and leaves the process within its bound. */
const cacheKiB = 32 * 1_024;
/** WAL pages between checkpoints: 16 MiB, so that a checkpoint stays far below the latency bound. */
const checkpointPages = 4_000;

interface Work {
  readonly run: () => unknown;
  readonly committed: ((value: never) => void) | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const isSqliteError = (error: unknown): error is Error & { errcode: number } =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';

const primaryCode = (error: { errcode: number }): number => error.errcode & 0xff;
const busyCode = 5;
const lockedCode = 6;
const constraintCode = 19;
const isBusy = (error: unknown): boolean =>
  isSqliteError(error) && (primaryCode(error) === busyCode || primaryCode(error) === lockedCode);
export const isUniqueViolation = (error: unknown): boolean =>
  isSqliteError(error) && primaryCode(error) === constraintCode;

/** Disk full, I/O error, locked, read-only: the engine can't, whatever the command says. */
const asUnavailable = (error: unknown, outcome: 'not_written' | 'unknown'): unknown =>
  isSqliteError(error) && !isUniqueViolation(error)
    ? new StoreUnavailable('The embedded store cannot write now.', outcome, error)
    : error;

const open = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: false });
  db.exec(`PRAGMA busy_timeout=${lockWaitMaxMs}`);
  db.exec('PRAGMA journal_mode=WAL');
  db.exec('PRAGMA synchronous=FULL');
  db.exec(`PRAGMA cache_size=-${cacheKiB}`);
  db.exec(`PRAGMA wal_autocheckpoint=${checkpointPages}`);
  db.exec('PRAGMA temp_store=MEMORY');
  db.exec('PRAGMA busy_timeout=0');
  return db;
};

export const openDatabase = (path: string): Database => {
  const db = open(path);
  const statements = new Map<string, StatementSync>();
  const queue: Work[] = [];
  let state: 'idle' | 'scheduled' | 'closed' = 'idle';
  let lockedSinceMs: number | null = null;

  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };

  const rollBack = (): void => {
    // A full disk makes SQLite roll back by itself.
    if (db.isTransaction) db.exec('ROLLBACK');
  };

  /** Runs each work on its own savepoint; `null` when the whole transaction is gone. */
  const runAll = (batch: readonly Work[]): (() => void)[] | null => {
    const answers: (() => void)[] = [];
    for (const { run, committed, resolve, reject } of batch) {
      prepare('SAVEPOINT work').run();
      try {
        const value = run();
        answers.push(() => {
          committed?.(value as never);
          resolve(value);
        });
      } catch (error) {
        if (!db.isTransaction) return null;
        prepare('ROLLBACK TO work').run();
        answers.push(() => {
          reject(asUnavailable(error, 'not_written'));
        });
      }
      prepare('RELEASE work').run();
    }
    return answers;
  };

  const waitForLock = (error: unknown): boolean => {
    const nowMs = performance.now();
    lockedSinceMs ??= nowMs;
    if (!isBusy(error) || nowMs - lockedSinceMs > lockWaitMaxMs) return false;
    setTimeout(flush, lockRetryMs);
    return true;
  };

  const flush = (): void => {
    if (state === 'closed') return;
    try {
      db.exec('BEGIN IMMEDIATE');
    } catch (error) {
      if (waitForLock(error)) return;
      lockedSinceMs = null;
      state = 'idle';
      for (const { reject } of queue.splice(0)) reject(asUnavailable(error, 'not_written'));
      return;
    }
    lockedSinceMs = null;
    const batch = queue.splice(0, workPerCommitMax);
    try {
      const answers = runAll(batch);
      if (answers === null) throw new StoreUnavailable('The embedded store rolled back.', 'not_written');
      db.exec('COMMIT');
      for (const answer of answers) answer();
    } catch (error) {
      rollBack();
      // A failed COMMIT of a WAL file was not written: SQLite answers only after the fsync of the commit frame.
      for (const { reject } of batch) reject(asUnavailable(error, 'not_written'));
    }
    state = 'idle';
    if (queue.length > 0) schedule();
  };

  const schedule = (): void => {
    if (state !== 'idle') return;
    state = 'scheduled';
    setImmediate(flush);
  };

  const write = <T>(run: () => T, committed?: (value: T) => void): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (state === 'closed') {
        reject(new StoreUnavailable('The embedded store is closed.', 'not_written'));
        return;
      }
      queue.push({ run, committed, resolve: resolve as (value: unknown) => void, reject });
      schedule();
    });

  return {
    prepare,
    write,
    close: async () => {
      if (state === 'closed') return;
      await write(() => undefined);
      state = 'closed';
      db.close();
    },
  };
};
