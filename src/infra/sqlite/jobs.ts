/** A durable job queue: due time, attempts, lease, one job an id. A crash leaves the lease to run out. */
import { type Clock, StoreUnavailable } from '../../commands/ports.ts';
import type { Job, JobOutcome, JobQueue, WorkOptions } from '../../projections/ports.ts';
import type { Database } from './database.ts';
import { createDoorbell } from './doorbell.ts';

/** How long an idle worker waits at most: jobs of another process don't ring its bell. */
const idleMaxMs = 500;
/** Backoff after a handler that threw: doubles with each attempt. */
const backoffFirstMs = 1_000;
const backoffMaxMs = 10 * 60_000;

/** Kept as a number, so that texts of different precision compare as times. @throws RangeError when it is no time. */
const msOf = (time: string): number => {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new RangeError(`not a time: ${time}`);
  return ms;
};

export const createSqliteJobs = async (db: Database, clock: Clock): Promise<JobQueue> => {
  await db.write(() => {
    db.prepare(
      `CREATE TABLE IF NOT EXISTS jobs (queue TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL,
       dueAtMs INTEGER NOT NULL, attempts INTEGER NOT NULL, PRIMARY KEY (queue, id)) STRICT, WITHOUT ROWID`,
    ).run();
    db.prepare('CREATE INDEX IF NOT EXISTS ix_jobs_due ON jobs (queue, dueAtMs, id)').run();
  });
  const insert = db.prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING');
  const nextDue = db.prepare('SELECT min(dueAtMs) AS dueAtMs FROM jobs WHERE queue = ?');
  const due = db.prepare(
    'SELECT id, payload, attempts FROM jobs WHERE queue = ? AND dueAtMs <= ? ORDER BY dueAtMs, id LIMIT ?',
  );
  const take = db.prepare('UPDATE jobs SET dueAtMs = ?, attempts = attempts + 1 WHERE queue = ? AND id = ?');
  // The number of attempts is the fence: when the lease ran out and another run took the job, this run is too late.
  const putBack = db.prepare('UPDATE jobs SET dueAtMs = ? WHERE queue = ? AND id = ? AND attempts = ?');
  const remove = db.prepare('DELETE FROM jobs WHERE queue = ? AND id = ? AND attempts = ?');
  const has = db.prepare('SELECT 1 FROM jobs WHERE queue = ? AND id = ?');
  const bell = createDoorbell();
  const nowMs = (): number => msOf(clock.now());

  /** A taken job is due again when its lease ends: that is the whole recovery. */
  const claim = <T>(queue: string, count: number, leaseMs: number): Promise<readonly Job<T>[]> =>
    db.write(() => {
      const now = nowMs();
      return due.all(queue, now, count).map((row) => {
        take.run(now + leaseMs, queue, row.id as string);
        return {
          id: row.id as string,
          payload: JSON.parse(row.payload as string) as T,
          attempts: row.attempts as number,
        };
      });
    });

  const settle = (queue: string, { id, attempts }: Job, outcome: JobOutcome): Promise<void> =>
    db.write(() => {
      if (outcome.kind === 'done') remove.run(queue, id, attempts + 1);
      else putBack.run(msOf(outcome.notBefore), queue, id, attempts + 1);
    });

  const runOne = async <T>(queue: string, job: Job<T>, handle: (job: Job<T>) => Promise<JobOutcome>): Promise<void> => {
    let outcome: JobOutcome;
    try {
      outcome = await handle(job);
    } catch {
      const delayMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(job.attempts, 20));
      outcome = { kind: 'retry', notBefore: new Date(nowMs() + delayMs).toISOString() };
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
    const visit = bell.listen(signal);

    const start = (job: Job<T>): void => {
      const run: Promise<void> = runOne(queue, job, handle)
        // An outcome that could not be written leaves the lease to run out: the job is handed out again.
        .catch(() => undefined)
        .finally(() => {
          running.delete(run);
          visit.ring();
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
        if (pauseMs > 0) await visit.next(pauseMs);
      }
    } finally {
      visit.leave();
      await Promise.all(running);
    }
  };

  return {
    add: async (queue, jobs) => {
      await db.write(() => {
        const now = nowMs();
        for (const { id, payload, notBefore } of jobs) {
          insert.run(queue, id, JSON.stringify(payload), notBefore === undefined ? now : msOf(notBefore));
        }
      });
      bell.ring();
    },
    known: (queue, ids) => db.read(() => new Set(ids.filter((id) => has.get(queue, id) !== undefined))),
    work,
  };
};
