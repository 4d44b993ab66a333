/** What access tokens claim: read into who asks (docs/access.md, R4.3), and made for the sandbox clients. Pure. */
import type { JWTPayload } from 'jose';
import { TokenRefused } from '../../commands/ports.ts';
import { type Principal, type Role, roles, type Scope, scopes } from '../../domain/access/principal.ts';
import { customerIdPattern, warehouseIdPattern } from '../../domain/values.ts';

/** OpenID Connect Core §2 bounds `sub` at 255 ASCII characters; a client id has no reason to be longer. */
const identifierCharsMax = 255;

const identifier = new RegExp(`^[\\x21-\\x7e]{1,${identifierCharsMax}}$`);
const warehouseId = new RegExp(warehouseIdPattern);
/** A partner's id is a pseudonym like a customer's and keeps to the same alphabet. */
const partyId = new RegExp(customerIdPattern);

const malformed = (claim: string): TokenRefused => new TokenRefused(`The token's "${claim}" claim is malformed.`);

/** Where issuers put the same by default, and where it is not looked for (docs/identity.md). */
const elsewhere: { readonly [claim: string]: string } = { client_id: 'azp' };

/** Says what is missing and where it was looked for. Nothing of the token is in it but names of claims. */
export const missing = (claim: string, claims: JWTPayload): string => {
  const other = elsewhere[claim];
  if (other === undefined || !(other in claims)) return `The token has no "${claim}".`;
  return `The token has no "${claim}"; "${other}" is not read in its place.`;
};

export const requiredText = (claims: JWTPayload, claim: string): string => {
  const value = claims[claim];
  if (value === undefined) throw new TokenRefused(missing(claim, claims));
  if (typeof value !== 'string' || !identifier.test(value)) throw malformed(claim);
  return value;
};

const optionalText = (claims: JWTPayload, claim: string, pattern: RegExp): string | undefined => {
  const value = claims[claim];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !pattern.test(value)) throw malformed(claim);
  return value;
};

const optionalTexts = (claims: JWTPayload, claim: string, pattern: RegExp): readonly string[] | undefined => {
  const value = claims[claim];
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw malformed(claim);
  return Object.freeze(
    value.map((item: unknown) => {
      if (typeof item !== 'string' || !pattern.test(item)) throw malformed(claim);
      return item;
    }),
  );
};

const optionalSeconds = (claims: JWTPayload, claim: string): number | undefined => {
  const value = claims[claim];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(claim);
  return value;
};

const optionalScopes = (claims: JWTPayload): readonly string[] => {
  const value = claims.scope;
  if (value === undefined) return [];
  if (typeof value !== 'string') throw malformed('scope');
  return value.split(' ');
};

/** What a token is bound to (RFC 7800): good only together with a proof that its sender holds it. A thief has none. */
export interface Confirmation {
  /** SHA-256 thumbprint of a public key (RFC 9449 §6.1), base64url. */
  readonly key?: string;
  /** SHA-256 of a certificate (RFC 8705 §3.1), base64url. */
  readonly certificate?: string;
}

/** SHA-256, base64url. */
const thumbprint = /^[\w-]{43}$/;

/** `null`: anybody who has it may send it. @throws TokenRefused for a binding that we could not hold anybody to. */
export const confirmationFromClaims = ({ cnf }: JWTPayload): Confirmation | null => {
  if (cnf === undefined) return null;
  if (typeof cnf !== 'object' || cnf === null) throw malformed('cnf');
  const key = optionalText({ ...cnf }, 'jkt', thumbprint);
  const certificate = optionalText({ ...cnf }, 'x5t#S256', thumbprint);
  if (key === undefined && certificate === undefined) {
    throw new TokenRefused('The token is bound by a "cnf" that has neither "jkt" nor "x5t#S256".');
  }
  return { ...(key === undefined ? {} : { key }), ...(certificate === undefined ? {} : { certificate }) };
};

/**
 * Roles and scopes that we don't know are dropped: they may mean something to others, here they open nothing.
 * Everything else must have the right shape, because a half-understood token is worse than none.
 * The result is frozen, since all requests with the same token share it.
 * @throws TokenRefused naming the claim that is missing or malformed.
 */
export const principalFromClaims = (claims: JWTPayload): Principal => {
  const subject = requiredText(claims, 'sub');
  const client = requiredText(claims, 'client_id');
  const claimedRoles = optionalTexts(claims, 'roles', identifier) ?? [];
  const claimedScopes = optionalScopes(claims);
  const partnerId = optionalText(claims, 'partnerId', partyId);
  const customerId = optionalText(claims, 'customerId', partyId);
  const acr = optionalText(claims, 'acr', identifier);
  const amr = optionalTexts(claims, 'amr', identifier);
  const authTime = optionalSeconds(claims, 'auth_time');
  return Object.freeze({
    subject,
    // RFC 9068 §2.2: where no person is involved, `sub` identifies the client itself.
    kind: subject === client ? 'client' : 'person',
    client,
    roles: Object.freeze(roles.filter((role) => claimedRoles.includes(role))),
    scopes: Object.freeze(scopes.filter((scope) => claimedScopes.includes(scope))),
    issuedAt: claims.iat ?? 0,
    warehouses: optionalTexts(claims, 'warehouses', warehouseId) ?? Object.freeze([]),
    ...(partnerId === undefined ? {} : { partnerId }),
    ...(customerId === undefined ? {} : { customerId }),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
    ...(authTime === undefined ? {} : { authTime }),
  });
};

/** The sandbox clients of docs/operations.md: one for each kind of caller, and no other. Pure data. */

/** Public on purpose: the sandbox guards nothing and does not start in production. */
export const sandboxSecret = 'sandbox';

/**
 * What the sandbox administrator's token says about the authentication behind it, so that a step-up demand
 * (RFC 9470) can be met: `phr` is "phishing-resistant" (OpenID EAP ACR Values 1.0), the methods are those of RFC 8176.
 */
export const stepUpAcr = 'phr';
export const stepUpAmr = ['hwk', 'mfa'] as const;

export interface SandboxClient {
  readonly clientId: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly Scope[];
  readonly warehouses?: readonly string[];
  readonly partnerId?: string;
  readonly customerId?: string;
  /** Whether its tokens count as freshly authenticated with a strong method. */
  readonly steppedUp?: true;
}

/** `warehouses`: ids that the staff and the partner client are assigned to. */
export const sandboxClients = (warehouses: readonly string[]): readonly SandboxClient[] => [
  { clientId: 'sandbox-admin', roles: ['admin'], scopes, steppedUp: true },
  {
    clientId: 'sandbox-staff',
    roles: ['warehouse_staff'],
    scopes: ['inventory:read', 'inventory:write', 'orders:read', 'shipments:write'],
    warehouses,
  },
  { clientId: 'sandbox-support', roles: ['customer_service'], scopes: ['inventory:read', 'orders:read'] },
  {
    clientId: 'sandbox-auditor',
    roles: ['auditor'],
    scopes: ['audit:read', 'audit:export', 'inventory:read', 'orders:read'],
  },
  {
    clientId: 'sandbox-partner',
    roles: ['partner'],
    scopes: ['inventory:read', 'inventory:write', 'orders:read', 'shipments:write', 'webhooks:manage'],
    warehouses,
    partnerId: 'sandbox-partner',
  },
  {
    clientId: 'sandbox-customer',
    roles: ['customer'],
    scopes: ['orders:read', 'orders:write'],
    customerId: 'sandbox-customer',
  },
  {
    clientId: 'sandbox-shop',
    roles: ['service'],
    scopes: ['inventory:read', 'orders:read', 'orders:write', 'webhooks:manage'],
  },
];

/** Access token claims of a client beyond those of RFC 9068. `authTime`: seconds since 1970. */
export const claimsOf = (client: SandboxClient, authTime: number): { readonly [claim: string]: unknown } => ({
  roles: client.roles,
  ...(client.warehouses === undefined ? {} : { warehouses: client.warehouses }),
  ...(client.partnerId === undefined ? {} : { partnerId: client.partnerId }),
  ...(client.customerId === undefined ? {} : { customerId: client.customerId }),
  ...(client.steppedUp === undefined ? {} : { acr: stepUpAcr, amr: stepUpAmr, auth_time: authTime }),
});
