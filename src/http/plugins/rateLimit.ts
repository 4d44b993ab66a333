/** How many requests one caller may send (R8): the draft's headers on every answer, 429 with the time to wait. */
import type { FastifyReply } from 'fastify';
import ipaddr from 'ipaddr.js';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Problem } from '../problems/problem.ts';

const windowSeconds = 60;

export interface RateLimit {
  /** Counts one request of `key`. @throws Problem `RATE_LIMITED` */
  count(key: string, reply: FastifyReply): Promise<void>;
}

/**
 * `points` of each key within a window that begins with the first. Limits of one name are one, in whichever process they
 * count. Must answer when what they share is away.
 */
export type CreateLimiter = (
  name: string,
  points: number,
  durationSeconds: number,
) => Pick<RateLimiterAbstract, 'consume'>;

/** An IPv6 network of this length is one customer's: addresses within it cost nothing (RFC 6177). */
const ipv6PrefixBits = 64;

/** What an address is counted by: itself, and for IPv6 its network. */
export const addressKeyOf = (address: string): string => {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const [plain = ''] = parsed.toNormalizedString().split('%');
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${plain}/${ipv6PrefixBits}`).toString()}/${ipv6PrefixBits}`;
};

/** For one process alone. */
const createMemoryLimiter: CreateLimiter = (_name, points, duration) => new RateLimiterMemory({ points, duration });

/** Header fields of draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` and `RateLimit`. */
export const createRateLimit = (
  name: string,
  requestsPerMinute: number,
  createLimiter: CreateLimiter = createMemoryLimiter,
): RateLimit => {
  const limiter = createLimiter(name, requestsPerMinute, windowSeconds);
  const policy = `"${name}";q=${requestsPerMinute};w=${windowSeconds}`;

  const tell = (reply: FastifyReply, { remainingPoints, msBeforeNext }: RateLimiterRes): number => {
    const resetSeconds = Math.ceil(msBeforeNext / 1_000);
    reply.header('ratelimit-policy', policy);
    reply.header('ratelimit', `"${name}";r=${Math.max(0, remainingPoints)};t=${resetSeconds}`);
    return resetSeconds;
  };

  return {
    count: async (key, reply) => {
      try {
        tell(reply, await limiter.consume(key));
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        const seconds = tell(reply, refusal);
        throw new Problem('RATE_LIMITED', `Try again in ${seconds} s.`, {
          headers: { 'retry-after': String(Math.max(1, seconds)) },
        });
      }
    },
  };
};
