/** Adding, taking and settling jobs. Times are milliseconds, so that texts of different precision compare as times. */
import type { Statements, WriteModule } from '../file/writes.ts';

/** id, payload as JSON, due at. */
export type JobValues = readonly [string, string, number];

export interface TakenJob {
  readonly id: string;
  /** JSON. */
  readonly payload: string;
  /** How often it was started before. */
  readonly attempts: number;
}

const schema = [
  `CREATE TABLE IF NOT EXISTS jobs (queue TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL,
   dueAtMs INTEGER NOT NULL, attempts INTEGER NOT NULL, PRIMARY KEY (queue, id)) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS ix_jobs_due ON jobs (queue, dueAtMs, id)',
];

const create = ({ prepare }: Statements) => {
  const insert = prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING');
  const due = prepare(
    'SELECT id, payload, attempts FROM jobs WHERE queue = ? AND dueAtMs <= ? ORDER BY dueAtMs, id LIMIT ?',
  );
  const take = prepare('UPDATE jobs SET dueAtMs = ?, attempts = attempts + 1 WHERE queue = ? AND id = ?');
  // The number of attempts is the fence: when the lease ran out and another run took the job, this run is too late.
  const back = prepare('UPDATE jobs SET dueAtMs = ? WHERE queue = ? AND id = ? AND attempts = ?');
  const done = prepare('DELETE FROM jobs WHERE queue = ? AND id = ? AND attempts = ?');
  return {
    add: (queue: string, jobs: readonly JobValues[]): void => {
      for (const [id, payload, dueAtMs] of jobs) insert.run(queue, id, payload, dueAtMs);
    },
    /** A taken job is due again when its lease ends: that is the whole recovery. */
    claim: (queue: string, count: number, nowMs: number, leaseMs: number): readonly TakenJob[] => {
      const jobs = due.all(queue, nowMs, count).map((row) => ({
        id: row.id as string,
        payload: row.payload as string,
        attempts: row.attempts as number,
      }));
      for (const { id } of jobs) take.run(nowMs + leaseMs, queue, id);
      return jobs;
    },
    putBack: (queue: string, id: string, attempts: number, dueAtMs: number): void => {
      back.run(dueAtMs, queue, id, attempts);
    },
    remove: (queue: string, id: string, attempts: number): void => {
      done.run(queue, id, attempts);
    },
  };
};

export const jobWrites: WriteModule<ReturnType<typeof create>> = { name: 'jobs', schema, create };
