/** Who asks, may they, how often (R4, R5, R8): verifies the token, asks the policy table, counts the requests. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { TokenRefused, type TokenVerifier } from '../commands/ports.ts';
import { authorize, type Operation, type Reach, reachesWarehouse } from '../domain/access/policy.ts';
import type { Principal } from '../domain/access/principal.ts';
import { unreachable } from '../eventsourcing/message.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import { bearerTokenOf } from './input/headers.ts';
import { Problem } from './problems/problem.ts';

export interface Caller {
  readonly principal: Principal;
  readonly reach: Reach;
}

/** RFC 6750 §3: the challenge names what would do. */
const challenge = (...parameters: readonly string[]): { readonly headers: { readonly [name: string]: string } } => ({
  headers: { 'www-authenticate': ['Bearer realm="stockledger"', ...parameters].join(', ') },
});

const asProblem = (error: unknown): unknown =>
  error instanceof TokenRefused
    ? new Problem('UNAUTHENTICATED', error.message, challenge('error="invalid_token"'))
    : error;

/** @throws Problem 401 or 403 */
export const identify = async (
  request: FastifyRequest,
  operation: Operation,
  { verifier, clock }: { readonly verifier: TokenVerifier; readonly clock: Clock },
): Promise<Caller> => {
  const token = bearerTokenOf(request);
  if (token === null) throw new Problem('UNAUTHENTICATED', 'Send a bearer access token.', challenge());
  let principal: Principal;
  try {
    principal = await verifier.verify(token);
    request.principal = principal;
  } catch (error) {
    throw asProblem(error);
  }
  const verdict = authorize(operation, principal, () => Date.parse(clock.now()) / 1_000);
  switch (verdict.kind) {
    case 'allowed':
      return { principal, reach: verdict.reach };
    case 'scope_missing': {
      const scope = verdict.scopes.join(' ');
      const extras = challenge('error="insufficient_scope"', `scope="${scope}"`);
      throw new Problem('SCOPE_MISSING', `One of these scopes is needed: ${scope}.`, extras);
    }
    case 'role_missing':
      throw new Problem('ROLE_NOT_ALLOWED', `One of these roles is needed: ${verdict.roles.join(', ')}.`);
    case 'person_needed':
      throw new Problem('PERSON_REQUIRED', 'A person has to do this, not a client with credentials of its own.');
    case 'step_up': {
      const { acrValues, maxAgeSeconds } = verdict;
      const extras = challenge(
        'error="insufficient_user_authentication"',
        `acr_values="${acrValues.join(' ')}"`,
        `max_age=${maxAgeSeconds}`,
      );
      throw new Problem('STEP_UP_REQUIRED', 'Authenticate again with a phishing-resistant method.', extras);
    }
    default:
      return unreachable(verdict);
  }
};

/** A warehouse out of reach is not found (docs/access.md). */
export const requireWarehouse = (params: unknown, { reach }: Caller): void => {
  if (typeof params !== 'object' || params === null || !('warehouseId' in params)) return;
  if (!reachesWarehouse(reach, String(params.warehouseId))) {
    throw new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
  }
};

const windowSeconds = 60;

interface RateLimit {
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
