/** Access tokens: a good one, and those that must be refused, whoever checks them. Attackers and careless issuers make them. */
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose';

export const issuer = 'https://issuer.example/realm';
export const startMs = Date.UTC(2026, 10, 2, 8);
const startSeconds = startMs / 1000;

const ours = await generateKeyPair('ES256', { extractable: true });
const stranger = await generateKeyPair('ES256', { extractable: true });
export const jwks: JSONWebKeySet = {
  keys: [{ ...(await exportJWK(ours.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }],
};
const strangersJwk = await exportJWK(stranger.publicKey);
const goodHeader = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' };
export const goodClaims = {
  iss: issuer,
  aud: 'stockledger',
  sub: 'u-1',
  client_id: 'console',
  jti: 'j-1',
  iat: startSeconds,
  exp: startSeconds + 300,
  roles: ['warehouse_staff'],
  scope: 'inventory:read inventory:write',
  warehouses: ['BER'],
};

interface Making {
  readonly claims?: object;
  readonly header?: object;
  readonly key?: CryptoKey | Uint8Array;
}

/** Signed by the issuer's key, and good unless `making` says otherwise. */
export const makeToken = ({ claims = {}, header = {}, key = ours.privateKey }: Making = {}): Promise<string> =>
  new SignJWT({ ...goodClaims, ...claims }).setProtectedHeader({ ...goodHeader, ...header }).sign(key);

export const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const payloadOf = (token: string): string => token.split('.')[1] ?? '';

/** The last letter of 86 carries four bits that no decoder looks at. */
const withUnusedBits = (token: string): string => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.at(-1) ?? '') + 1);
};

/** What is wrong, how it is made, and what the refusal says. */
export const badTokens: readonly (readonly [string, () => Promise<string> | string, RegExp])[] = [
  [
    'signed by nobody (alg none)',
    () => `${encoded({ ...goodHeader, alg: 'none' })}.${encoded(goodClaims)}.`,
    /algorithm/,
  ],
  [
    'signed by nobody (alg none) with a signature left on',
    async () => (await makeToken()).replace(/^[^.]+/, encoded({ ...goodHeader, alg: 'none' })),
    /algorithm/,
  ],
  [
    'signed with HS256 and the public key as its secret',
    async () =>
      makeToken({ header: { alg: 'HS256' }, key: new TextEncoder().encode(await exportSPKI(ours.publicKey)) }),
    /algorithm/,
  ],
  ['of another type', () => makeToken({ header: { typ: 'JWT' } }), /"typ"/],
  ['of no type', () => makeToken({ header: { typ: undefined } }), /"typ"/],
  ['meant for others', () => makeToken({ claims: { aud: 'other' } }), /"aud"/],
  ['meant for nobody', () => makeToken({ claims: { aud: undefined } }), /"aud"/],
  ['of another issuer', () => makeToken({ claims: { iss: `${issuer}/` } }), /"iss"/],
  ['that has expired', () => makeToken({ claims: { exp: startSeconds - 6 } }), /expired/],
  ['that never expires', () => makeToken({ claims: { exp: undefined } }), /"exp"/],
  ['that expires on a word', () => makeToken({ claims: { exp: 'tomorrow' } }), /"exp"/],
  ['not valid yet', () => makeToken({ claims: { nbf: startSeconds + 60 } }), /not valid yet/],
  ['issued in the future', () => makeToken({ claims: { iat: startSeconds + 60 } }), /not valid yet/],
  ['that lives for years (16)', () => makeToken({ claims: { exp: startSeconds + 3 * 365 * 86_400 } }), /too long/],
  [
    'that lives a second more than a day (16)',
    () => makeToken({ claims: { iat: startSeconds - 86_400, exp: startSeconds + 1 } }),
    /too long/,
  ],
  ['issued before time began (16)', () => makeToken({ claims: { iat: -1e12 } }), /too long/],
  [
    'of an authentication still to come (16)',
    () => makeToken({ claims: { auth_time: startSeconds + 6 } }),
    /auth_time/,
  ],
  ['bound to a DPoP key (16)', () => makeToken({ claims: { cnf: { jkt: 'x'.repeat(43) } } }), /send it as DPoP/],
  ['bound to a certificate (16)', () => makeToken({ claims: { cnf: { 'x5t#S256': 'x'.repeat(43) } } }), /certificate/],
  ['bound to a thumbprint that is none', () => makeToken({ claims: { cnf: { 'x5t#S256': 'x' } } }), /"x5t#S256"/],
  ['bound to a key that is a list', () => makeToken({ claims: { cnf: { jkt: ['x'.repeat(43)] } } }), /"jkt"/],
  ['bound to nothing (16)', () => makeToken({ claims: { cnf: null } }), /"cnf" claim is malformed/],
  ['bound to nothing that we know (16)', () => makeToken({ claims: { cnf: { kid: 'k1' } } }), /neither "jkt" nor/],
  ['with padding behind it (16)', async () => `${await makeToken()}==`, /well-formed/],
  ['with padding within it (16)', async () => (await makeToken()).replaceAll('.', '=.'), /well-formed/],
  [
    'in another base64 alphabet (16)',
    async () => `${(await makeToken()).replaceAll('-', '+').replaceAll('_', '/')}=`,
    /well-formed/,
  ],
  ['with white space in it (16)', async () => (await makeToken()).replace('.', '. '), /well-formed/],
  ['with unused bits set (16)', async () => withUnusedBits(await makeToken()), /well-formed/],
  ['of no one', () => makeToken({ claims: { sub: undefined } }), /"sub"/],
  ['of a subject with an empty name', () => makeToken({ claims: { sub: '' } }), /"sub"/],
  ['of a subject with a name too long', () => makeToken({ claims: { sub: 's'.repeat(256) } }), /"sub"/],
  ['of no client', () => makeToken({ claims: { client_id: undefined } }), /has no "client_id"\.$/],
  [
    'of a client in another claim, as Keycloak has it',
    () => makeToken({ claims: { client_id: undefined, azp: 'evil' } }),
    /no "client_id"; "azp" is not read/,
  ],
  ['with a number for an id', () => makeToken({ claims: { jti: 1 } }), /"jti"/],
  ['without an id', () => makeToken({ claims: { jti: undefined } }), /"jti"/],
  ['without a time of issue', () => makeToken({ claims: { iat: undefined } }), /"iat"/],
  ['with roles that are no list', () => makeToken({ claims: { roles: 'admin' } }), /"roles"/],
  ['with scopes that are no text', () => makeToken({ claims: { scope: ['admin'] } }), /"scope"/],
  ['with a warehouse that is no id', () => makeToken({ claims: { warehouses: ['BER', 'P.R'] } }), /"warehouses"/],
  ['with warehouses that are no list', () => makeToken({ claims: { warehouses: 'BER' } }), /"warehouses"/],
  ['with a partner that is an object', () => makeToken({ claims: { partnerId: { $ne: '' } } }), /"partnerId"/],
  ['with a customer that is an address', () => makeToken({ claims: { customerId: 'a@b.example' } }), /"customerId"/],
  ['with a time of authentication in words', () => makeToken({ claims: { auth_time: 'now' } }), /"auth_time"/],
  [
    'whose payload was changed',
    async () => {
      const token = await makeToken();
      return token.replace(payloadOf(token), encoded({ ...goodClaims, roles: ['admin'] }));
    },
    /signature/,
  ],
  ['whose signature was cut off', async () => (await makeToken()).replace(/[^.]+$/, ''), /signature|well-formed/],
  ['signed by a stranger', () => makeToken({ key: stranger.privateKey }), /signature/],
  [
    'that brings its own key (jwk)',
    () => makeToken({ key: stranger.privateKey, header: { jwk: strangersJwk } }),
    /signature/,
  ],
  [
    'that brings its own certificate (x5c, x5u)',
    () => makeToken({ key: stranger.privateKey, header: { x5u: 'https://evil.example/x5u', x5c: ['evil'] } }),
    /signature/,
  ],
  [
    'that names its own key set (jku)',
    () => makeToken({ key: stranger.privateKey, header: { jku: 'https://evil.example/jwks', kid: 'evil' } }),
    /no key/,
  ],
  ['of an unknown key', () => makeToken({ header: { kid: 'k2' } }), /no key/],
  ['whose key id is a path', () => makeToken({ header: { kid: '../../dev/null' } }), /no key/],
  ['with a critical extension', () => `${encoded({ ...goodHeader, crit: ['x'], x: 1 })}.e30.AAAA`, /well-formed/],
  ['that is garbage', () => 'garbage', /well-formed/],
  ['that is garbage in three parts', () => 'a.b.c', /well-formed/],
  ['that is empty', () => '', /well-formed/],
  ['that is encrypted', () => 'a.b.c.d.e', /well-formed/],
  ['that is well signed but huge', () => makeToken({ claims: { padding: 'x'.repeat(10_000) } }), /too long/],
];
