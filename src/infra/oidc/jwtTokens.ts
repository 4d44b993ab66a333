/** Access tokens that are JWTs (RFC 9068), and what is asked of the claims of any other. With jose (R4.1, R7.2). */
import {
  type JWTClaimVerificationOptions,
  type JWTPayload,
  type JWTVerifyGetKey,
  errors as joseErrors,
  jwtVerify,
  UnsecuredJWT,
} from 'jose';
import { TokenRefused } from '../../commands/ports.ts';
import { missing, requiredText } from './claims.ts';

/** Asymmetric only: with a shared secret, a checker of tokens could also make them (RFC 8725 §3.1, §3.2). */
const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'];

/** RFC 9068 §2.2. */
const requiredClaims = ['iss', 'aud', 'sub', 'client_id', 'exp', 'iat', 'jti'];
/** RFC 7662 §2.2 leaves all of them out; without these nobody knows whose it is, for whom, and until when. */
const requiredOfIssuer = ['aud', 'sub', 'client_id', 'exp'];

/** Clocks kept by NTP differ by less; every second more is a second that an expired token lives on. */
const clockToleranceSeconds = 5;

/**
 * Most tokens can't be called back, so their lifetime is how long a stolen one works. A day is the longest that identity
 * providers give out by default; one of months is a password (ASVS 5.0 §13.2.1).
 */
export const tokenLifetimeMaxSeconds = 24 * 3600;

/** Whom tokens must come from, and for whom they must be. */
export interface TokenRules {
  /** Must equal `iss` to the letter. */
  readonly issuer: string;
  /** Must be among `aud`. */
  readonly audience: string;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

const refused = (reason: string, cause: unknown): TokenRefused => new TokenRefused(reason, { cause });

/** What is looked at, and what an issuer's defaults have in its place. */
const wrongClaims: { readonly [claim: string]: string } = {
  typ: 'The header "typ" of the token is not "at+jwt": it is no access token, or its issuer leaves RFC 9068 off.',
  iss: 'The "iss" of the token is not the issuer that this service trusts (OIDC_ISSUER).',
  aud: 'The "aud" of the token does not hold the audience of this service (OIDC_AUDIENCE).',
  nbf: 'The token is not valid yet.',
};

const claimReason = ({ claim, reason, payload }: joseErrors.JWTClaimValidationFailed): string => {
  if (reason === 'missing' && claim !== 'typ') return missing(claim, payload);
  return wrongClaims[claim] ?? `The token's "${claim}" is not accepted.`;
};

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

const boundsOf = ({ issuer, audience, nowMs }: TokenRules): JWTClaimVerificationOptions => ({
  issuer,
  audience,
  clockTolerance: clockToleranceSeconds,
  currentDate: new Date(nowMs()),
});

/** @returns its claims. @throws TokenRefused, or what `keys` throws where they can't be had. */
export const verifyJwt = async (token: string, keys: JWTVerifyGetKey, rules: TokenRules): Promise<JWTPayload> => {
  if (!token.split('.').every(isCanonical)) throw new TokenRefused('The token is not a well-formed signed JWT.');
  const { payload } = await jwtVerify(token, keys, {
    ...boundsOf(rules),
    typ: 'at+jwt',
    algorithms,
    requiredClaims,
  }).catch((error: unknown) => {
    throw refusalFor(error) ?? error;
  });
  requiredText(payload, 'jti');
  checkTimes(payload, rules.nowMs() / 1_000);
  return payload;
};

/**
 * The same checks of what the issuer itself says of a token (RFC 7662). The library checks claims as part of a JWT alone,
 * so they are put into one without a signature, which goes nowhere.
 * @returns them with a time of issue: now, where the issuer says none. @throws TokenRefused
 */
export const checkIntrospected = (claims: JWTPayload, rules: TokenRules): JWTPayload => {
  const { issuer, ...bounds } = boundsOf(rules);
  const iat = claims.iat ?? Math.floor(rules.nowMs() / 1_000);
  try {
    const { payload } = UnsecuredJWT.decode(new UnsecuredJWT({ ...claims, iat }).encode(), {
      ...bounds,
      ...(claims.iss === undefined || issuer === undefined ? {} : { issuer }),
      requiredClaims: requiredOfIssuer,
    });
    checkTimes(payload, rules.nowMs() / 1_000);
    return payload;
  } catch (error) {
    throw refusalFor(error) ?? error;
  }
};
