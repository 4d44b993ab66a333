/** Who asks, and may they (R4, R5): verifies the token, asks the policy table. */
import type { FastifyRequest } from 'fastify';
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

/** What a token must allow, and what asking for it weighs. */
export interface Asked {
  readonly operation: Operation;
  /** See `RouteDocumentation.cost`. */
  readonly cost?: number;
}

/** RFC 6750 §3: the challenge names what would do. */
export const challenge = (
  ...parameters: readonly string[]
): { readonly headers: { readonly [name: string]: string } } => ({
  headers: { 'www-authenticate': ['Bearer realm="stockledger"', ...parameters].join(', ') },
});

const asProblem = (error: unknown): unknown =>
  error instanceof TokenRefused
    ? new Problem('UNAUTHENTICATED', error.message, challenge('error="invalid_token"'))
    : error;

/** RFC 9470 §3: what kind of authentication would do, and how old it may be. */
export const stepUpProblem = (acrValues: readonly string[], maxAgeSeconds: number, why = ''): Problem =>
  new Problem(
    'STEP_UP_REQUIRED',
    `${why} Authenticate again with a phishing-resistant method.`.trim(),
    challenge(
      'error="insufficient_user_authentication"',
      `acr_values="${acrValues.join(' ')}"`,
      `max_age=${maxAgeSeconds}`,
    ),
  );

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
    case 'step_up':
      throw stepUpProblem(verdict.acrValues, verdict.maxAgeSeconds);
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
