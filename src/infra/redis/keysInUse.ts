/**
 * Idempotency keys under way, known to all processes. A hint, as Redis may be away: that nothing is done twice rests on
 * the ids derived from the key.
 */
import { randomUUID } from 'node:crypto';
import { keyPrefix, type RedisServer } from './connect.ts';

/** Longer than a command takes in health, and short for whoever tries again after a process died with its key. */
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
