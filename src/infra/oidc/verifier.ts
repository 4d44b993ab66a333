/** Access tokens → principals (R4.1, R4.3, R7.2): checked once, remembered for a moment; their sender is checked each time. */
import { hash } from 'node:crypto';
import type { JSONWebKeySet, JWTPayload } from 'jose';
import { TokenRefused, type TokenSender, type TokenVerifier } from '../../commands/ports.ts';
import { type BoundTokens, createHolderCheck, requireBound } from './boundTokens.ts';
import { confirmationFromClaims, principalFromClaims } from './claims.ts';
import { createUsedProofs, proofAlgorithms, type UsedProofs } from './dpopProofs.ts';
import { createIntrospection, type IntrospectionClient, isAskedAbout } from './introspection.ts';
import { createIssuerKeys } from './issuerKeys.ts';
import { checkIntrospected, type TokenRules, verifyJwt } from './jwtTokens.ts';
import { createVerifiedTokens, type VerifiedToken } from './verifiedTokens.ts';

/** An issuer's token with every claim we know is about 1 KB; most proxies stop headers at 8 KB anyway. */
const tokenCharsMax = 8 * 1024;

interface TokenVerifierOptions extends Omit<TokenRules, 'nowMs'> {
  /** Keys at hand; nothing is fetched. */
  readonly jwks?: JSONWebKeySet;
  /** Where the issuer serves its keys. Without it and without `jwks`, its metadata is asked on the first token. */
  readonly jwksUri?: string;
  /** Absent: tokens are JWTs, and good until their end. */
  readonly introspection?: IntrospectionClient | undefined;
  /** Absent: nobody's must be. */
  readonly boundTokens?: BoundTokens | undefined;
  /** Absent: of this process alone. */
  readonly usedProofs?: UsedProofs | undefined;
  /** Milliseconds since 1970; the system's clock by default. */
  readonly nowMs?: () => number;
}

const bearer: TokenSender = {
  scheme: 'Bearer',
  shown: () => ({ method: '', url: '', proof: null, certificate: null }),
};

/** A JWS has three parts; what has not is opaque, whatever else it is. */
const isJwt = (token: string): boolean => token.split('.').length === 3;

/** @returns claims that were checked. */
const createClaimsOf = (options: TokenVerifierOptions, rules: TokenRules) => {
  const { introspection } = options;
  const keys = createIssuerKeys({ ...options, ...rules });
  const introspect = introspection === undefined ? null : createIntrospection({ ...introspection, ...rules });
  return async (token: string, digest: string): Promise<JWTPayload> => {
    if (introspect !== null && !isJwt(token))
      return checkIntrospected(await introspect(token, digest, 'opaque'), rules);
    // The signature goes first: one that is made up costs the issuer nothing.
    const claims = await verifyJwt(token, keys, rules);
    if (introspect !== null && isAskedAbout(introspection?.tokens ?? 'opaque', claims))
      await introspect(token, digest, 'signed');
    return claims;
  };
};

/**
 * A token that was found good is not checked again for at most 60 seconds, and never beyond its own end.
 * `verify` fails with TokenRefused, or with StoreUnavailable when what it takes to check can't be had.
 * @throws when `jwksUri` or `issuer` would be fetched over plain HTTP from another machine.
 */
export const createTokenVerifier = (options: TokenVerifierOptions): TokenVerifier => {
  const { issuer, audience, nowMs = Date.now, boundTokens = { clients: [], roles: [] } } = options;
  const claimsOf = createClaimsOf(options, { issuer, audience, nowMs });
  const checkHolder = createHolderCheck({ nowMs, used: options.usedProofs ?? createUsedProofs(nowMs) });
  const verified = createVerifiedTokens();

  const verifyAnew = async (token: string, digest: string): Promise<VerifiedToken> => {
    const claims = await claimsOf(token, digest);
    const found = { principal: principalFromClaims(claims), confirmation: confirmationFromClaims(claims) };
    requireBound(boundTokens, found);
    verified.remember(digest, found, (claims.exp ?? 0) * 1000, nowMs());
    return found;
  };

  return {
    proofAlgorithms,
    verify: async (token, sender = bearer) => {
      if (token.length > tokenCharsMax) throw new TokenRefused('The token is too long.');
      // The digest is kept in place of the token, so that a heap dump holds no usable credentials.
      const digest = hash('sha256', token, 'base64url');
      const found = verified.find(digest, nowMs()) ?? (await verifyAnew(token, digest));
      if (found.confirmation !== null || sender.scheme !== 'Bearer') await checkHolder(found, sender, digest);
      return found.principal;
    },
  };
};
