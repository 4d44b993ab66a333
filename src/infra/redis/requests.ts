/** What requests ask Redis for: cached answers, idempotency keys in use, rate limits, and DPoP proofs that were used. */
import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import type { Redis } from 'ioredis';
import type { Position } from '../../eventsourcing/message.ts';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import type { Cache, CacheEntry } from '../../projections/readCache/readCache.ts';
import type { UsedProofs } from '../oidc/dpopProofs.ts';
import { createCircuitBreaker, within } from '../waits.ts';
import { keyPrefix, type RedisServer } from './connect.ts';

interface GuardOptions {
  /** Told once each time that Redis stops to answer. */
  readonly onFailure: (error: unknown) => void;
  /** How long a request waits for Redis; default `answerWithinMs`. */
  readonly waitMaxMs?: number;
}

interface RedisCacheOptions extends GuardOptions {
  /** Begins every key, so that two installations can share a server. */
  readonly prefix: string;
}

/** A read model answers in a few milliseconds: who waits longer for the cache than this had better asked there. */
const answerWithinMs = 25;
/** After so many failures in a row, more than a blip makes, it is left alone: */
const failuresMax = 5;
/** for so long; then one request asks, and the others go on without. */
const restMs = 1_000;
/** A Redis that keeps jobs too throws nothing away when it is full, so what is put there stays small and short. */
const entryCharactersMax = 64 * 1_024;
/** A position is a signed 64-bit integer: 19 digits. Of fixed width they sort as text, in Lua as well. */
const numberDigits = 19;
const seenDigits = 2 * numberDigits;

const formatSeen = ({ commit, prepare }: Position): string =>
  `${String(commit).padStart(numberDigits, '0')}${String(prepare).padStart(numberDigits, '0')}`;

const parseSeen = (text: string): Position => ({
  commit: BigInt(text.slice(0, numberDigits)),
  prepare: BigInt(text.slice(numberDigits, seenDigits)),
});

/** What has seen less than what is there changes nothing. */
const putScript = `
local held = redis.call('GETRANGE', KEYS[1], 0, ${seenDigits - 1})
if held ~= '' and held > ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return 1`;

/** Runs what asks Redis, or answers `null` at once while it is left alone. Never throws. */
const createGuard = (redis: Redis, { onFailure, waitMaxMs = answerWithinMs }: GuardOptions) => {
  const breaker = createCircuitBreaker({
    failuresMax,
    nextOpenMs: () => restMs,
    trialMs: restMs,
    onChange: (reason) => {
      if (reason !== null) onFailure(reason);
    },
  });
  return async <T>(ask: () => Promise<T>): Promise<T | null> => {
    // Without a connection a command would wait in a queue for one.
    if (redis.status !== 'ready' || breaker.openMs() > 0) return null;
    return breaker.run(() => within(ask(), waitMaxMs)).catch(() => null);
  };
};

/** `null` for one that is too old, and for what this service has not written. */
const entryOf = (text: string, livesMs: number, notBefore: string): CacheEntry | null => {
  const seen = text.slice(0, seenDigits);
  if (livesMs <= 0 || seen < notBefore) return null;
  try {
    return { seen: parseSeen(seen), value: JSON.parse(text.slice(seenDigits)) as unknown, livesMs };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};

/** On a connection that fails at once when Redis is away, rather than keep commands for later. */
export const createRedisCache = (redis: Redis, options: RedisCacheOptions): Cache => {
  const guarded = createGuard(redis, options);
  const keyOf = (key: string): string => `${options.prefix}cache:${key}`;

  return {
    get: (key, notBefore) =>
      guarded(async () => {
        // Two commands in one message: a life that is not known would begin anew in each process.
        const [text, life] = await Promise.all([redis.get(keyOf(key)), redis.pttl(keyOf(key))]);
        return text === null ? null : entryOf(text, life, formatSeen(notBefore));
      }),
    put: async (key, { seen, value, livesMs }) => {
      const json = JSON.stringify(value);
      if (json.length > entryCharactersMax) return;
      const life = String(Math.ceil(livesMs));
      await guarded(() => redis.eval(putScript, 1, keyOf(key), formatSeen(seen), json, life));
    },
  };
};

/** On a connection of its own, which is closed with the rest of that server's. */
export const openRedisCache = (redis: Pick<RedisServer, 'open'>, log: Pick<FastifyBaseLogger, 'warn'>): Cache =>
  createRedisCache(redis.open('quick'), {
    prefix: `${keyPrefix}:`,
    onFailure: (error) => log.warn({ err: error }, 'Redis does not answer; reads go on without'),
  });

/**
 * Idempotency keys under way, known to all processes. A hint, as Redis may be away: that nothing is done twice rests on
 * the ids derived from the key.
 */

/** Longer than a healthy command takes, and a short wait for a retry after a process died with its key. */
const heldMaxMs = 5_000;

/** Only what this process holds: after `heldMaxMs` it may be another one's. */
const releaseScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

const keyOf = (id: string): string => `${keyPrefix}:key-in-use:${id}`;

/** What the HTTP layer takes as `keysInUse`. On a connection of `redis`, which the caller closes. */
export const createRedisKeysInUse = ({ open }: Pick<RedisServer, 'open'>) => {
  const redis = open('quick');
  const owner = randomUUID();
  const held = new Set<string>();
  return {
    take: async (id: string): Promise<boolean> => {
      if (held.has(id)) return false;
      held.add(id);
      if (redis.status !== 'ready') return true;
      const isOurs = await redis.set(keyOf(id), owner, 'PX', heldMaxMs, 'NX').then(
        (answer) => answer === 'OK',
        () => true,
      );
      if (!isOurs) held.delete(id);
      return isOurs;
    },
    release: (id: string): void => {
      held.delete(id);
      if (redis.status === 'ready') redis.eval(releaseScript, 1, keyOf(id), owner).catch(() => undefined);
    },
  };
};

/**
 * Counts of requests that all processes share. While Redis is away each goes on with its own, so that limits neither end
 * nor refuse everybody. What the HTTP layer takes as `sharedCounts`. On a connection of `redis`, which the caller closes.
 */
export const createRedisCounts = ({ open }: Pick<RedisServer, 'open'>) => {
  const redis = open('quick');
  const guarded = createGuard(redis, { onFailure: () => undefined });
  const keyOf = (key: string, window: number): string => `${keyPrefix}:rate:${key}:${window}`;
  return {
    add: (key: string, { number, lengthMs }: { readonly number: number; readonly lengthMs: number }, count: number) =>
      guarded(async () => {
        const now = keyOf(key, number);
        // It is looked at until the window after it has ended.
        const replies = await redis
          .multi()
          .incrby(now, count)
          .pexpire(now, 2 * lengthMs)
          .get(keyOf(key, number - 1))
          .exec();
        const [[, current] = [], , [, previous] = []] = replies ?? [];
        return { current: Number(current), previous: Number(previous ?? 0) };
      }),
  };
};

/**
 * DPoP proofs that were used, in all processes together. Here Redis can't be done without: a process that does not know
 * whether another one has seen a proof takes none (503), while tokens that are bound to no key go on.
 */
export const createRedisUsedProofs = ({ open }: Pick<RedisServer, 'open'>): UsedProofs => {
  const redis = open('quick');
  return {
    use: async (_holder, id, keptMs) => {
      try {
        return (await redis.set(`${keyPrefix}:dpop:${id}`, '', 'PX', keptMs, 'NX')) === 'OK';
      } catch (error) {
        throw new StoreUnavailable('Redis can not say whether a DPoP proof was used before', 'not_written', error);
      }
    },
  };
};
