/** Where answers of reads are kept: in the process, on Redis, and on both. */
import { createMemoryCache } from '../../../src/infra/memoryCache.ts';
import type { Cache } from '../../../src/projections/ports.ts';
import type { Engine } from '../engine.ts';
import type { Make } from '../make.ts';

const alone =
  (create: () => Cache): Make<Cache> =>
  async () => {
    const adapter = create();
    return { adapter, second: adapter, close: async () => undefined };
  };

export const caches: readonly Engine[] = [{ name: 'memory', cache: alone(() => createMemoryCache()) }];
