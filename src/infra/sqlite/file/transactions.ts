/** One transaction for many works: all durable together, and a throw undoes one work alone. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Soundness } from './soundness.ts';
import { isFull } from './sqliteErrors.ts';

export interface Work {
  readonly run: () => unknown;
  readonly committed: ((value: never) => void) | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}
export type Answer = () => void;

const answerOf = ({ committed, resolve, reject }: Work, value: unknown): Answer => {
  return () => {
    try {
      committed?.(value as never);
      resolve(value);
    } catch (error) {
      reject(error);
    }
  };
};

export interface Transactions {
  readonly begin: StatementSync;
  /** Runs and commits, after `begin`. Never throws: the answers tell each caller what became of its work. */
  readonly commitAll: (batch: readonly Work[]) => Answer[];
}

export const createTransactions = (db: DatabaseSync, soundness: Soundness): Transactions => {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const savepoint = db.prepare('SAVEPOINT work');
  const undo = db.prepare('ROLLBACK TO work');
  const release = db.prepare('RELEASE work');

  /** Each on its own savepoint, so that a throw undoes that work alone. @throws when the whole transaction is gone. */
  const runOneByOne = (batch: readonly Work[]): Answer[] =>
    batch.map((work) => {
      savepoint.run();
      let answer: Answer;
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
  const runAll = (batch: readonly Work[]): Answer[] => {
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

  const commitAll = (batch: readonly Work[]): Answer[] => {
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
