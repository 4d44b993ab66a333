/** What a cache on Redis does when Redis is away, frozen, emptied, or full of somebody else's. */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ConnectionKind, connectRedis } from '../../src/infra/redis/connect.ts';
import { createRedisCache } from '../../src/infra/redis/requests.ts';
import type { CacheEntry } from '../../src/projections/readCache/readCache.ts';
import { waitMaxMs } from '../contracts/make.ts';
import { launchRedis, redisLaunchMissing } from '../support/engines/redis.ts';

const at = (commit: bigint) => ({ commit, prepare: commit });
const entry: CacheEntry = { seen: at(5n), value: { onHand: 3 }, livesMs: 120_000 };

const connect = (url: string, kind: ConnectionKind): Redis => {
  const server = connectRedis(url, pino({ level: 'silent' }));
  onTestFinished(() => server.close());
  return server.open(kind);
};

/** Patient, so that a busy machine is not taken for a Redis that fails; `hasty` as in production. */
const open = async (pace: 'patient' | 'hasty' = 'patient') => {
  const server = await launchRedis();
  onTestFinished(() => server.stop());
  const redis = connect(server.url, pace === 'hasty' ? 'quick' : 'bounded');
  const bounds = pace === 'hasty' ? {} : { waitMaxMs };
  await once(redis, 'ready');
  const failures: unknown[] = [];
  const cacheOf = (prefix: string) =>
    createRedisCache(redis, { prefix, onFailure: (error) => failures.push(error), ...bounds });
  return { server, redis, cacheOf, cache: cacheOf('test:'), failures };
};

const missing = redisLaunchMissing();

describe.skipIf(missing !== null)(`a cache on Redis${missing === null ? '' : `: ${missing}`}`, () => {
  it('has nothing while Redis is away from the start, and complains to nobody', async () => {
    const redis = connect('redis://127.0.0.1:1', 'quick');
    const failures: unknown[] = [];
    const cache = createRedisCache(redis, { prefix: 'test:', onFailure: (error) => failures.push(error) });
    await cache.put('key', entry);
    expect(await cache.get('key', at(0n))).toBeNull();
    expect(failures).toEqual([]);
  });

  it('goes on without a Redis that is frozen, tells it once, and finds what is there afterwards', async () => {
    const { server, cache, failures } = await open('hasty');
    await expect
      .poll(() => cache.put('key', entry).then(() => cache.get('key', at(0n))))
      .toMatchObject({ value: entry.value });
    failures.length = 0;
    process.kill(server.pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(server.pid, 'SIGCONT'));
    // Answers come although Redis can't give any.
    const answers = await Promise.all(Array.from({ length: 50 }, () => cache.get('key', at(0n))));
    expect(new Set(answers)).toEqual(new Set([null]));
    await cache.put('key', { ...entry, seen: at(6n) });
    expect(await cache.get('key', at(0n))).toBeNull();
    expect(failures).toHaveLength(1);
    process.kill(server.pid, 'SIGCONT');
    await expect.poll(() => cache.get('key', at(0n)), { timeout: waitMaxMs }).toMatchObject({ value: entry.value });
  });

  it('does not take its own process that was busy for a Redis that is slow', async () => {
    // What a thread has read lies ready for the event loop, like bytes in a socket.
    const answered = <T>(answer: T): Promise<T> => stat(import.meta.filename).then(() => answer);
    const text = `${'5'.padStart(38, '0')}{"onHand":3}`;
    const fake: Partial<Redis> = { status: 'ready', get: () => answered(text), pttl: () => answered(120_000) };
    const cache = createRedisCache(fake as Redis, { prefix: 'test:', onFailure: () => undefined });
    for (let times = 1; times <= 3; times += 1) {
      const found = cache.get('key', at(0n));
      // Much longer than an answer may take.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      expect(await found).toMatchObject({ value: { onHand: 3 } });
    }
  });

  it('goes on without a Redis that has died', async () => {
    const { server, cache, redis } = await open();
    const closed = once(redis, 'close');
    await server.stop();
    await closed;
    await cache.put('key', entry);
    expect(await cache.get('key', at(0n))).toBeNull();
  });

  it('has nothing once Redis was emptied, and goes on', async () => {
    const { redis, cache, failures } = await open();
    await cache.put('key', entry);
    await redis.flushall();
    expect(await cache.get('key', at(0n))).toBeNull();
    await cache.put('key', { ...entry, seen: at(1n) });
    await expect.poll(() => cache.get('key', at(0n))).toMatchObject({ seen: at(1n) });
    expect(failures).toEqual([]);
  });

  it('takes nothing for an entry that it has not written', async () => {
    const { redis, cache, failures } = await open();
    const seen = '5'.padStart(38, '0');
    for (const text of ['', 'x', 'no position at all, and longer than one', seen, `${seen}{"onHand":`]) {
      await redis.set('test:cache:key', text, 'PX', 120_000);
      expect(await cache.get('key', at(0n)), text).toBeNull();
    }
    // One that never ends is nobody's either.
    await redis.set('test:cache:key', `${seen}{}`);
    expect(await cache.get('key', at(0n))).toBeNull();
    expect(failures).toEqual([]);
  });

  it('shares a server with another installation, and meets nothing of it', async () => {
    const { cacheOf } = await open();
    await cacheOf('one:').put('key', entry);
    expect(await cacheOf('two:').get('key', at(0n))).toBeNull();
    await expect.poll(() => cacheOf('one:').get('key', at(0n))).toMatchObject({ value: entry.value });
  });

  it('leaves no key there that does not end by itself, and none that is large', async () => {
    const { redis, cache } = await open();
    await cache.put('large', { ...entry, value: 'x'.repeat(100_000) });
    await cache.put('key', entry);
    await expect.poll(() => redis.keys('*')).toEqual(['test:cache:key']);
    expect(await redis.pttl('test:cache:key')).toBeGreaterThan(0);
  });
});
