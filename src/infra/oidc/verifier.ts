/** Bearer access tokens (RFC 9068) → principals, with jose (R4.1, R4.3, R7.2). */
import { hash } from 'node:crypto';
import { type JSONWebKeySet, type JWTPayload, type JWTVerifyOptions, errors as joseErrors, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { TokenRefused, type TokenVerifier } from '../../commands/ports.ts';
import type { Principal } from '../../domain/access/principal.ts';
import { principalFromClaims } from './claims.ts';
import { createIssuerKeys } from './issuerKeys.ts';

/** Remembers for a moment which tokens were found good, so that a busy caller's signature isn't checked each time. */

/** About 10 MB at a kilobyte for a principal; more callers than that at once simply verify more often. */
const verifiedTokensMax = 10_000;

/** A key withdrawn by the issuer may go on working for this long, and no longer. */
export const rememberedMsMax = 60_000;

interface VerifiedEntry {
  readonly principal: Principal;
  readonly forgottenAtMs: number;
}

interface VerifiedTokens {
  /** Absent, or out of date at `nowMs`: undefined. */
  readonly find: (key: string, nowMs: number) => Principal | undefined;
  /** `expiresAtMs` is the token's own end; it is remembered until then or for `rememberedMsMax`, whichever is less. */
  readonly remember: (key: string, principal: Principal, expiresAtMs: number, nowMs: number) => void;
  readonly size: () => number;
}

export const createVerifiedTokens = (max: number = verifiedTokensMax): VerifiedTokens => {
  const entries = new LRUCache<string, VerifiedEntry>({ max });
  return {
    find: (key, nowMs) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.forgottenAtMs > nowMs) return entry.principal;
      entries.delete(key);
      return undefined;
    },
    remember: (key, principal, expiresAtMs, nowMs) => {
      const forgottenAtMs = Math.min(expiresAtMs, nowMs + rememberedMsMax);
      if (forgottenAtMs > nowMs) entries.set(key, { principal, forgottenAtMs });
    },
    size: () => entries.size,
  };
};

/** Asymmetric only: with a shared secret, a checker of tokens could also make them (RFC 8725 §3.1, §3.2). */
const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'];

/** RFC 9068 §2.2. */
const requiredClaims = ['iss', 'aud', 'sub', 'client_id', 'exp', 'iat', 'jti'];

/** Clocks kept by NTP differ by less; every second more is a second that an expired token lives on. */
const clockToleranceSeconds = 5;

/**
 * A token can't be called back, so its lifetime is how long a stolen one works. A day is the longest that identity
 * providers give out by default; one of months is a password (ASVS 5.0 §13.2.1).
 */
export const tokenLifetimeMaxSeconds = 24 * 3600;

/** An issuer's token with every claim we know is about 1 KB; most proxies stop headers at 8 KB anyway. */
const tokenCharsMax = 8 * 1024;

interface TokenVerifierOptions {
  /** Must equal `iss` to the letter. */
  readonly issuer: string;
  /** Must be among `aud`. */
  readonly audience: string;
  /** Keys at hand; nothing is fetched. */
  readonly jwks?: JSONWebKeySet;
  /** Where the issuer serves its keys. Without it and without `jwks`, its metadata is asked on the first token. */
  readonly jwksUri?: string;
  /** Milliseconds since 1970; the system's clock by default. */
  readonly nowMs?: () => number;
}

/** Reasons are made here and never taken from the library, so that none can carry a part of the token. */
const refusalFor = (error: unknown): TokenRefused | undefined => {
  if (error instanceof joseErrors.JWTExpired) return refused('The token has expired.', error);
  if (error instanceof joseErrors.JWTClaimValidationFailed) return refused(claimReason(error), error);
  if (error instanceof joseErrors.JOSEAlgNotAllowed) {
    return refused('The token is signed with an algorithm that is not allowed.', error);
  }
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) {
    return refused("The token's signature is not valid.", error);
  }
  if (error instanceof joseErrors.JWKSNoMatchingKey || error instanceof joseErrors.JWKSMultipleMatchingKeys) {
    return refused('The token names no key of the issuer.', error);
  }
  if (
    error instanceof joseErrors.JWSInvalid ||
    error instanceof joseErrors.JWTInvalid ||
    error instanceof joseErrors.JOSENotSupported
  ) {
    return refused('The token is not a well-formed signed JWT.', error);
  }
  return undefined;
};

const refused = (reason: string, cause: unknown): TokenRefused => new TokenRefused(reason, { cause });

const claimReason = ({ claim, reason }: joseErrors.JWTClaimValidationFailed): string => {
  if (reason === 'missing') return `The token has no "${claim}".`;
  return claim === 'nbf' ? 'The token is not valid yet.' : `The token's "${claim}" is not accepted.`;
};

/**
 * RFC 7515 §2: base64url without padding. Decoders forgive more, so that one token would have many spellings.
 * An empty part is left to the library.
 */
const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;

/** What a signature does not vouch for. */
const checkTimes = ({ exp = 0, iat = 0, auth_time: authTime }: JWTPayload, nowSeconds: number): void => {
  const latest = nowSeconds + clockToleranceSeconds;
  if (iat > latest) throw new TokenRefused('The token is not valid yet.');
  if (exp - iat > tokenLifetimeMaxSeconds) throw new TokenRefused('The token lives for too long.');
  if (typeof authTime === 'number' && authTime > latest) {
    throw new TokenRefused('The token\'s "auth_time" is in the future.');
  }
};

/**
 * A token that was found good is not checked again for at most 60 seconds, and never beyond its own end.
 * `verify` fails with TokenRefused, or with StoreUnavailable when the issuer's keys can't be had.
 * @throws when `jwksUri` or `issuer` would be fetched over plain HTTP from another machine.
 */
export const createTokenVerifier = (options: TokenVerifierOptions): TokenVerifier => {
  const nowMs = options.nowMs ?? Date.now;
  const keys = createIssuerKeys({ ...options, nowMs });
  const verified = createVerifiedTokens();
  const rules: JWTVerifyOptions = {
    issuer: options.issuer,
    audience: options.audience,
    typ: 'at+jwt',
    algorithms,
    requiredClaims,
    clockTolerance: clockToleranceSeconds,
  };

  const verifyAnew = async (token: string, key: string): Promise<Principal> => {
    if (!token.split('.').every(isCanonical)) throw new TokenRefused('The token is not a well-formed signed JWT.');
    const { payload } = await jwtVerify(token, keys, { ...rules, currentDate: new Date(nowMs()) }).catch(
      (error: unknown) => {
        throw refusalFor(error) ?? error;
      },
    );
    checkTimes(payload, nowMs() / 1000);
    const principal = principalFromClaims(payload);
    verified.remember(key, principal, (payload.exp ?? 0) * 1000, nowMs());
    return principal;
  };

  return {
    verify: async (token) => {
      if (token.length > tokenCharsMax) throw new TokenRefused('The token is too long.');
      // The digest is kept in place of the token, so that a heap dump holds no usable credentials.
      const key = hash('sha256', token, 'base64');
      return verified.find(key, nowMs()) ?? verifyAnew(token, key);
    },
  };
};
