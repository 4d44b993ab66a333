/**
 * Answers of read models from a cache (R21): each is judged by the log before it is given out, and read once however
 * many ask for it. What may be seen by whom is no business of this file: it knows no caller.
 */
import { comparePositions, earlierOf, laterOf, type Position } from '../../eventsourcing/message.ts';
import type { LastChanges } from './lastChanges.ts';

/** What a read model answered, kept for a moment. Shared by reference where it is kept in memory: nobody changes it. */
export interface CacheEntry<T = unknown> {
  /** Everything up to here was folded in before the value was read. Something newer may be in it too. */
  readonly seen: Position;
  /** JSON-native. */
  readonly value: T;
  /** How much longer it may be given out, in milliseconds. */
  readonly livesMs: number;
}

/**
 * A place for answers that are asked for again and again. May forget anything at any time, and what it can't reach it
 * does not have: it never throws and never holds a caller up for longer than some ten milliseconds.
 */
export interface Cache {
  /** `null` when there is none that has seen at least `notBefore`. */
  get(key: string, notBefore: Position): Promise<CacheEntry | null>;
  /** An entry that has seen less never takes the place of one that has seen more: a slow reader may come late. */
  put(key: string, entry: CacheEntry): Promise<void>;
}

export interface Cacheable<T> {
  /** Of what it is about, never of who asks. Carries the collections that it is read from. */
  readonly key: string;
  /** All that it is made of: an event of any makes it useless. */
  readonly madeOf: readonly string[];
  /** Asks the read models. `null`: not there, and not kept. */
  readonly load: () => Promise<T | null>;
}

export interface CachedAnswer<T> {
  readonly value: T | null;
  /** `collapsed`: another one who had asked before has read it. */
  readonly from: 'hit' | 'miss' | 'collapsed';
  /** Everything up to here is in it. */
  readonly seen: Position;
}

interface ReadPositions {
  /** What the caller has seen, and the answer must have seen too. */
  readonly min: Position | null;
  /** What the read models have seen by now; at least `min`. `null`: not known here, as others fold them. */
  readonly seenNow: () => Position | null;
}

export interface ReadCache {
  read<T>(what: Cacheable<T>, positions: ReadPositions): Promise<CachedAnswer<T>>;
  close(): void;
}

/**
 * How stale an answer can be beside the lag of the read model: normally as little as this process is behind the log,
 * a few milliseconds; and this much when it can't follow the log at all. Long enough that a hot SKU is read some
 * hundred times for each time that it is loaded.
 */
const entryLivesMs = 5_000;

interface PendingRead {
  readonly seen: Position;
  readonly value: Promise<unknown>;
}

/** Before every event. */
const nothingSeen: Position = { commit: 0n, prepare: 0n };

const hasSeen = (seen: Position, least: Position): boolean => comparePositions(seen, least) >= 0;

export const createReadCache = (cache: Cache, changes: LastChanges): ReadCache => {
  /** One for each key at a time; as many keys at most as requests under way. */
  const flights = new Map<string, PendingRead>();

  const keep = async (key: string, { seen, value: loading }: PendingRead, startedMs: number): Promise<void> => {
    const value = await loading;
    const livesMs = Math.floor(startedMs + entryLivesMs - performance.now());
    if (value !== null && livesMs > 0) await cache.put(key, { seen, value, livesMs });
  };

  /** Stays until it is kept: who has asked the cache before that, and in vain, still finds it here. */
  const takeOff = (key: string, seen: Position, load: () => Promise<unknown>): PendingRead => {
    const startedMs = performance.now();
    const flight: PendingRead = { seen, value: load() };
    flights.set(key, flight);
    const land = (): void => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    void keep(key, flight, startedMs).then(land, land);
    return flight;
  };

  /**
   * A flight that has begun before the last change is joined only when one that begins now would promise no more,
   * because the read model is behind: else each request would load for itself until it has caught up.
   */
  const loadOnce = async <T>(
    { key, load }: Cacheable<T>,
    seen: Position,
    notBefore: Position = seen,
  ): Promise<CachedAnswer<T>> => {
    const flying = flights.get(key);
    const isShared = flying !== undefined && hasSeen(flying.seen, earlierOf(seen, notBefore));
    const flight = isShared ? flying : takeOff(key, seen, load);
    return { value: (await flight.value) as T | null, from: isShared ? 'collapsed' : 'miss', seen: flight.seen };
  };

  return {
    read: async <T>(what: Cacheable<T>, { min, seenNow }: ReadPositions): Promise<CachedAnswer<T>> => {
      const known = changes.of(what.madeOf);
      if (known === null) return loadOnce(what, seenNow() ?? nothingSeen);
      const { knownUpTo } = known;
      const notBefore = min === null || hasSeen(knownUpTo, min) ? known.notBefore : laterOf(known.notBefore, min);
      const entry = await cache.get(what.key, notBefore);
      if (entry !== null) return { value: entry.value as T, from: 'hit', seen: laterOf(entry.seen, knownUpTo) };
      const loaded = await loadOnce(what, seenNow() ?? nothingSeen, notBefore);
      // What has seen the last change has seen all up to where the log is known here.
      return hasSeen(loaded.seen, notBefore) ? { ...loaded, seen: laterOf(loaded.seen, knownUpTo) } : loaded;
    },
    close: changes.close,
  };
};
