/** The cache of many processes, seen by a client: it may come and go, answers don't change (R21.1, R22.2). */
import { once } from 'node:events';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCache } from '../../src/infra/cache.ts';
import { connectRedis } from '../../src/infra/redis/connect.ts';
import { openRedisCache } from '../../src/infra/redis/requests.ts';
import { launchRedis, redisLaunchMissing } from '../support/engines/redis.ts';
import { openService, type TestService } from '../support/service.ts';
import { arrange, since } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const url = `/v1/warehouses/BER/inventory/${sku}`;
const missing = redisLaunchMissing();

const openOn = async (redisUrl: string): Promise<TestService> => {
  const log = pino({ level: 'silent' });
  const redis = connectRedis(redisUrl, log);
  onTestFinished(() => redis.close());
  await once(redis.commands, 'ready');
  const connections = { open: () => redis.open('bounded') };
  const service = await openService({
    adapt: () => ({ cache: createCache('redis', () => openRedisCache(connections, log)) }),
  });
  await arrange(service, { BER: { [sku]: 5 } });
  return service;
};

describe.skipIf(missing !== null)(`reads with a cache on Redis${missing === null ? '' : `: ${missing}`}`, () => {
  it('find what they have left there, and what was changed since', async () => {
    const server = await launchRedis();
    onTestFinished(() => server.stop());
    const service = await openOn(server.url);
    const staff = service.as('sandbox-staff');
    await expect.poll(async () => (await staff.get(url)).headers['cache-status']).toBe('stockledger; hit');
    for (let pieces = 6; pieces <= 15; pieces += 1) {
      const received = await staff.post(`${url}/receipts`, { quantity: 1 });
      expect((await staff.get(url, since(received))).body.onHand).toBe(pieces);
    }
  });

  it('go on when Redis dies, without an error and with what is true', async () => {
    const server = await launchRedis();
    onTestFinished(() => server.stop());
    const service = await openOn(server.url);
    const staff = service.as('sandbox-staff');
    expect((await staff.get(url)).body.onHand).toBe(5);
    await server.stop();
    for (let pieces = 6; pieces <= 10; pieces += 1) {
      const received = await staff.post(`${url}/receipts`, { quantity: 1 });
      expect(await staff.get(url, since(received))).toMatchObject({ status: 200, body: { onHand: pieces } });
    }
  });
});
