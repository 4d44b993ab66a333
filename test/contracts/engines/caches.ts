/** Where answers of reads are kept: in the process, on Redis, and on both. */
import { once } from 'node:events';
import { pino } from 'pino';
import { createMemoryCache, createTieredCache } from '../../../src/infra/cache.ts';
import { connectRedis } from '../../../src/infra/redis/connect.ts';
import { createRedisCache } from '../../../src/infra/redis/requests.ts';
import type { Cache } from '../../../src/projections/readCache/readCache.ts';
import { redisMissing, startRedis } from '../../support/engines/redis.ts';
import type { Engine } from '../engine.ts';
import { type Make, uniqueName, waitMaxMs } from '../make.ts';

const inMemory: Make<Cache> = async () => {
  const adapter = createMemoryCache();
  return { adapter, second: adapter, close: async () => undefined };
};

/** Patient, as the suite is about what is kept; what happens when Redis is slow is tested by itself. */
const onRedis =
  (around: (shared: Cache) => Cache): Make<Cache> =>
  async () => {
    const server = await startRedis();
    const redis = connectRedis(server.url, pino({ level: 'silent' }));
    const prefix = uniqueName('contract');
    const open = async (): Promise<Cache> => {
      const connection = redis.open('bounded');
      await once(connection, 'ready');
      const onFailure = (error: unknown): void => {
        throw new Error('Redis has failed the suite', { cause: error });
      };
      return around(createRedisCache(connection, { prefix, onFailure, waitMaxMs }));
    };
    return {
      adapter: await open(),
      second: await open(),
      close: async () => {
        redis.close();
        await server.stop();
      },
    };
  };

export const caches: readonly Engine[] = [
  { name: 'memory', cache: inMemory },
  { name: 'redis', server: 'redis', missing: redisMissing(), cache: onRedis((shared) => shared) },
  {
    name: 'memory before redis',
    server: 'redis',
    missing: redisMissing(),
    cache: onRedis((shared) => createTieredCache(createMemoryCache(), shared)),
  },
];
