/** Limits that all processes count together. While Redis is away each counts for itself: nobody is shut out or let loose. */
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { keyPrefix, type RedisServer } from './connect.ts';

/** What the HTTP layer takes as `createLimiter`. On a connection of `redis`, which the caller closes. */
export const createRedisLimiters = ({ open }: RedisServer) => {
  const storeClient = open('quick');
  return (name: string, points: number, durationSeconds: number): RateLimiterRedis => {
    const limits = { points, duration: durationSeconds };
    return new RateLimiterRedis({
      ...limits,
      storeClient,
      keyPrefix: `${keyPrefix}:rate:${name}`,
      rejectIfRedisNotReady: true,
      // Whoever is refused costs Redis nothing more until his window ends.
      inMemoryBlockOnConsumed: points + 1,
      insuranceLimiter: new RateLimiterMemory(limits),
    });
  };
};
