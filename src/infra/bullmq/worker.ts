/**
 * One BullMQ worker from start to stop. It differs from BullMQ's habits where the port asks for it: a lease is never
 * renewed, so that a handler that hangs loses its job as a dead process does; no job is ever failed for good; and it can
 * be stopped while Redis is away.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DelayedError, type JobsOptions, type Job as Record, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Job, JobOutcome, WorkOptions } from '../../webhooks/ports.ts';
import { isRefusal, keyPrefix, type RedisServer } from '../redis/connect.ts';
import { jobBackoffMs, msOf } from '../waits.ts';

/** How a job is written down in BullMQ. */

/**
 * BullMQ refuses ids that are whole numbers or hold a colon, which separates its keys: the letter in front makes a word of
 * a number, and a colon is escaped.
 */
const idPrefix = 'j';
export const encodeId = (id: string): string => `${idPrefix}${encodeURIComponent(id)}`;
const decodeId = (jobId: string): string => decodeURIComponent(jobId.slice(idPrefix.length));

/** How often a job may be tried is its ledger's to decide: the queue never gives one up. */
const triesMax = Number.MAX_SAFE_INTEGER;

export const jobOptions: JobsOptions = {
  attempts: triesMax,
  /** Only for a job whose end Redis refused: those that a handler asks for have a time of their own. */
  backoff: { type: 'fixed', delay: 1_000 },
  removeOnComplete: true,
  /** Of no use in Redis. */
  stackTraceLimit: 0,
};

/** How often leases are looked at, at the rarest: BullMQ needs two looks to hand a job out again. */
const stalledCheckMaxMs = 5_000;
/** How long a stopping worker waits for Redis after its last handler ended; then the lease runs out instead. */
const settleMaxMs = 2_000;
/** BullMQ's own pause after a lost connection; its default of 15 s is longer than a restart of Redis. */
const retryDelayMs = 1_000;

interface JobWork<T> {
  readonly redis: RedisServer;
  readonly queue: string;
  readonly options: WorkOptions;
  readonly handle: (job: Job<T>) => Promise<JobOutcome>;
  /** By which `handle` says when a job is due again, ms. */
  readonly clock: () => number;
}

/** After how long it is due again; `null` when it is done. */
const dueAfterMs = async <T>(
  job: Job<T>,
  { handle, clock }: Pick<JobWork<T>, 'handle' | 'clock'>,
): Promise<number | null> => {
  try {
    const outcome = await handle(job);
    return outcome.kind === 'done' ? null : Math.max(0, msOf(outcome.notBefore) - clock());
  } catch {
    // BullMQ must not see the error: it would keep its message, and reads meaning into some names.
    return jobBackoffMs(job.attempts);
  }
};

/** Both ends are fenced by the token: when the lease was lost, they throw, and BullMQ changes nothing after that. */
const runJob = async <T>(
  record: Record<T>,
  token: string | undefined,
  work: Pick<JobWork<T>, 'handle' | 'clock'>,
): Promise<void> => {
  // BullMQ has counted this start already.
  const attempts = Math.max(0, record.attemptsStarted - 1);
  const delayMs = await dueAfterMs({ id: decodeId(record.id ?? ''), payload: record.data, attempts }, work);
  if (delayMs === null) return;
  await record.moveToDelayed(Date.now() + delayMs, token);
  throw new DelayedError();
};

/** BullMQ waits for jobs on a second connection, which it asks the first one for: this one can be closed from here. */
const openPair = ({ open }: RedisServer): readonly [Redis, Redis] => {
  const connection = open('patient');
  const blocking = open('patient');
  connection.duplicate = () => blocking;
  return [connection, blocking];
};

/** At once: what is still on its way must not be heard any more, as it may be a job. */
const hangUp = (connection: Redis): void => {
  connection.disconnect();
  (connection.stream as Redis['stream'] | undefined)?.destroy();
};

/** Runs until aborted, then ends what is in flight. @throws when it can't go on; a new one may. */
export const runWorker = async <T>({ redis, queue, options, handle, clock }: JobWork<T>): Promise<void> => {
  const { concurrency, leaseMs, signal } = options;
  const [connection, blocking] = openPair(redis);
  const running = new Set<Promise<void>>();
  const worker = new Worker<T, void>(
    queue,
    (record, token) => {
      const run = runJob(record, token, { handle, clock }).finally(() => running.delete(run));
      running.add(run);
      return run;
    },
    {
      connection,
      prefix: keyPrefix,
      autorun: false,
      concurrency,
      lockDuration: leaseMs,
      skipLockRenewal: true,
      stalledInterval: Math.min(leaseMs, stalledCheckMaxMs),
      maxStalledCount: triesMax,
      runRetryDelay: retryDelayMs,
    },
  );
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<undefined>();
  const abort = (): void => end(undefined);
  worker.on('error', (error) => {
    // BullMQ asks again at once when Redis refuses (no memory, no rights, read-only): it must rest instead.
    if (isRefusal(error)) fail(error);
  });

  const stop = async (): Promise<void> => {
    const closed = worker.close().catch(() => undefined);
    hangUp(blocking);
    const idle = async (): Promise<void> => {
      do {
        await Promise.allSettled(running);
        await pause(settleMaxMs, undefined, { ref: false });
      } while (running.size > 0);
    };
    await Promise.race([closed, idle()]);
    hangUp(connection);
  };

  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    // A worker whose first words with Redis failed would spin: it runs only when they are over.
    await Promise.race([ended, worker.waitUntilReady()]);
    if (!signal.aborted) await Promise.race([ended, worker.run()]);
  } finally {
    signal.removeEventListener('abort', abort);
    await stop();
  }
};
