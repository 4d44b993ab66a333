/** The cache that `CACHE` names. */
import type { FastifyBaseLogger } from 'fastify';
import type { Cache } from '../projections/readCache/ports.ts';
import type { CacheKind } from './config.ts';
import { createMemoryCache } from './memoryCache.ts';
import { createRedisCache } from './redis/cache.ts';
import { keyPrefix, type RedisServer } from './redis/connect.ts';
import { createTieredCache } from './tieredCache.ts';

/** `null`: off. Its connection to Redis is closed with the rest of that server's. */
export const createCache = (
  kind: CacheKind,
  redis: Pick<RedisServer, 'open'> | null,
  log: Pick<FastifyBaseLogger, 'warn'>,
): Cache | null => {
  if (kind === 'off') return null;
  const near = createMemoryCache();
  if (kind === 'memory' || redis === null) return near;
  const onFailure = (error: unknown): void => log.warn({ err: error }, 'Redis does not answer; reads go on without');
  return createTieredCache(near, createRedisCache(redis.open('quick'), { prefix: `${keyPrefix}:`, onFailure }));
};
