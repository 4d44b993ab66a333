/** A durable job queue: due time, attempts, lease, one job an id. A crash leaves the lease to run out. */
import type { Clock } from '../../commands/ports.ts';
import type { Job, JobOutcome, JobQueue, WorkOptions } from '../../projections/ports.ts';
import type { Database } from './database.ts';

/** How long an idle worker waits before it looks for jobs that became due. */
const idleMaxMs = 500;
/** Backoff after a handler that threw: doubles with each attempt. */
const backoffFirstMs = 1_000;
const backoffMaxMs = 10 * 60_000;

const later = (now: string, ms: number): string => new Date(Date.parse(now) + ms).toISOString();

export const createSqliteJobs = async (db: Database, clock: Clock): Promise<JobQueue> => {
  await db.write(() => {
    db.prepare(
      `CREATE TABLE IF NOT EXISTS jobs (queue TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, dueAt TEXT NOT NULL,
       attempts INTEGER NOT NULL, PRIMARY KEY (queue, id)) STRICT, WITHOUT ROWID`,
    ).run();
    db.prepare('CREATE INDEX IF NOT EXISTS ix_jobs_due ON jobs (queue, dueAt)').run();
  });
  const insert = db.prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING');
  const due = db.prepare(
    'SELECT id, payload, attempts FROM jobs WHERE queue = ? AND dueAt <= ? ORDER BY dueAt LIMIT ?',
  );
  const take = db.prepare('UPDATE jobs SET dueAt = ?, attempts = attempts + 1 WHERE queue = ? AND id = ?');
  const putBack = db.prepare('UPDATE jobs SET dueAt = ? WHERE queue = ? AND id = ?');
  const remove = db.prepare('DELETE FROM jobs WHERE queue = ? AND id = ?');
  const has = db.prepare('SELECT 1 FROM jobs WHERE queue = ? AND id = ?');
  const wakers = new Set<() => void>();
  const wakeAll = (): void => {
    for (const wake of wakers) wake();
  };

  /** A taken job is due again when its lease ends: that is the whole recovery. */
  const claim = <T>(queue: string, count: number, leaseMs: number): Promise<readonly Job<T>[]> =>
    db.write(() => {
      const now = clock.now();
      return due.all(queue, now, count).map((row) => {
        take.run(later(now, leaseMs), queue, row['id'] as string);
        return {
          id: row['id'] as string,
          payload: JSON.parse(row['payload'] as string) as T,
          attempts: row['attempts'] as number,
        };
      });
    });

  const settle = (queue: string, id: string, outcome: JobOutcome): Promise<void> =>
    db.write(() => {
      if (outcome.kind === 'done') remove.run(queue, id);
      else putBack.run(outcome.notBefore, queue, id);
    });

  const runOne = async <T>(queue: string, job: Job<T>, handle: (job: Job<T>) => Promise<JobOutcome>): Promise<void> => {
    let outcome: JobOutcome;
    try {
      outcome = await handle(job);
    } catch {
      const delayMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(job.attempts, 20));
      outcome = { kind: 'retry', notBefore: later(clock.now(), delayMs) };
    }
    await settle(queue, job.id, outcome);
  };

  const work = async <T>(
    queue: string,
    { concurrency, leaseMs, signal }: WorkOptions,
    handle: (job: Job<T>) => Promise<JobOutcome>,
  ): Promise<void> => {
    const running = new Set<Promise<void>>();
    let woken = false;
    let resume: () => void = () => undefined;
    const wake = (): void => {
      woken = true;
      resume();
    };
    const pause = (): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(wake, idleMaxMs);
        resume = () => {
          clearTimeout(timer);
          resolve();
        };
        if (woken) resume();
      });
    wakers.add(wake);
    signal.addEventListener('abort', wake);
    while (!signal.aborted) {
      woken = false;
      const free = concurrency - running.size;
      const jobs = free > 0 && due.get(queue, clock.now(), 1) !== undefined ? await claim<T>(queue, free, leaseMs) : [];
      for (const job of jobs) {
        const run: Promise<void> = runOne(queue, job, handle)
          .catch(() => undefined)
          .finally(() => {
            running.delete(run);
            wake();
          });
        running.add(run);
      }
      if (jobs.length === 0) await pause();
    }
    wakers.delete(wake);
    await Promise.all(running);
  };

  return {
    add: async (queue, jobs) => {
      await db.write(() => {
        const now = clock.now();
        for (const { id, payload, notBefore } of jobs) insert.run(queue, id, JSON.stringify(payload), notBefore ?? now);
      });
      wakeAll();
    },
    known: (queue, ids) => Promise.resolve(new Set(ids.filter((id) => has.get(queue, id) !== undefined))),
    work,
  };
};
