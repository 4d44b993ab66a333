/** Limits shared by processes, with Redis there, away and frozen. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { RateLimiterRes } from 'rate-limiter-flexible';
import { afterEach, describe, expect, it } from 'vitest';
import { connectRedis } from '../../src/infra/redis/connect.ts';
import { createRedisLimiters } from '../../src/infra/redis/requests.ts';
import { freePort } from '../support/engines/childServer.ts';
import { launchRedis, redisLaunchMissing, startRedis } from '../support/engines/redis.ts';
import { openService, type TestService } from '../support/service.ts';

const missing = redisLaunchMissing();
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Each a process of its own, with limits of this name. */
const limitersOf = (url: string) => {
  const redis = connectRedis(url, pino({ level: 'silent' }));
  cleanups.push(() => redis.close());
  return { redis, createLimiter: createRedisLimiters(redis) };
};

/** How many of so many get through. */
const passed = async (limiter: { consume(key: string): Promise<unknown> }, key: string, tries: number) => {
  let count = 0;
  for (let at = 0; at < tries; at += 1) {
    try {
      await limiter.consume(key);
      count += 1;
    } catch (refusal) {
      expect(refusal).toBeInstanceOf(RateLimiterRes);
      expect((refusal as RateLimiterRes).msBeforeNext).toBeGreaterThan(0);
    }
  }
  return count;
};

const isReady = ({ redis }: ReturnType<typeof limitersOf>) => expect.poll(() => redis.check()).toBeNull();

describe.skipIf(missing !== null)(`limits counted on Redis${missing === null ? '' : `: ${missing}`}`, () => {
  it('are one for all processes', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const [here, there] = [limitersOf(server.url), limitersOf(server.url)];
    await isReady(here);
    await isReady(there);
    const [name, key] = [randomUUID(), 'someone'];
    const limits = [here.createLimiter(name, 5, 60), there.createLimiter(name, 5, 60)] as const;
    expect(await passed(limits[0], key, 3)).toBe(3);
    expect(await passed(limits[1], key, 4)).toBe(2);
    expect(await passed(limits[0], key, 2)).toBe(0);
    expect(await passed(limits[0], 'someone else', 2)).toBe(2);
    expect(await passed(here.createLimiter(randomUUID(), 5, 60), key, 2)).toBe(2);
  });

  it('hold in each process while Redis is away or frozen, and are one again afterwards', async () => {
    const port = await freePort();
    const one = limitersOf(`redis://127.0.0.1:${port}`);
    const other = limitersOf(`redis://127.0.0.1:${port}`);
    const limits = [one.createLimiter('x', 3, 60), other.createLimiter('x', 3, 60)] as const;
    expect(await passed(limits[0], 'early', 5)).toBe(3);
    const server = await launchRedis(port);
    cleanups.push(() => server.stop());
    await isReady(one);
    await isReady(other);
    process.kill(server.pid, 'SIGSTOP');
    expect(await passed(limits[0], 'frozen', 5)).toBe(3);
    expect(await passed(limits[1], 'frozen', 5)).toBe(3);
    process.kill(server.pid, 'SIGCONT');
    await isReady(one);
    await isReady(other);
    await expect
      .poll(async () => {
        const key = randomUUID();
        return (await passed(limits[0], key, 2)) + (await passed(limits[1], key, 2));
      })
      .toBe(3);
  });

  it('serve the HTTP layer of several processes', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const url = server.url;
    const [one, other] = [limitersOf(url), limitersOf(url)];
    await isReady(one);
    await isReady(other);
    const [here, there] = await Promise.all(
      [one, other].map(({ createLimiter }) =>
        openService({ requestsPerMinute: 3, running: false, adapt: () => ({ createLimiter }) }),
      ),
    );
    const someone = randomUUID();
    const who = { sub: someone, client_id: someone, roles: ['auditor'], scope: 'inventory:read' };
    const ask = (service: TestService | undefined) => service!.as(who).get('/v1/items');
    expect((await ask(here)).headers.ratelimit).toContain('r=2');
    expect((await ask(there)).headers.ratelimit).toContain('r=1');
    expect((await ask(here)).headers.ratelimit).toContain('r=0');
    expect((await ask(there)).status).toBe(429);
  });
});
