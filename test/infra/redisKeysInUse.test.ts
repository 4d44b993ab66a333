/** Idempotency keys under way, shared by processes. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectRedis } from '../../src/infra/redis/connect.ts';
import { createRedisKeysInUse } from '../../src/infra/redis/requests.ts';
import { freePort } from '../support/engines/childServer.ts';
import { redisMissing, startRedis } from '../support/engines/redis.ts';

const missing = redisMissing();

/** A process of its own. */
const processOn = (url: string) => {
  const redis = connectRedis(url, pino({ level: 'silent' }));
  onTestFinished(() => redis.close());
  return { redis, keys: createRedisKeysInUse(redis) };
};

describe.skipIf(missing !== null)(`keys in use on Redis${missing === null ? '' : `: ${missing}`}`, () => {
  it('are one request at a time, whichever process has it, and free again when it is done', async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const [here, there] = [processOn(server.url), processOn(server.url)];
    await expect.poll(() => here.redis.check()).toBeNull();
    await expect.poll(() => there.redis.check()).toBeNull();
    const id = randomUUID();
    // Its connection is one of its own, and may be ready a moment later.
    await expect
      .poll(async () => {
        const probe = randomUUID();
        return [await here.keys.take(probe), await there.keys.take(probe)];
      })
      .toEqual([true, false]);
    expect(await here.keys.take(id)).toBe(true);
    expect(await here.keys.take(id)).toBe(false);
    expect(await there.keys.take(id)).toBe(false);
    there.keys.release(id);
    expect(await there.keys.take(id)).toBe(false);
    here.keys.release(id);
    await expect.poll(() => there.keys.take(id)).toBe(true);
  });
});

describe('keys in use without Redis', () => {
  it('are known in the process at least, and nobody is turned away', async () => {
    const { keys } = processOn(`redis://127.0.0.1:${await freePort()}`);
    const id = randomUUID();
    expect(await keys.take(id)).toBe(true);
    expect(await keys.take(id)).toBe(false);
    keys.release(id);
    expect(await keys.take(id)).toBe(true);
  });
});
