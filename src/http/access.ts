/** Who asks, and may they (R4, R5): verifies the token, asks the policy table. */
import type { FastifyRequest } from 'fastify';
import { TokenRefused, type TokenScheme, type TokenVerifier } from '../commands/ports.ts';
import { type AccessVerdict, authorize, type Reach, reachesWarehouse } from '../domain/access/authorize.ts';
import type { Operation } from '../domain/access/policy.ts';
import type { Principal, Role } from '../domain/access/principal.ts';
import { stepUpNeeded } from '../domain/access/stepUp.ts';
import { unreachable } from '../eventsourcing/message.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { Deletion } from './detection/deletions.ts';
import { isDeletion } from './detection/rules.ts';
import type { ReadCredentials } from './input/credentials.ts';
import { isTriedOut } from './input/headers.ts';
import { Problem } from './problems/problem.ts';

export interface Caller {
  readonly principal: Principal;
  readonly reach: Reach;
}

/** What a token must allow, and what asking for it weighs. */
export interface Asked {
  readonly operation: Operation;
  /** See `RouteDocumentation.cost`. */
  readonly cost?: number;
}

interface IdentifyPorts {
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
  /** Whose tokens are taken. */
  readonly issuer: string;
  readonly readCredentials: ReadCredentials;
  /** Whether who may do it must sign in again first. @throws Problem where that is of no use */
  readonly isStopped: (deletion: Deletion) => Promise<boolean>;
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

export const challenge = (...challenges: readonly string[]): Challenge => ({
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
    case 'person_needed':
      return new Problem('PERSON_REQUIRED', 'A person has to do this, not a client with credentials of its own.');
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
  { verifier, clock, readCredentials, isStopped, issuer }: IdentifyPorts,
): Promise<Caller> => {
  const credentials = readCredentials(request);
  if (credentials === null) {
    const extras = challenge(challengeIn('Bearer', verifier), challengeIn('DPoP', verifier));
    throw new Problem('UNAUTHENTICATED', `Send an access token of ${issuer}, as Bearer or as DPoP.`, extras);
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
  const isAllowed =
    verdict.kind === 'allowed' &&
    (isTriedOut(request) || !isDeletion(operation) || !(await isStopped({ principal, requestId: request.id })));
  if (isAllowed) return { principal, reach: verdict.reach };
  const refusal = verdict.kind === 'allowed' ? stepUpNeeded : verdict;
  throw problemOf(refusal, principal, (...lacks) => challenge(challengeIn(scheme, verifier, ...lacks)));
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
