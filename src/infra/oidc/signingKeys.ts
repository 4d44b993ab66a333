/** The signing key of the sandbox issuer, kept in a file so that tokens survive a restart. */
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';
import { readOrCreateKeyFile } from '../keyFile.ts';

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
