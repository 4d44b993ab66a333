import type { Cache } from '../projections/readCache/readCache.ts';

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
