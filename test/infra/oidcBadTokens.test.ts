import fc from 'fast-check';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { TokenRefused } from '../../src/commands/ports.ts';
import { createTokenVerifier } from '../../src/infra/oidc/verifier.ts';

const issuer = 'https://issuer.example/realm';
const startMs = Date.UTC(2026, 10, 2, 8);
const startSeconds = startMs / 1000;

const ours = await generateKeyPair('ES256', { extractable: true });
const stranger = await generateKeyPair('ES256', { extractable: true });
const jwks: JSONWebKeySet = { keys: [{ ...(await exportJWK(ours.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] };
const strangersJwk = await exportJWK(stranger.publicKey);
const goodHeader = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' };
const goodClaims = {
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

const makeToken = ({ claims = {}, header = {}, key = ours.privateKey }: Making = {}): Promise<string> =>
  new SignJWT({ ...goodClaims, ...claims }).setProtectedHeader({ ...goodHeader, ...header }).sign(key);

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const refusalOf = async (token: string): Promise<TokenRefused> => {
  // A new verifier each time: nothing is remembered from one token to the next.
  const verifier = createTokenVerifier({ issuer, audience: 'stockledger', jwks, nowMs: () => startMs });
  const outcome: unknown = await verifier.verify(token).catch((error: unknown) => error);
  if (outcome instanceof TokenRefused) return outcome;
  throw new Error('not refused as a token', { cause: outcome });
};

const payloadOf = (token: string): string => token.split('.')[1] ?? '';

/** The last letter of 86 carries four bits that no decoder looks at. */
const withUnusedBits = (token: string): string => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.at(-1) ?? '') + 1);
};

const badTokens: readonly (readonly [string, () => Promise<string> | string, RegExp])[] = [
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
  ['bound to a DPoP key (16)', () => makeToken({ claims: { cnf: { jkt: 'x'.repeat(43) } } }), /bound to a key/],
  ['bound to a certificate (16)', () => makeToken({ claims: { cnf: { 'x5t#S256': 'x' } } }), /bound to a key/],
  ['bound to nothing that we know (16)', () => makeToken({ claims: { cnf: null } }), /bound to a key/],
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
  ['of no client', () => makeToken({ claims: { client_id: undefined } }), /"client_id"/],
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

describe('a bad access token is refused', () => {
  it.each(badTokens)('when it is one %s (R4.1, R7.2)', async (_what, make, reason) => {
    const token = await make();
    const { message } = await refusalOf(token);
    expect(message).toMatch(reason);
    // Safe to show: short, and none of what was sent comes back.
    expect(message.length).toBeLessThan(80);
    expect(message).not.toContain('evil');
  });

  it('whichever letters of a good one are changed, and never with another error (R7.2)', async () => {
    const good = await makeToken();
    const alphabet = fc.constantFrom('a', 'z', 'B', 'Y', '0', '9', '-', '_', '.', '=', '+', '/', '{', '\u0000', 'é');
    const changes = fc.array(fc.tuple(fc.nat(good.length - 1), alphabet), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const changed = list.reduce((text, [at, letter]) => text.slice(0, at) + letter + text.slice(at + 1), good);
        fc.pre(changed !== good);
        await refusalOf(changed);
      }),
      { numRuns: 300 },
    );
  });
});
