/** Where the keys that check a signature come from: a given set, a given address, or the issuer's metadata. */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  errors as joseErrors,
  customFetch as joseFetch,
} from 'jose';
import { allowInsecureRequests, discovery, customFetch as discoveryFetch, None } from 'openid-client';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';

/** A caller waits at most this long for keys before 503: twice what a healthy issuer across the world needs. */
const fetchTimeoutMs = 3_000;

/** Made-up key ids can make us ask the issuer at most this often. */
const unknownKeyCooldownMs = 30_000;

/** Keys that the issuer has withdrawn are trusted for this long at most. */
const keysAgeMaxMs = 10 * 60_000;

/** While the issuer is down, callers are told at once instead of each waiting for its own time-out. */
const failureBackOffMs = 1_000;

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Keys at hand; nothing is fetched. */
  readonly jwks?: JSONWebKeySet;
  /** Where the issuer serves its keys. Without it and without `jwks`, OpenID Connect Discovery tells. */
  readonly jwksUri?: string;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

/** R4.4: keys that come over plain HTTP could be anybody's, except within this machine. */
const requireSecure = (address: string): URL => {
  const url = new URL(address);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url;
  throw new Error(`${address} must be an https address, or http on a loopback address.`);
};

/** Any answer but 2xx counts as a failure, and for a while after a failure nothing is sent. */
const createPatientFetch = (nowMs: () => number) => {
  let failedAtMs = Number.NEGATIVE_INFINITY;
  return async (url: string, options: RequestInit): Promise<Response> => {
    if (nowMs() - failedAtMs < failureBackOffMs) throw new Error('The issuer could not be reached a moment ago.');
    try {
      const response = await fetch(url, options);
      if (!response.ok) throw new Error(`The issuer answered with status ${response.status}.`);
      return response;
    } catch (error) {
      failedAtMs = nowMs();
      throw error;
    }
  };
};

type PatientFetch = ReturnType<typeof createPatientFetch>;

/** Trust in the metadata rests on its naming the very issuer that was asked (OpenID Connect Discovery §4.3). */
const discoverJwksUri = async (issuer: string, patientFetch: PatientFetch): Promise<string> => {
  const url = new URL(issuer);
  const found = await discovery(url, 'stockledger', undefined, None(), {
    // `requireSecure` has let plain HTTP through for loopback addresses alone.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked deprecated by its library only to stand out
    execute: url.protocol === 'http:' ? [allowInsecureRequests] : [],
    timeout: fetchTimeoutMs / 1000,
    [discoveryFetch]: (address, { body: _noBody, ...options }) => patientFetch(address, options),
  });
  const metadata = found.serverMetadata();
  if (metadata.issuer !== issuer) throw new Error(`The metadata of ${issuer} names another issuer.`);
  if (metadata.jwks_uri === undefined) throw new Error(`The metadata of ${issuer} names no key set.`);
  return metadata.jwks_uri;
};

const createRemoteKeys = (options: IssuerKeysOptions): JWTVerifyGetKey => {
  const patientFetch = createPatientFetch(options.nowMs);
  const connect = async (): Promise<JWTVerifyGetKey> => {
    const jwksUri = options.jwksUri ?? (await discoverJwksUri(options.issuer, patientFetch));
    return createRemoteJWKSet(requireSecure(jwksUri), {
      timeoutDuration: fetchTimeoutMs,
      cooldownDuration: unknownKeyCooldownMs,
      cacheMaxAge: keysAgeMaxMs,
      [joseFetch]: patientFetch,
    });
  };
  let connected: Promise<JWTVerifyGetKey> | undefined;
  const connectOnce = (): Promise<JWTVerifyGetKey> => {
    connected ??= connect().catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  };
  return async (header, token) => {
    try {
      // Discovery waits for the first token, so that this service can start before its issuer.
      const keys = await connectOnce();
      return await keys(header, token);
    } catch (error) {
      // These two speak of the token; all others speak of the issuer.
      if (error instanceof joseErrors.JWKSNoMatchingKey) throw error;
      if (error instanceof joseErrors.JWKSMultipleMatchingKeys) throw error;
      throw new StoreUnavailable('The keys of the token issuer are not available.', 'not_written', error);
    }
  };
};

/**
 * @returns a key lookup for jose. It fails with StoreUnavailable when the issuer can't be asked.
 * @throws when an address is neither https nor on loopback.
 */
export const createIssuerKeys = (options: IssuerKeysOptions): JWTVerifyGetKey => {
  if (options.jwks !== undefined) return createLocalJWKSet(options.jwks);
  requireSecure(options.jwksUri ?? options.issuer);
  return createRemoteKeys(options);
};
