/**
 * Jobs on BullMQ. Redis may lose them all: they are derived from a ledger, which fills the queue again. A job is in Redis
 * while it waits or runs, and nothing of it stays when it is done.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Queue } from 'bullmq';
import type { JobQueue } from '../../webhooks/ports.ts';
import { keyPrefix, type RedisServer } from '../redis/connect.ts';
import { msOf } from '../waits.ts';
import { encodeId, jobOptions, runWorker } from './worker.ts';

/** Between a worker that could not go on and the next one. */
const restartDelayMs = 1_000;

/**
 * On the connections of `redis`, which the caller closes when all work has ended. `clock`: by which callers say when a job is due, in
 * ms; BullMQ has another one, and gets the time between.
 */
export const createBullmqJobs = (redis: RedisServer, clock: () => number = Date.now): JobQueue => {
  const queues = new Map<string, Queue>();

  const queueOf = (name: string): Queue => {
    const known = queues.get(name);
    if (known !== undefined) return known;
    // Redis may be down: the queue must not wait for it here, and each call on it is bounded.
    const queue = new Queue(name, {
      connection: redis.commands,
      prefix: keyPrefix,
      skipVersionCheck: true,
      skipWaitingForReady: true,
    });
    // Each call reports its own failure; the connection's are logged where it was made.
    queue.on('error', () => undefined);
    queues.set(name, queue);
    return queue;
  };

  return {
    add: async (name, jobs) => {
      if (jobs.length === 0) return;
      const queue = queueOf(name);
      const [timestamp, nowMs] = [Date.now(), clock()];
      const records = jobs.map(({ id, payload, notBefore }) => {
        const delay = notBefore === undefined ? 0 : Math.max(0, msOf(notBefore) - nowMs);
        return { name: 'job', data: payload, opts: { ...jobOptions, jobId: encodeId(id), timestamp, delay } };
      });
      await redis.ask(() => queue.addBulk(records));
    },

    known: async (name, ids) => {
      if (ids.length === 0) return new Set();
      const queue = queueOf(name);
      const found = await redis.ask(async (commands) => {
        const pipeline = commands.pipeline();
        for (const id of ids) pipeline.exists(queue.toKey(encodeId(id)));
        const answers = (await pipeline.exec()) ?? [];
        return answers.map(([error, count]) => {
          if (error !== null) throw error;
          return count === 1;
        });
      });
      return new Set(ids.filter((_, index) => found[index]));
    },

    work: async (name, options, handle) => {
      const { signal } = options;
      while (!signal.aborted) {
        await runWorker({ redis, queue: name, options, handle, clock }).catch(() => undefined);
        await pause(restartDelayMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
};
