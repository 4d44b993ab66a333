/** Limits shared by processes, with Redis there, away and frozen. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createSlidingWindow, type SlidingWindow } from '../../src/http/slidingWindow.ts';
import { connectRedis } from '../../src/infra/redis/connect.ts';
import { createRedisCounts } from '../../src/infra/redis/requests.ts';
import { freePort } from '../support/engines/childServer.ts';
import { launchRedis, redisLaunchMissing, startRedis } from '../support/engines/redis.ts';
import { openService, type TestService } from '../support/service.ts';

const missing = redisLaunchMissing();
/** Where a window begins. */
const startMs = Date.parse('2026-11-25T12:00:00.000Z');
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Each a process of its own. */
const processOf = (url: string) => {
  const redis = connectRedis(url, pino({ level: 'silent' }));
  cleanups.push(() => redis.close());
  const shared = createRedisCounts(redis);
  const windowOf = (quota: number, nowMs: () => number = () => startMs) =>
    createSlidingWindow({ quota, lengthMs: 60_000, shared, nowMs });
  return { redis, shared, windowOf };
};

/** How many of so many get through. */
const passed = async (window: SlidingWindow, key: string, tries: number): Promise<number> => {
  let count = 0;
  for (let at = 0; at < tries; at += 1) {
    const { retryAfterMs } = await window.take(key, 1);
    if (retryAfterMs === 0) count += 1;
  }
  return count;
};

const isReady = ({ redis }: ReturnType<typeof processOf>) => expect.poll(() => redis.check()).toBeNull();

describe.skipIf(missing !== null)(`limits counted on Redis${missing === null ? '' : `: ${missing}`}`, () => {
  it('are one for all processes', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const [here, there] = [processOf(server.url), processOf(server.url)];
    await isReady(here);
    await isReady(there);
    // On a busy machine a process may give up on an answer of Redis, and counts by itself for that moment.
    await expect
      .poll(async () => {
        const key = randomUUID();
        const limits = [here.windowOf(5), there.windowOf(5)] as const;
        const counts = [await passed(limits[0], key, 3), await passed(limits[1], key, 4)];
        // It learns of the other's two with the next request that it lets through.
        const more = await passed(limits[0], key, 5);
        return [...counts, more <= 1, await passed(limits[0], randomUUID(), 2)];
      })
      .toEqual([3, 2, true, 2]);
  });

  it('are asked for once in 15 requests of 6,000, and exceeded by no more than two such steps of each process', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const processes = [processOf(server.url), processOf(server.url), processOf(server.url)];
    for (const each of processes) await isReady(each);
    const key = randomUUID();
    let asked = 0;
    const windows = processes.map(({ shared }) =>
      createSlidingWindow({
        quota: 6_000,
        lengthMs: 60_000,
        // The window before may not come into it in the middle of the test.
        nowMs: () => startMs,
        shared: {
          add: (...what) => {
            asked += 1;
            return shared.add(...what);
          },
        },
      }),
    );
    const counts = await Promise.all(windows.map((window) => passed(window, key, 4_000)));
    const all = counts.reduce((sum, count) => sum + count, 0);
    expect(all).toBeGreaterThanOrEqual(6_000);
    expect(all).toBeLessThanOrEqual(6_000 + 3 * 2 * 15);
    expect(asked).toBeLessThanOrEqual(6_000 / 15 + 3 * 2 * 2);
  });

  it('weigh the window before as all processes counted it', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const [one, other] = [processOf(server.url), processOf(server.url)];
    await isReady(one);
    await isReady(other);
    await expect
      .poll(async () => {
        const key = randomUUID();
        let nowMs = startMs;
        const clock = () => nowMs;
        const first = await passed(one.windowOf(10, clock), key, 12);
        nowMs += 60_000 + 30_000;
        return [first, await passed(other.windowOf(10, clock), key, 12)];
      })
      .toEqual([10, 5]);
  });

  it('hold in each process while Redis is away or frozen, and are one again afterwards', async () => {
    const port = await freePort();
    const one = processOf(`redis://127.0.0.1:${port}`);
    const other = processOf(`redis://127.0.0.1:${port}`);
    const limits = [one.windowOf(3), other.windowOf(3)] as const;
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
    const [one, other] = [processOf(url), processOf(url)];
    await isReady(one);
    await isReady(other);
    const [here, there] = await Promise.all(
      [one, other].map(({ shared }) =>
        openService({ requestsPerMinute: 3, running: false, adapt: () => ({ sharedCounts: shared }) }),
      ),
    );
    const someone = randomUUID();
    const who = { sub: someone, client_id: someone, roles: ['auditor'], scope: 'inventory:read' };
    const ask = (service: TestService | undefined) => service!.as(who).get('/v1/items');
    expect((await ask(here)).headers.ratelimit).toContain('r=2');
    expect((await ask(there)).headers.ratelimit).toContain('r=1');
    expect((await ask(here)).headers.ratelimit).toContain('r=0');
    await ask(there);
    expect((await ask(there)).status).toBe(429);
    expect((await ask(here)).status).toBe(429);
  });
});
