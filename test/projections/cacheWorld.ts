/** A log of three stocks, read models that come behind it, and processes that hear of it later still: all driven by hand. */
import { stockStream } from '../../src/domain/values.ts';
import type { LiveListener } from '../../src/eventsourcing/consumers/liveEvents.ts';
import type { Position, RecordedEvent } from '../../src/eventsourcing/message.ts';
import { createLastChanges } from '../../src/projections/readCache/lastChanges.ts';
import {
  type Cache,
  type Cacheable,
  type CachedAnswer,
  createReadCache,
} from '../../src/projections/readCache/readCache.ts';

export const at = (commit: number): Position => ({ commit: BigInt(commit), prepare: BigInt(commit) });

/** All that the judge looks at. */
const eventAt = (sku: string, commit: number): RecordedEvent => ({
  id: String(commit),
  type: 'StockReceived',
  schemaVersion: 1,
  occurredAt: '2026-11-24T09:30:00.000Z',
  recordedAt: '2026-11-24T09:30:00.000Z',
  data: {},
  metadata: {
    $correlationId: '',
    $causationId: '',
    commandId: '',
    actor: { subject: '', kind: 'system', client: '' },
    authentication: {},
  },
  stream: stockStream('BER', sku),
  revision: commit,
  position: at(commit),
});

export interface Asking {
  readonly answer: Promise<CachedAnswer<number>>;
  readonly min: number | null;
}

export const createCacheWorld = () => {
  /** SKUs in the order of the log; positions count from 1. */
  const log: string[] = [];
  let documentsSeen = 0;
  const loading: (() => void)[] = [];
  let loads = 0;

  /** The answer about a SKU once so many events are folded in: how many of them were about it. */
  const valueAt = (sku: string, seen: number): number => log.slice(0, seen).filter((each) => each === sku).length;

  const startProcess = (cache: Cache, heldMax?: number) => {
    const listeners = new Set<LiveListener>();
    let heard = log.length;
    let modelSeen = documentsSeen;
    const live = {
      position: () => at(heard),
      subscribe: (listener: LiveListener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const { read } = createReadCache(cache, createLastChanges(live, heldMax));
    const cacheable = (sku: string): Cacheable<number> => ({
      key: sku,
      madeOf: [stockStream('BER', sku)],
      load: () => {
        loads += 1;
        const value = valueAt(sku, documentsSeen);
        return new Promise((resolve) => {
          loading.push(() => resolve(value));
        });
      },
    });
    return {
      hear: (count: number) => {
        for (let told = 0; told < count && heard < log.length; told += 1) {
          for (const listener of listeners) listener(eventAt(log[heard]!, heard + 1));
          heard += 1;
        }
      },
      /** Learns how far the read model is, which may have come further since. */
      notice: () => {
        modelSeen = documentsSeen;
      },
      modelSeen: () => modelSeen,
      ask: (sku: string, min: number | null = null): Asking => ({
        answer: read(cacheable(sku), { min: min === null ? null : at(min), seenNow: () => at(modelSeen) }),
        min,
      }),
    };
  };

  return {
    startProcess,
    valueAt,
    append: (sku: string) => void log.push(sku),
    project: (count: number) => {
      documentsSeen = Math.min(log.length, documentsSeen + count);
    },
    loads: () => loads,
    /** Lets one of the loads under way have its answer. */
    release: (index: number) => {
      loading.splice(loading.length === 0 ? 0 : index % loading.length, 1)[0]?.();
    },
    underWay: () => loading.length,
  };
};
