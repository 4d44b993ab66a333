/** The cache that `CACHE` names. */
import type { Cache } from '../projections/readCache/readCache.ts';
import type { CacheKind } from './config/config.ts';
import { createMemoryCache } from './memoryCache.ts';
import { createTieredCache } from './tieredCache.ts';

/**
 * `null`: off.
 * @param openShared opens the cache that all processes share; `null` where there is none.
 */
export const createCache = (kind: CacheKind, openShared: (() => Cache) | null): Cache | null => {
  if (kind === 'off') return null;
  const near = createMemoryCache();
  return kind === 'memory' || openShared === null ? near : createTieredCache(near, openShared());
};
