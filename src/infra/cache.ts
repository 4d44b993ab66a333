/** Cached answers of reads: in this process, or there and on what all processes share. */
import { LRUCache } from 'lru-cache';
import { comparePositions } from '../eventsourcing/message.ts';
import type { Cache, CacheEntry } from '../projections/readCache/readCache.ts';
import type { CacheKind } from './config/config.ts';

/** Cached answers in this process, within a bound in bytes; those that were not asked for longest go first. */

/** Some 10,000 stocks of an item each: more than are hot at a time, and little beside the heap. */
const bytesMax = 16 * 1_024 * 1_024;
/** Key, entry, position, and what the map itself takes. */
const overheadBytes = 300;
/** Objects take about three times the bytes of their JSON. */
const bytesPerCharacter = 3;

interface HeldAnswer {
  readonly entry: CacheEntry;
  readonly endsMs: number;
  readonly bytes: number;
}

export const createMemoryCache = (heldBytesMax: number = bytesMax): Cache => {
  const entries = new LRUCache<string, HeldAnswer>({ maxSize: heldBytesMax, sizeCalculation: ({ bytes }) => bytes });

  const find = (key: string): CacheEntry | null => {
    const held = entries.get(key);
    if (held === undefined) return null;
    const livesMs = held.endsMs - performance.now();
    if (livesMs > 0) return { ...held.entry, livesMs };
    entries.delete(key);
    return null;
  };

  return {
    get: async (key, notBefore) => {
      const entry = find(key);
      return entry === null || comparePositions(entry.seen, notBefore) < 0 ? null : entry;
    },
    put: async (key, entry) => {
      const held = find(key);
      if (held !== null && comparePositions(held.seen, entry.seen) > 0) return;
      const bytes = overheadBytes + bytesPerCharacter * JSON.stringify(entry.value).length;
      entries.set(key, { entry, endsMs: performance.now() + entry.livesMs, bytes });
    },
  };
};

/**
 * A cache of this process before one that is shared: what is hot here costs no way over the network, and what another
 * process has read is not read again. A copy lives no longer than what it was copied from.
 */
export const createTieredCache = (near: Cache, shared: Cache): Cache => ({
  get: async (key, notBefore) => {
    const close = await near.get(key, notBefore);
    if (close !== null) return close;
    const found = await shared.get(key, notBefore);
    if (found !== null) await near.put(key, found);
    return found;
  },
  put: async (key, entry) => {
    await near.put(key, entry);
    await shared.put(key, entry);
  },
});

/**
 * `null`: off.
 * @param openShared opens the cache that all processes share; `null` where there is none.
 */
export const createCache = (kind: CacheKind, openShared: (() => Cache) | null): Cache | null => {
  if (kind === 'off') return null;
  const near = createMemoryCache();
  return kind === 'memory' || openShared === null ? near : createTieredCache(near, openShared());
};
