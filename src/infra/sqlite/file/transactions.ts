/** One transaction for many works: all durable together, and a throw undoes one work alone. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreDamaged } from '../../../eventsourcing/ports.ts';
import { asUnavailable, isFull } from './connection.ts';

/**
 * Notices that the files behind an open connection are gone. A removed file can still be written, and all of it is lost
 * with the process: SQLite does not look at names after it has opened them.
 */

/** What is wrong with the files, for an operator; `null` when they are the ones that were opened. */
type FileGuard = () => string | null;

const identityOf = (path: string): string | null => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || found.nlink === 0 ? null : `${found.dev} ${found.ino}`;
};

/** Call it when the write-ahead log is there: after the first read of a connection. Looks cost some 2 µs a file. */
export const createFileGuard = (path: string): FileGuard => {
  if (path === ':memory:') return () => null;
  const opened = [path, `${path}-wal`, `${path}-shm`].map((name) => [name, identityOf(name)] as const);
  return () => {
    for (const [name, identity] of opened) {
      const now = identityOf(name);
      if (now === identity) continue;
      const found = now === null ? 'was removed while it was in use' : 'is not the file that was opened';
      return `${basename(name)} ${found}`;
    }
    return null;
  };
};

/**
 * What is known of a file: as it should be, or damaged for good. The first damage is remembered and told once; from then
 * on nothing is read or written, so that nothing wrong is answered and nothing is acknowledged that would be lost.
 */

type WorkOutcome = 'not_written' | 'unknown';

interface Soundness {
  damage(): StoreDamaged | null;
  condemn(damage: StoreDamaged): void;
  /** Looks at the files. `outcome`: what became of the work that was just done. */
  look(outcome: WorkOutcome): StoreDamaged | null;
  /** The error for callers. Damage that it tells of is remembered. */
  judge(error: unknown, outcome: WorkOutcome): unknown;
}

export const createSoundness = (
  guard: FileGuard,
  onDamage: (damage: StoreDamaged) => void = () => undefined,
): Soundness => {
  let damage: StoreDamaged | null = null;

  const condemn = (found: StoreDamaged): void => {
    if (damage !== null) return;
    damage = found;
    onDamage(found);
  };

  return {
    damage: () => damage,
    condemn,
    look: (outcome) => {
      const wrong = damage === null ? guard() : null;
      if (wrong !== null) condemn(new StoreDamaged(`${wrong}.`, outcome));
      return damage;
    },
    judge: (error, outcome) => {
      const judged = asUnavailable(error, outcome);
      if (judged instanceof StoreDamaged) condemn(judged);
      return judged;
    },
  };
};

export interface TransactionWork {
  readonly run: () => unknown;
  readonly committed: ((value: never) => void) | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}
export type WorkAnswer = () => void;

const answerOf = ({ committed, resolve, reject }: TransactionWork, value: unknown): WorkAnswer => {
  return () => {
    try {
      committed?.(value as never);
      resolve(value);
    } catch (error) {
      reject(error);
    }
  };
};

interface Transactions {
  readonly begin: StatementSync;
  /** Runs and commits, after `begin`. Never throws: the answers tell each caller what became of its work. */
  readonly commitAll: (batch: readonly TransactionWork[]) => WorkAnswer[];
}

export const createTransactions = (db: DatabaseSync, soundness: Soundness): Transactions => {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const savepoint = db.prepare('SAVEPOINT work');
  const undo = db.prepare('ROLLBACK TO work');
  const release = db.prepare('RELEASE work');

  /** Each on its own savepoint, so that a throw undoes that work alone. @throws when the whole transaction is gone. */
  const runOneByOne = (batch: readonly TransactionWork[]): WorkAnswer[] =>
    batch.map((work) => {
      savepoint.run();
      let answer: WorkAnswer;
      try {
        answer = answerOf(work, work.run());
      } catch (error) {
        // On some failures, such as a full disk, SQLite rolls everything back by itself.
        if (!db.isTransaction) throw error;
        undo.run();
        answer = () => {
          work.reject(soundness.judge(error, 'not_written'));
        };
      }
      release.run();
      return answer;
    });

  /** Savepoints cost as much as the works they guard. Throws are rare: only then the batch is begun again with them. */
  const runAll = (batch: readonly TransactionWork[]): WorkAnswer[] => {
    try {
      return batch.map((work) => answerOf(work, work.run()));
    } catch {
      if (db.isTransaction) rollback.run();
      begin.run();
      return runOneByOne(batch);
    }
  };

  /**
   * What a failed COMMIT left behind: a full disk means that the commit frame is missing. After any other failure, such
   * as one of the fsync, the frames may be in the file all the same and count after a crash.
   */
  const outcomeOf = (committing: boolean, error: unknown): 'not_written' | 'unknown' =>
    committing && !isFull(error) ? 'unknown' : 'not_written';

  const commitAll = (batch: readonly TransactionWork[]): WorkAnswer[] => {
    let committing = false;
    try {
      const answers = runAll(batch);
      committing = true;
      commit.run();
      // What was written to a removed file is lost with the process, so it is not acknowledged.
      const damage = soundness.look('unknown');
      if (damage !== null) throw damage;
      return answers;
    } catch (error) {
      if (db.isTransaction) rollback.run();
      const reason = soundness.judge(error, outcomeOf(committing, error));
      return batch.map(({ reject }) => () => {
        reject(reason);
      });
    }
  };

  return { begin, commitAll };
};
