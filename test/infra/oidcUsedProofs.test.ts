/** Which DPoP proofs were used: in one process, and on Redis by all of them. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import {
  createUsedProofs,
  proofAgeMaxSeconds,
  proofAheadMaxSeconds,
  proofKeptMs,
} from '../../src/infra/oidc/dpopProofs.ts';
import { connectRedis } from '../../src/infra/redis/connect.ts';
import { createRedisUsedProofs } from '../../src/infra/redis/requests.ts';
import { launchRedis, redisLaunchMissing } from '../support/engines/redis.ts';

it('a proof is remembered for longer than any clock of ours takes it', () => {
  // Made ahead by the one bound, seen by a process whose clock is behind by the other.
  expect(proofKeptMs).toBeGreaterThanOrEqual((proofAgeMaxSeconds + 2 * proofAheadMaxSeconds) * 1_000);
});

describe('the proofs that one process has seen', () => {
  it('are good once, until they are over', async () => {
    let now = 0;
    const proofs = createUsedProofs(() => now);
    expect(await proofs.use('a', '1', 100)).toBe(true);
    now = 99;
    expect([await proofs.use('a', '1', 100), await proofs.use('a', '2', 100)]).toEqual([false, true]);
    now = 100;
    expect([await proofs.use('a', '1', 100), await proofs.use('a', '2', 100)]).toEqual([true, false]);
  });

  it('are never forgotten for want of room: no more are taken until some are over', async () => {
    let now = 0;
    const proofs = createUsedProofs(() => now, 3, 2);
    expect([await proofs.use('a', '1', 100), await proofs.use('a', '2', 100)]).toEqual([true, true]);
    // One holder has no more than its share, and others go on.
    await expect(proofs.use('a', '3', 100)).rejects.toBeInstanceOf(StoreUnavailable);
    now = 1;
    expect(await proofs.use('b', '4', 100)).toBe(true);
    await expect(proofs.use('c', '5', 100)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await proofs.use('a', '1', 100)).toBe(false);
    now = 100;
    expect([await proofs.use('c', '5', 100), await proofs.use('a', '3', 100)]).toEqual([true, true]);
    await expect(proofs.use('a', '6', 100)).rejects.toBeInstanceOf(StoreUnavailable);
  });
});

const missing = redisLaunchMissing();

describe.skipIf(missing !== null)(`used proofs on Redis${missing === null ? '' : `: ${missing}`}`, () => {
  const openProcess = async (url: string) => {
    const redis = connectRedis(url, pino({ level: 'silent' }));
    onTestFinished(() => redis.close());
    const proofs = createRedisUsedProofs(redis);
    // Its connection is one of its own, and may be ready a moment later.
    await expect.poll(() => proofs.use('a', randomUUID(), 100).catch(() => false)).toBe(true);
    return { redis, proofs };
  };

  it('are good once in all processes together, and are gone when they are over', async () => {
    const server = await launchRedis();
    onTestFinished(() => server.stop());
    const [here, there] = [await openProcess(server.url), await openProcess(server.url)];
    const id = randomUUID();
    const atOnce = await Promise.all([here, there, here, there].map(({ proofs }) => proofs.use('a', id, 60_000)));
    expect(atOnce.filter((isFirst) => isFirst)).toHaveLength(1);
    const lifeMs = await here.redis.commands.pttl(`stockledger:dpop:${id}`);
    expect(lifeMs).toBeGreaterThan(0);
    expect(lifeMs).toBeLessThanOrEqual(60_000);
  });

  it('are good for nothing while Redis is away', async () => {
    const server = await launchRedis();
    const { proofs } = await openProcess(server.url);
    await server.stop();
    await expect(proofs.use('a', randomUUID(), 60_000)).rejects.toMatchObject({
      name: 'StoreUnavailable',
      outcome: 'not_written',
    });
  });
});
