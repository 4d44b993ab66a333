/** Claims of a verified access token → who asks (API.md "Who", R4.3). Pure. */
import type { JWTPayload } from 'jose';
import { TokenRefused } from '../../commands/ports.ts';
import { type Principal, roles, scopes } from '../../domain/access/principal.ts';
import { customerIdPattern, warehouseIdPattern } from '../../domain/values.ts';

/** OpenID Connect Core §2 bounds `sub` at 255 ASCII characters; a client id has no reason to be longer. */
const identifierCharsMax = 255;

const identifier = new RegExp(`^[\\x21-\\x7e]{1,${identifierCharsMax}}$`);
const warehouseId = new RegExp(warehouseIdPattern);
/** A partner's id is a pseudonym like a customer's and keeps to the same alphabet. */
const partyId = new RegExp(customerIdPattern);

const malformed = (claim: string): TokenRefused => new TokenRefused(`The token's "${claim}" claim is malformed.`);

const requiredText = (claims: JWTPayload, claim: string): string => {
  const value = claims[claim];
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

/**
 * Roles and scopes that we don't know are dropped: they may mean something to others, here they open nothing.
 * Everything else must have the right shape, because a half-understood token is worse than none.
 * The result is frozen, since all requests with the same token share it.
 * @throws TokenRefused naming the claim that is missing or malformed.
 */
export const principalFromClaims = (claims: JWTPayload): Principal => {
  // RFC 7800: it is good only together with a proof that its sender holds the key. A thief has none.
  if (claims.cnf !== undefined) throw new TokenRefused('The token is bound to a key ("cnf"); it is no bearer token.');
  const subject = requiredText(claims, 'sub');
  const client = requiredText(claims, 'client_id');
  requiredText(claims, 'jti');
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
