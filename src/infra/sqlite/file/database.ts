/**
 * One SQLite file, one writer. Work that arrives in the same turn of the event loop goes into one transaction with one
 * fsync (group commit): that is what makes `synchronous=FULL` affordable.
 */
import type { StatementSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { createTurns } from '../../../eventsourcing/concurrency.ts';
import { type StoreDamaged, StoreUnavailable } from '../../../eventsourcing/ports.ts';
import { isBusy, openConnection } from './connection.ts';
import {
  createFileGuard,
  createSoundness,
  createTransactions,
  type TransactionWork,
  type WorkAnswer,
} from './transactions.ts';
import type { Statements, WriteModule, Writer, Writes } from './writes.ts';

/**
 * Which writes go before others that wait for the thread: what follows the log goes `first`. It is as much as was
 * recorded and no more; behind clients, who can always ask for more, it would come later and later.
 */
export type Turn = 'first' | 'in turn';

/** A file as the stores see it, whichever thread writes it. */
export interface Database extends Statements {
  /** Runs in this turn of the event loop, or in a later one where this one was long, on what is committed. @throws StoreUnavailable when the file can't be read, StoreDamaged. */
  read<T>(work: () => T): Promise<T>;
  /** Makes what a store needs in the file, and gives it its writes. */
  writer<W extends Writes>(module: WriteModule<W>, turn?: Turn): Promise<Writer<W>>;
  /** What is known to be damaged. */
  damage(): StoreDamaged | null;
  /** Looks whether the files are still the ones that were opened. @returns what is known to be damaged. */
  check(): StoreDamaged | null;
  /** Damage that was found elsewhere: from here on everything is refused with it. */
  condemn(damage: StoreDamaged): void;
  /** Waits for what is queued, then closes the file. Repeating it changes nothing. */
  close(): Promise<void>;
}

/** A file that this thread reads and writes. */
export interface LocalDatabase extends Database {
  /**
   * Runs in the next group commit; resolves when durable. A throw undoes this work alone and rejects. A work may be run
   * again when another one of its commit throws, so it keeps nothing outside the file.
   * `committed` is called in commit order, once the work is durable and before any caller of that commit goes on.
   * @throws StoreUnavailable when the disk is full, the file stays locked, or the disk fails; StoreDamaged.
   */
  write<T>(work: () => T, committed?: (value: T) => void): Promise<T>;
}

export interface DatabaseOptions {
  /** How long to wait for another process that holds the write lock. */
  readonly lockWaitMaxMs?: number;
  /** Another thread moves the pages from the write-ahead log into the file. */
  readonly hasCheckpointer?: boolean;
  readonly cacheKiB?: number;
  /** Called once, with the first damage. */
  readonly onDamage?: (damage: StoreDamaged) => void;
}

/** Writes of one commit; more would hold up readers of the same thread. */
const workPerCommitMax = 512;
/** Another process (a rebuild, a backup) holds the write lock only for one batch; longer is a fault. */
const lockWaitDefaultMs = 2_000;
const lockRetryMs = 5;
/** Keeps the hot pages of all indexes in memory, and leaves the process within its bound. */
const cacheDefaultKiB = 16 * 1_024;
/** Reads of one turn of the event loop: half of what anything may hold it (CONTRIBUTING.md). */
const readBudgetMs = 25;
/** Query texts come from code, so they are few; the bound is for the day when one does not. */
const statementsMax = 512;

/** @throws when the file can't be opened, e.g. because it is no database. */
export const openDatabase = (path: string, options: DatabaseOptions = {}): LocalDatabase => {
  const { lockWaitMaxMs = lockWaitDefaultMs, hasCheckpointer = false, cacheKiB = cacheDefaultKiB } = options;
  const db = openConnection(path, { lockWaitMaxMs, hasCheckpointer, cacheKiB });
  const soundness = createSoundness(createFileGuard(path), options.onDamage);
  const statements = new LRUCache<string, StatementSync>({ max: statementsMax });
  const queue: TransactionWork[] = [];
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

  const turns = createTurns({ budgetMs: readBudgetMs });
  const { begin, commitAll } = createTransactions(db, soundness);

  const mayStillWait = (error: unknown): boolean => {
    const nowMs = performance.now();
    lockedSinceMs ??= nowMs;
    return isBusy(error) && nowMs - lockedSinceMs <= lockWaitMaxMs;
  };

  const flush = (): void => {
    if (state === 'closed') return;
    let answers: WorkAnswer[];
    try {
      begin.run();
      answers = commitAll(queue.splice(0, workPerCommitMax));
    } catch (error) {
      if (mayStillWait(error)) {
        setTimeout(flush, lockRetryMs);
        return;
      }
      const reason = soundness.judge(error, 'not_written');
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
      const damage = soundness.damage();
      if (damage !== null) {
        reject(damage);
        return;
      }
      queue.push({ run, committed, resolve: resolve as (value: unknown) => void, reject });
      schedule();
    });

  const read = async <T>(work: () => T): Promise<T> => {
    const turn = turns.take();
    if (turn !== null) await turn;
    if (state === 'closed') throw new StoreUnavailable('The embedded store is closed.', 'not_written');
    const startedMs = performance.now();
    for (;;) {
      const damage = soundness.damage();
      if (damage !== null) throw damage;
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || performance.now() - startedMs > lockWaitMaxMs) {
          throw soundness.judge(error, 'not_written');
        }
      }
      await pause(lockRetryMs);
    }
  };

  /** One of each module: what it holds in memory is of the whole file. */
  const created = new Map<string, unknown>();

  const writer = async <W extends Writes>(module: WriteModule<W>): Promise<Writer<W>> => {
    await write(() => {
      for (const statement of module.schema) prepare(statement).run();
      module.upgrade?.({ prepare });
    });
    const writes = (created.get(module.name) as W | undefined) ?? module.create({ prepare });
    created.set(module.name, writes);
    return (name, values, committed) => write(() => writes[name]?.(...values) as ReturnType<W[typeof name]>, committed);
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

  return {
    prepare,
    read,
    write,
    writer,
    damage: soundness.damage,
    check: () => soundness.look('not_written'),
    condemn: soundness.condemn,
    close: () => (closing ??= closeNow()),
  };
};
