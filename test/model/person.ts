/** A token of a person: the sandbox has programs only, and no program approves. Signed with the key of its issuer. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importJWK, type JWK, SignJWT } from 'jose';
import { assigned } from './known.ts';

interface KeyFile {
  readonly keys: readonly [JWK, ...JWK[]];
}

/** Staff of the assigned warehouses, signed in just now with a hardware key. */
export const personToken = async (origin: string, dataDir: string): Promise<string> => {
  const { keys } = JSON.parse(await readFile(join(dataDir, 'oidc-signing-keys.json'), 'utf8')) as KeyFile;
  const [jwk] = keys;
  const seconds = Math.floor(Date.now() / 1_000);
  return new SignJWT({
    iss: `http://localhost:${new URL(origin).port}/oidc`,
    aud: 'stockledger',
    sub: 'person',
    client_id: 'console',
    jti: randomUUID(),
    iat: seconds,
    exp: seconds + 3_600,
    scope: 'inventory:read inventory:write orders:read',
    roles: ['warehouse_staff'],
    warehouses: assigned,
    acr: 'phr',
    auth_time: seconds,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) })
    .sign(await importJWK(jwk, 'ES256'));
};
