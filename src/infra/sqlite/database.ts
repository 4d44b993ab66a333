/**
 * One SQLite file, one writer. Work that arrives in the same turn of the event loop goes into one transaction with one
 * fsync (group commit): that is what makes `synchronous=FULL` affordable.
 */
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnavailable } from '../../commands/ports.ts';
import { createLru } from '../lru.ts';
import { openConnection } from './connection.ts';
import { asUnavailable, isBusy } from './sqliteErrors.ts';
import { type Answer, createTransactions, type Work } from './transactions.ts';

export type Row = Record<string, SQLInputValue>;

export interface Database {
  /** A statement that is prepared once. */
  prepare(sql: string): StatementSync;
  /** Runs at once, on what is committed. @throws StoreUnavailable when the file can't be read. */
  read<T>(work: () => T): Promise<T>;
  /**
   * Runs in the next group commit; resolves when durable. A throw undoes this work alone and rejects. A work may be run
   * again when another one of its commit throws, so it keeps nothing outside the file.
   * `committed` is called in commit order, once the work is durable and before any caller of that commit goes on.
   * @throws StoreUnavailable when the disk is full, the file stays locked, or the disk fails.
   */
  write<T>(work: () => T, committed?: (value: T) => void): Promise<T>;
  /** Waits for what is queued, then closes the file. Repeating it changes nothing. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** How long to wait for another process that holds the write lock. */
  readonly lockWaitMaxMs?: number;
}

/** Writes of one commit; more would hold up readers of the same thread. */
const workPerCommitMax = 512;
/** Another process (a rebuild, a backup) holds the write lock only for one batch; longer is a fault. */
const lockWaitDefaultMs = 2_000;
const lockRetryMs = 5;
/** Query texts come from code, so they are few; the bound is for the day when one does not. */
const statementsMax = 512;

/** @throws when the file can't be opened, e.g. because it is no database. */
export const openDatabase = (path: string, { lockWaitMaxMs = lockWaitDefaultMs }: DatabaseOptions = {}): Database => {
  const db = openConnection(path, lockWaitMaxMs);
  const statements = createLru<string, StatementSync>(statementsMax);
  const queue: Work[] = [];
  let state: 'idle' | 'scheduled' | 'closed' = 'idle';
  let lockedSinceMs: number | null = null;
  let closing: Promise<void> | null = null;

  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };

  const { begin, commitAll } = createTransactions(db);

  const mayStillWait = (error: unknown): boolean => {
    const nowMs = performance.now();
    lockedSinceMs ??= nowMs;
    return isBusy(error) && nowMs - lockedSinceMs <= lockWaitMaxMs;
  };

  const flush = (): void => {
    if (state === 'closed') return;
    let answers: Answer[];
    try {
      begin.run();
      answers = commitAll(queue.splice(0, workPerCommitMax));
    } catch (error) {
      if (mayStillWait(error)) {
        setTimeout(flush, lockRetryMs);
        return;
      }
      const reason = asUnavailable(error, 'not_written');
      answers = queue.splice(0).map(({ reject }) => () => {
        reject(reason);
      });
    }
    lockedSinceMs = null;
    state = 'idle';
    if (queue.length > 0) schedule();
    for (const answer of answers) answer();
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

  const read = async <T>(work: () => T): Promise<T> => {
    if (state === 'closed') throw new StoreUnavailable('The embedded store is closed.', 'not_written');
    const startedMs = performance.now();
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || performance.now() - startedMs > lockWaitMaxMs) throw asUnavailable(error, 'not_written');
      }
      await pause(lockRetryMs);
    }
  };

  const closeNow = async (): Promise<void> => {
    // Whether this last empty work can be committed or not, all before it have been answered by then.
    await write(() => undefined).catch(() => undefined);
    state = 'closed';
    for (const { reject } of queue.splice(0)) {
      reject(new StoreUnavailable('The embedded store is closed.', 'not_written'));
    }
    db.close();
  };

  return { prepare, read, write, close: () => (closing ??= closeNow()) };
};
