/** Keys of issuers: where those come from that check a signature, and those that the sandbox signs with. */
import { join } from 'node:path';
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  createRemoteJWKSet,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
  errors as joseErrors,
  customFetch as joseFetch,
} from 'jose';
import { None } from 'openid-client';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import { readOrCreateKeyFile } from '../keys/keyFiles.ts';
import { createPatientFetch, discoverIssuer, fetchTimeoutMs, type PatientFetch, requireSecure } from './issuer.ts';

/** Made-up key ids can make us ask the issuer at most this often. */
const unknownKeyCooldownMs = 30_000;

/** Keys that the issuer has withdrawn are trusted for this long at most. */
const keysAgeMaxMs = 10 * 60_000;

interface IssuerKeysOptions {
  readonly issuer: string;
  /** Keys at hand; nothing is fetched. */
  readonly jwks?: JSONWebKeySet;
  /** Where the issuer serves its keys. Without it and without `jwks`, OpenID Connect Discovery tells. */
  readonly jwksUri?: string;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

const discoverJwksUri = async (issuer: string, patientFetch: PatientFetch): Promise<string> => {
  const found = await discoverIssuer({ issuer, clientId: 'stockledger', authentication: None(), patientFetch });
  const { jwks_uri: jwksUri } = found.serverMetadata();
  if (jwksUri === undefined) throw new Error(`The metadata of ${issuer} names no key set.`);
  return jwksUri;
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

/** The signing key of the sandbox issuer, kept in a file so that tokens survive a restart. */

export const signingKeysFileName = 'oidc-signing-keys.json';

/** A public or private EC P-256 key with the members that a key set needs. */
interface SigningKey extends JWK {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
}

export interface SigningKeys {
  /** JWK set (RFC 7517) of ES256 private keys; the first one signs. Never leaves the process. */
  readonly privateJwks: { readonly keys: readonly (SigningKey & { readonly d: string })[] };
  /** The same keys without their private part. */
  readonly publicJwks: JSONWebKeySet;
}

type PrivateKey = SigningKeys['privateJwks']['keys'][number];

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0;

const isPrivateKey = (value: unknown): value is PrivateKey => {
  if (typeof value !== 'object' || value === null) return false;
  const key: JWK = value;
  return key.kty === 'EC' && key.crv === 'P-256' && [key.x, key.y, key.d, key.kid].every(isText);
};

const parseKeys = (text: string, path: string): readonly PrivateKey[] => {
  const keys = keysIn(text);
  // A damaged key is never replaced silently: every token issued so far would stop working without a word.
  if (keys === undefined || keys.length === 0) {
    throw new Error(`${path} is not a set of ES256 private keys. Restore it, or remove it to have a new one made.`);
  }
  return keys;
};

const keysIn = (text: string): readonly PrivateKey[] | undefined => {
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content !== 'object' || content === null || !('keys' in content)) return undefined;
    return Array.isArray(content.keys) && content.keys.every(isPrivateKey) ? content.keys : undefined;
  } catch {
    return undefined;
  }
};

const createKey = async (): Promise<PrivateKey> => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const key = { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' };
  if (!isPrivateKey(key)) throw new Error('The key generator did not return an ES256 private key.');
  return key;
};

const publicPart = ({ kty, crv, x, y, kid }: SigningKey): JWK => ({ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' });

/**
 * Reads the keys from `directory`, or makes and stores a new one when there is none. The directory is made if absent.
 * @throws when the directory can't be written or the file holds something else.
 */
export const loadSigningKeys = async (directory: string): Promise<SigningKeys> => {
  const text = await readOrCreateKeyFile(
    directory,
    signingKeysFileName,
    async () => `${JSON.stringify({ keys: [await createKey()] }, null, 2)}\n`,
  );
  const keys = parseKeys(text, join(directory, signingKeysFileName));
  return { privateJwks: { keys }, publicJwks: { keys: keys.map(publicPart) } };
};
