/** A durable job queue: due time, attempts, lease, one job an id. A crash leaves the lease to run out. */
import { type Clock, StoreUnavailable } from '../../eventsourcing/ports.ts';
import type { Job, JobOutcome, JobQueue, WorkOptions } from '../../webhooks/ports.ts';
import { createWakeSignal, jobBackoffMs, msOf } from '../waits.ts';
import type { Database } from './file/database.ts';
import type { Statements, WriteModule } from './file/writes.ts';

/** Adding, taking and settling jobs. Times are milliseconds, so that texts of different precision compare as times. */

/** id, payload as JSON, due at. */
type JobValues = readonly [string, string, number];

interface TakenJob {
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

/** How long an idle worker waits at most: jobs of another process don't wake it. */
const idleMaxMs = 500;

export const createSqliteJobs = async (db: Database, clock: Clock): Promise<JobQueue> => {
  const write = await db.writer(jobWrites, 'first');
  const nextDue = db.prepare('SELECT min(dueAtMs) AS dueAtMs FROM jobs WHERE queue = ?');
  const has = db.prepare('SELECT 1 FROM jobs WHERE queue = ? AND id = ?');
  const added = createWakeSignal();
  const nowMs = (): number => msOf(clock.now());

  const claim = async <T>(queue: string, count: number, leaseMs: number): Promise<readonly Job<T>[]> => {
    const taken = await write('claim', [queue, count, nowMs(), leaseMs]);
    return taken.map(({ id, payload, attempts }) => ({ id, payload: JSON.parse(payload) as T, attempts }));
  };

  const settle = (queue: string, { id, attempts }: Job, outcome: JobOutcome): Promise<void> =>
    outcome.kind === 'done'
      ? write('remove', [queue, id, attempts + 1])
      : write('putBack', [queue, id, attempts + 1, msOf(outcome.notBefore)]);

  const runOne = async <T>(queue: string, job: Job<T>, handle: (job: Job<T>) => Promise<JobOutcome>): Promise<void> => {
    let outcome: JobOutcome;
    try {
      outcome = await handle(job);
    } catch {
      outcome = { kind: 'retry', notBefore: new Date(nowMs() + jobBackoffMs(job.attempts)).toISOString() };
    }
    await settle(queue, job, outcome);
  };

  /** How long until the next job is due; 0 when one is. */
  const waitMs = (queue: string): number => {
    const next = nextDue.get(queue)?.dueAtMs as number | null;
    return next === null ? idleMaxMs : Math.max(0, Math.min(idleMaxMs, next - nowMs()));
  };

  const work = async <T>(
    queue: string,
    { concurrency, leaseMs, signal }: WorkOptions,
    handle: (job: Job<T>) => Promise<JobOutcome>,
  ): Promise<void> => {
    const running = new Set<Promise<void>>();
    const listener = added.listen(signal);

    const start = (job: Job<T>): void => {
      const run: Promise<void> = runOne(queue, job, handle)
        // An outcome that could not be written leaves the lease to run out: the job is handed out again.
        .catch(() => undefined)
        .finally(() => {
          running.delete(run);
          listener.wake();
        });
      running.add(run);
    };

    /** Starts what is due; says how long to wait then. */
    const startDue = async (): Promise<number> => {
      const free = concurrency - running.size;
      if (free <= 0) return idleMaxMs;
      const untilDueMs = await db.read(() => waitMs(queue));
      if (untilDueMs > 0) return untilDueMs;
      for (const job of await claim<T>(queue, free, leaseMs)) start(job);
      return 0;
    };

    try {
      while (!signal.aborted) {
        const pauseMs = await startDue().catch((error: unknown) => {
          if (error instanceof StoreUnavailable) return idleMaxMs;
          throw error;
        });
        if (pauseMs > 0) await listener.next(pauseMs);
      }
    } finally {
      listener.leave();
      await Promise.all(running);
    }
  };

  return {
    add: async (queue, jobs) => {
      const now = nowMs();
      const dueAtMs = (notBefore: string | undefined): number => (notBefore === undefined ? now : msOf(notBefore));
      const rows = jobs.map(
        ({ id, payload, notBefore }): JobValues => [id, JSON.stringify(payload), dueAtMs(notBefore)],
      );
      await write('add', [queue, rows]);
      added.wake();
    },
    known: (queue, ids) => db.read(() => new Set(ids.filter((id) => has.get(queue, id) !== undefined))),
    work,
  };
};
