/** What the queue does when Redis is away, empty, frozen, full or restarted: a server of the test's own, treated badly. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { createBullmqJobs } from '../../src/infra/bullmq/jobs.ts';
import { connectRedis } from '../../src/infra/redis/connect.ts';
import type { Job, JobOutcome } from '../../src/webhooks/ports.ts';
import { waitMaxMs } from '../contracts/make.ts';
import { freePort } from '../support/engines/childServer.ts';
import { launchRedis, redisLaunchMissing } from '../support/engines/redis.ts';

const queue = 'deliveries';
const done: JobOutcome = { kind: 'done' };
const job = (n: number) => ({ id: `job-${n}`, payload: { n } });
const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: waitMaxMs, interval: 20 });

const missing = redisLaunchMissing();
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const start = async (port?: number) => {
  const server = await launchRedis(port);
  cleanups.push(() => server.stop());
  return server;
};

/** Log lines are collected, as they tell what happened and must not tell secrets. */
const connect = (url: string) => {
  const lines: string[] = [];
  const redis = connectRedis(url, pino({ level: 'info' }, { write: (line: string) => lines.push(line) }));
  cleanups.push(() => redis.close());
  return { redis, jobs: createBullmqJobs(redis), lines };
};

const work = (jobs: ReturnType<typeof createBullmqJobs>, handle: (job: Job) => Promise<JobOutcome>) => {
  const abort = new AbortController();
  const started: string[] = [];
  const ended = jobs.work(queue, { concurrency: 4, leaseMs: 60_000, signal: abort.signal }, (one) => {
    started.push(one.id);
    return handle(one);
  });
  const stop = async (): Promise<void> => {
    abort.abort();
    await ended;
  };
  cleanups.push(stop);
  return { started, stop };
};

const client = (url: string): Redis => {
  const redis = new Redis(url);
  cleanups.push(() => redis.disconnect());
  return redis;
};

describe.skipIf(missing !== null)(`jobs on a Redis that fails${missing === null ? '' : `: ${missing}`}`, () => {
  it('refuses within a bound while Redis is down at the start, and works as soon as it is there', async () => {
    const port = await freePort();
    const { redis, jobs, lines } = connect(`redis://127.0.0.1:${port}`);
    const worker = work(jobs, () => Promise.resolve(done));
    await expect(jobs.add(queue, [job(1)])).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(jobs.known(queue, ['job-1'])).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await redis.check()).toBe('does not answer');
    expect(lines, 'one line for an outage').toHaveLength(1);
    await start(port);
    await eventually(async () => expect(await redis.check()).toBeNull());
    await jobs.add(queue, [job(1)]);
    await eventually(() => expect(worker.started).toEqual(['job-1']));
  });

  it('stops while Redis is down', async () => {
    const { jobs } = connect(`redis://127.0.0.1:${await freePort()}`);
    const worker = work(jobs, () => Promise.resolve(done));
    await worker.stop();
    expect(worker.started).toEqual([]);
  });

  it('goes on after Redis was restarted with nothing in it, and stops in between', async () => {
    const first = await start();
    const { jobs } = connect(first.url);
    const worker = work(jobs, () => Promise.resolve(done));
    const stopped = work(jobs, () => Promise.resolve(done));
    await jobs.add(queue, [job(1)]);
    await eventually(() => expect([...worker.started, ...stopped.started]).toEqual(['job-1']));
    await first.stop();
    await stopped.stop();
    await start(Number(new URL(first.url).port));
    await eventually(() => jobs.add(queue, [job(2)]));
    await eventually(() => expect(worker.started).toContain('job-2'));
    await eventually(async () => expect(await jobs.known(queue, ['job-2'])).toEqual(new Set()));
  });

  it('goes on after Redis was emptied under it, and runs again what is added again', async () => {
    const server = await start();
    const { jobs } = connect(server.url);
    const hold = Promise.withResolvers<undefined>();
    const worker = work(jobs, async () => {
      await hold.promise;
      return done;
    });
    await jobs.add(queue, [job(1)]);
    await eventually(() => expect(worker.started).toHaveLength(1));
    await client(server.url).flushall();
    expect(await jobs.known(queue, ['job-1'])).toEqual(new Set());
    await jobs.add(queue, [job(1)]);
    await eventually(() => expect(worker.started).toHaveLength(2));
    hold.resolve(undefined);
    await eventually(async () => expect(await jobs.known(queue, ['job-1'])).toEqual(new Set()));
    await jobs.add(queue, [job(2)]);
    await eventually(() => expect(worker.started).toEqual(['job-1', 'job-1', 'job-2']));
  });

  it('refuses within a bound while Redis is frozen, and goes on afterwards', async () => {
    const server = await start();
    const { redis, jobs } = connect(server.url);
    const worker = work(jobs, () => Promise.resolve(done));
    await jobs.add(queue, [job(1)]);
    await eventually(() => expect(worker.started).toHaveLength(1));
    process.kill(server.pid, 'SIGSTOP');
    await expect(jobs.add(queue, [job(2)])).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await redis.check()).toBe('does not answer');
    process.kill(server.pid, 'SIGCONT');
    await eventually(async () => expect(await redis.check()).toBeNull());
    await jobs.add(queue, [job(2), job(3)]);
    // What was refused may have reached Redis, and be done before it is added again: then it is done twice.
    const startsOf = (id: string): number => worker.started.filter((started) => started === id).length;
    await eventually(() => expect([startsOf('job-1'), startsOf('job-3')]).toEqual([1, 1]));
    await eventually(() => expect([1, 2]).toContain(startsOf('job-2')));
  });

  it('rests while Redis refuses to write, and goes on when it has room again', async () => {
    const server = await start();
    const { jobs } = connect(server.url);
    const admin = client(server.url);
    const worker = work(jobs, () => Promise.resolve(done));
    await jobs.add(queue, [job(1)]);
    await eventually(() => expect(worker.started).toHaveLength(1));
    await jobs.add(queue, [{ ...job(2), notBefore: new Date(Date.now() + 300).toISOString() }]);
    await admin.config('SET', 'maxmemory', '1');
    await expect(jobs.add(queue, [job(3)])).rejects.toThrow(/OOM/);
    const stats = async () => {
      const text = await admin.info('stats');
      const numberOf = (name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(text)?.[1]);
      return { refusals: numberOf('total_error_replies'), connections: numberOf('total_connections_received') };
    };
    const before = await stats();
    // It rests on a connection that is new each time; each time it meets a few refusals and not thousands.
    await eventually(async () => expect((await stats()).connections).toBeGreaterThanOrEqual(before.connections + 4));
    const after = await stats();
    expect((after.refusals - before.refusals) / (after.connections - before.connections)).toBeLessThan(12);
    await admin.config('SET', 'maxmemory', '0');
    await eventually(() => expect(worker.started).toContain('job-2'));
  });

  it('tries again whatever a handler throws, and keeps nothing of it', async () => {
    const server = await start();
    const { jobs } = connect(server.url);
    const admin = client(server.url);
    const secret = randomUUID();
    const hold = Promise.withResolvers<undefined>();
    const worker = work(jobs, async ({ attempts }) => {
      if (attempts > 0) await hold.promise;
      else throw Object.assign(new Error(secret), { name: 'UnrecoverableError' });
      return done;
    });
    await jobs.add(queue, [job(1)]);
    await eventually(() => expect(worker.started).toHaveLength(2));
    const kept = await admin.hgetall(`stockledger:${queue}:jjob-1`);
    expect(kept).toMatchObject({ data: '{"n":1}' });
    expect(JSON.stringify(kept)).not.toContain(secret);
    hold.resolve(undefined);
    await eventually(async () => expect(await jobs.known(queue, ['job-1'])).toEqual(new Set()));
  });

  it('never tells the password it was given', async () => {
    const server = await start();
    const secret = randomUUID();
    await client(server.url).config('SET', 'requirepass', 'another');
    const { jobs, lines } = connect(server.url.replace('redis://', `redis://default:${secret}@`));
    const refusal: unknown = await jobs.add(queue, [job(1)]).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StoreUnavailable);
    await eventually(() => expect(lines.join('')).toContain('WRONGPASS'));
    expect(lines.join('')).not.toContain(secret);
    expect(JSON.stringify([refusal, String((refusal as Error).stack)])).not.toContain(secret);
  });
});

it('takes addresses of Redis only, and does not repeat them', () => {
  const logger = pino({ level: 'silent' });
  expect(() => connectRedis('http://user:secret@localhost', logger)).toThrow('REDIS_URL must begin with redis://');
  expect(() => connectRedis('user:secret', logger)).not.toThrow('secret');
});
