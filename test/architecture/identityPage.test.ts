/** That docs/identity.md asks of a token what the service asks of it, and of a realm what the shipped one sets. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { confirmationFromClaims, principalFromClaims } from '../../src/infra/oidc/claims.ts';
import { tokenLifetimeMaxSeconds } from '../../src/infra/oidc/jwtTokens.ts';
import { createTokenVerifier } from '../../src/infra/oidc/verifier.ts';

const readText = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const page = readText('docs/identity.md');
const realm = readText('deploy/keycloak/stockledger-realm.json');

/** The claims of the table, each with what comes without it. */
const rows = [...page.matchAll(/^\| ((?:header )?`[^|]+) \| [^|]+ \| ([^|]+) \|$/gm)].map(
  ([, names = '', otherwise = '']) => ({
    names: [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
    otherwise: otherwise.trim(),
  }),
);
const claims = rows.flatMap(({ names }) => names).filter((name) => name !== 'typ');
const needed = rows.filter(({ otherwise }) => otherwise === '401').flatMap(({ names }) => names);

const issuer = 'https://identity.example/realm';
const nowSeconds = Date.UTC(2026, 10, 2, 8) / 1_000;
const goodClaims = {
  iss: issuer,
  aud: 'stockledger',
  sub: 'shop',
  client_id: 'shop',
  jti: 'j-1',
  iat: nowSeconds,
  exp: nowSeconds + 300,
};

const accept = async (alg: string, typ: string | undefined, payload: object): Promise<unknown> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg, use: 'sig' }] };
  const header = { alg, kid: 'k', ...(typ === undefined ? {} : { typ }) };
  const token = await new SignJWT({ ...payload }).setProtectedHeader(header).sign(privateKey);
  return createTokenVerifier({ issuer, audience: 'stockledger', jwks, nowMs: () => nowSeconds * 1_000 }).verify(token);
};

describe('docs/identity.md', () => {
  it('names every claim that the service reads, and no other', () => {
    const read = new Set(['iss', 'aud', 'exp', 'iat', 'jti']);
    const watched = new Proxy<Record<string, unknown>>(goodClaims, {
      get: (target, name) => {
        read.add(String(name));
        return target[String(name)];
      },
    });
    principalFromClaims(watched);
    confirmationFromClaims(watched);
    expect([...claims].sort()).toEqual([...read].sort());
  });

  it('names algorithms that are accepted', async () => {
    const [, sentence = ''] = /signed with ([^.]+)\./.exec(page) ?? [];
    const algorithms = sentence.match(/\w+\d+|EdDSA/g) ?? [];
    expect(algorithms).toHaveLength(4);
    for (const alg of algorithms) expect(await accept(alg, 'at+jwt', goodClaims)).toMatchObject({ client: 'shop' });
  });

  it.each(needed.map((name) => ({ name })))(
    'says rightly that a token without "$name" is refused',
    async ({ name }) => {
      const { [name as keyof typeof goodClaims]: _, ...rest } = goodClaims;
      await expect(accept('ES256', name === 'typ' ? undefined : 'at+jwt', rest)).rejects.toThrow(/token/i);
    },
  );

  it('says rightly that ID tokens, bound tokens sent as Bearer and tokens of more than a day are refused', async () => {
    expect(tokenLifetimeMaxSeconds).toBe(24 * 3_600);
    await expect(accept('ES256', 'JWT', goodClaims)).rejects.toThrow('typ');
    await expect(accept('ES256', 'at+jwt', { ...goodClaims, cnf: { jkt: 'x'.repeat(43) } })).rejects.toThrow('DPoP');
    const long = { ...goodClaims, exp: nowSeconds + tokenLifetimeMaxSeconds + 1 };
    await expect(accept('ES256', 'at+jwt', long)).rejects.toThrow('too long');
  });

  it('tells of settings that the shipped realm has', () => {
    const [, pattern = ''] = /sed 's\/([^/]+)\//.exec(page) ?? [];
    expect(realm).toContain(pattern);
    expect(realm).toContain('"access.token.header.type.rfc9068": "true"');
    expect(realm).toContain('"accessTokenLifespan": 300');
    for (const variable of realm.matchAll(/"\$\{([A-Z_]+)\}"/g)) expect(page).toContain(`${variable[1]}=`);
    const { clientScopes } = JSON.parse(realm) as { readonly clientScopes: readonly { readonly name: string }[] };
    const names = clientScopes.map(({ name }) => name);
    const told = [...page.matchAll(/client scopes? `(\w+)`(?: and `(\w+)`)?/g)].flatMap(([, one, other]) =>
      [one, other].filter((name) => name !== undefined),
    );
    expect(told.length).toBeGreaterThan(3);
    expect(told.filter((name) => !names.includes(name))).toEqual([]);
  });
});
