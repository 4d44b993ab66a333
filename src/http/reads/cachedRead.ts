/** A cached answer for one request (R21): who may ask past the cache, what the answer has seen, and where it came from. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mayBypassCache } from '../../domain/access/policy.ts';
import type { Progress } from '../../eventsourcing/consumers/consumerProgress.ts';
import type { Position } from '../../eventsourcing/message.ts';
import { earlierOf } from '../../eventsourcing/message.ts';
import type { Cacheable, CachedAnswer, ReadCache } from '../../projections/readCache/readCache.ts';
import type { Caller } from '../access.ts';
import { asksPastCache, seenByAll, tellPosition } from '../input/headers.ts';

/**
 * What a read model answers, from the cache where that is as good. Whoever handles the request has checked that the
 * caller may ask, and filters the value for the caller: it is the same for all.
 */
export type Recall = <T>(what: Cacheable<T>) => Promise<T | null>;

interface Recalling {
  readonly caller: Caller;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly models: readonly Progress[];
  /** What the caller has seen, by `Stockledger-Min-Position`. */
  readonly min: Position | null;
}

/** RFC 9211 §2: `miss`, as only the key is looked up; `collapsed` when another request of the same time was answered. */
const cacheStatus: { readonly [From in CachedAnswer<unknown>['from'] | 'bypass']: string } = {
  hit: 'stockledger; hit',
  miss: 'stockledger; fwd=miss',
  collapsed: 'stockledger; fwd=miss; collapsed',
  bypass: 'stockledger; fwd=bypass',
};

export const recallFor =
  (cache: ReadCache | null, { caller, request, reply, models, min }: Recalling): Recall =>
  async (what) => {
    if (cache === null) return what.load();
    if (asksPastCache(request) && mayBypassCache(caller.principal)) {
      reply.header('cache-status', cacheStatus.bypass);
      return what.load();
    }
    const { value, from, seen } = await cache.read(what, { min, seenNow: () => seenByAll(models) });
    reply.header('cache-status', cacheStatus[from]);
    const modelsSeen = seenByAll(models);
    // The smaller is true too, and nobody has to wait for it.
    if (modelsSeen !== null) tellPosition(reply, earlierOf(seen, modelsSeen));
    return value;
  };
