/** A durable job queue: due time, attempts, lease, one job an id. A crash leaves the lease to run out. */
import { type Clock, StoreUnavailable } from '../../../eventsourcing/ports.ts';
import type { Job, JobOutcome, JobQueue, WorkOptions } from '../../../webhooks/ports.ts';
import { backoffMs, msOf } from '../../jobTimes.ts';
import { createDoorbell } from '../../wakeSignal.ts';
import type { Database } from '../file/database.ts';
import { type JobValues, jobWrites } from './jobWrites.ts';

/** How long an idle worker waits at most: jobs of another process don't ring its bell. */
const idleMaxMs = 500;

export const createSqliteJobs = async (db: Database, clock: Clock): Promise<JobQueue> => {
  const write = await db.writer(jobWrites, 'first');
  const nextDue = db.prepare('SELECT min(dueAtMs) AS dueAtMs FROM jobs WHERE queue = ?');
  const has = db.prepare('SELECT 1 FROM jobs WHERE queue = ? AND id = ?');
  const bell = createDoorbell();
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
      outcome = { kind: 'retry', notBefore: new Date(nowMs() + backoffMs(job.attempts)).toISOString() };
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
      const now = nowMs();
      const dueAtMs = (notBefore: string | undefined): number => (notBefore === undefined ? now : msOf(notBefore));
      const rows = jobs.map(
        ({ id, payload, notBefore }): JobValues => [id, JSON.stringify(payload), dueAtMs(notBefore)],
      );
      await write('add', [queue, rows]);
      bell.ring();
    },
    known: (queue, ids) => db.read(() => new Set(ids.filter((id) => has.get(queue, id) !== undefined))),
    work,
  };
};
