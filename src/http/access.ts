/** Who asks, may they, how often (R4, R5, R8): verifies the token, asks the policy table, counts the requests. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { TokenRefused, type TokenScheme, type TokenVerifier } from '../commands/ports.ts';
import {
  type AccessVerdict,
  authorize,
  type Operation,
  type Reach,
  reachesWarehouse,
} from '../domain/access/policy.ts';
import type { Principal, Role } from '../domain/access/principal.ts';
import { unreachable } from '../eventsourcing/message.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { ReadCredentials } from './input/credentials.ts';
import { Problem } from './problems/problem.ts';

export interface Caller {
  readonly principal: Principal;
  readonly reach: Reach;
}

interface IdentifyPorts {
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
  readonly readCredentials: ReadCredentials;
}

interface Challenge {
  readonly headers: { readonly [name: string]: string };
}

/** RFC 6750 §3, RFC 9449 §7.1: the challenge names what would do, in the scheme that the token is sent in. */
const challengeIn = (
  scheme: TokenScheme,
  { proofAlgorithms }: TokenVerifier,
  ...parameters: readonly string[]
): string => {
  const algorithms = scheme === 'DPoP' ? [`algs="${proofAlgorithms.join(' ')}"`] : [];
  return `${scheme} ${['realm="stockledger"', ...parameters, ...algorithms].join(', ')}`;
};

const challenge = (...challenges: readonly string[]): Challenge => ({
  headers: { 'www-authenticate': challenges.join(', ') },
});

const asProblem = (error: unknown, sent: TokenScheme, verifier: TokenVerifier): unknown => {
  if (!(error instanceof TokenRefused)) return error;
  const extras = challenge(challengeIn(error.scheme ?? sent, verifier, `error="${error.error}"`));
  return new Problem('UNAUTHENTICATED', error.message, extras);
};

/** Who has no role at all most likely has them in a claim of another name. */
const roleMissing = (needed: readonly Role[], { roles }: Principal): string => {
  const wanted = `The token needs one of these in "roles": ${needed.join(', ')}.`;
  return roles.length > 0 ? wanted : `${wanted} It has none there; "realm_access.roles" and others are not read.`;
};

type Refusal = Exclude<AccessVerdict, { readonly kind: 'allowed' }>;

const problemOf = (
  refusal: Refusal,
  principal: Principal,
  tell: (...lacks: readonly string[]) => Challenge,
): Problem => {
  switch (refusal.kind) {
    case 'scope_missing': {
      const scope = refusal.scopes.join(' ');
      const extras = tell('error="insufficient_scope"', `scope="${scope}"`);
      return new Problem('SCOPE_MISSING', `The token needs one of these in "scope": ${scope}.`, extras);
    }
    case 'role_missing':
      return new Problem('ROLE_NOT_ALLOWED', roleMissing(refusal.roles, principal));
    case 'step_up': {
      const extras = tell(
        'error="insufficient_user_authentication"',
        `acr_values="${refusal.acrValues.join(' ')}"`,
        `max_age=${refusal.maxAgeSeconds}`,
      );
      return new Problem('STEP_UP_REQUIRED', 'Authenticate again with a phishing-resistant method.', extras);
    }
    default:
      return unreachable(refusal);
  }
};

/** @throws Problem 401 or 403 */
export const identify = async (
  request: FastifyRequest,
  operation: Operation,
  { verifier, clock, readCredentials }: IdentifyPorts,
): Promise<Caller> => {
  const credentials = readCredentials(request);
  if (credentials === null) {
    const extras = challenge(challengeIn('Bearer', verifier), challengeIn('DPoP', verifier));
    throw new Problem('UNAUTHENTICATED', 'Send an access token, as Bearer or as DPoP.', extras);
  }
  const { scheme } = credentials;
  let principal: Principal;
  try {
    principal = await verifier.verify(credentials.token, credentials);
    request.principal = principal;
  } catch (error) {
    throw asProblem(error, scheme, verifier);
  }
  const verdict = authorize(operation, principal, () => Date.parse(clock.now()) / 1_000);
  if (verdict.kind === 'allowed') return { principal, reach: verdict.reach };
  throw problemOf(verdict, principal, (...lacks) => challenge(challengeIn(scheme, verifier, ...lacks)));
};

/** Who is assigned to no warehouse at all most likely has them in a claim of another name. */
const outOfReach = ({ warehouses }: Reach): string =>
  warehouses.length > 0 ? 'No such warehouse.' : 'No such warehouse: the token names none in "warehouses".';

/** A warehouse out of reach is not found (docs/access.md). */
export const requireWarehouse = (params: unknown, { reach }: Caller): void => {
  if (typeof params !== 'object' || params === null || !('warehouseId' in params)) return;
  if (!reachesWarehouse(reach, String(params.warehouseId))) {
    throw new Problem('WAREHOUSE_NOT_FOUND', outOfReach(reach));
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
