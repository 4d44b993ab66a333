/** A client that holds a key, and proves it with each request (DPoP, RFC 9449). */
import { hash, randomUUID } from 'node:crypto';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';

export interface Proving {
  readonly token: string;
  readonly method?: string;
  readonly url: string;
  /** Seconds since 1970. */
  readonly iat: number;
  /** In place of the proof's own, or beside them. */
  readonly claims?: object;
  readonly header?: object;
  readonly key?: CryptoKey | Uint8Array;
}

export const createHolder = async (alg = 'ES256') => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return {
    jwk,
    privateKey,
    /** Also private, as no proof may have it. */
    privateJwk: await exportJWK(privateKey),
    /** What a token is bound to. */
    confirmation: { jkt: await calculateJwkThumbprint(jwk) },
    prove: ({
      token,
      method = 'POST',
      url,
      iat,
      claims = {},
      header = {},
      key = privateKey,
    }: Proving): Promise<string> =>
      new SignJWT({
        jti: randomUUID(),
        htm: method,
        htu: url,
        iat,
        ath: hash('sha256', token, 'base64url'),
        ...claims,
      })
        .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk, ...header })
        .sign(key),
  };
};

export type Holder = Awaited<ReturnType<typeof createHolder>>;
