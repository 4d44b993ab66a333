/** Tokens that are bound to a key, sent by who holds it (DPoP, RFC 9449). What is refused: `tokenCorpus.test.ts`. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { pino } from 'pino';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { proofAgeMaxSeconds, proofAheadMaxSeconds, proofAlgorithms } from '../../src/infra/oidc/dpopProofs.ts';
import { createTokenVerifier } from '../../src/infra/oidc/verifier.ts';
import { connectRedis } from '../../src/infra/redis/connect.ts';
import { createRedisUsedProofs } from '../../src/infra/redis/requests.ts';
import { freePort } from '../support/engines/childServer.ts';
import { createHolder, type Holder } from '../support/holder.ts';
import {
  type Claims,
  openService,
  type RequestHeaders,
  startMs,
  startService,
  type TestService,
} from '../support/service.ts';
import { arrange } from './arrange.ts';

const origin = 'http://stockledger.example';
const startSeconds = startMs / 1_000;
const staff: Claims = { roles: ['warehouse_staff'], scope: 'inventory:read', warehouses: ['BER'] };
const service = await startService({ trustedProxies: ['127.0.0.1'] });
afterAll(() => service.close());
await arrange(service, { BER: { 'SOFA BLAU': 5 } });
const path = '/v1/warehouses/BER/inventory/SOFA%20BLAU';

/** The headers of a read of `path` by the holder of a token, with a proof for `htu`. */
const sentBy = async (
  holder: Holder,
  { htu = origin + path, iat = startSeconds, at = service } = {},
): Promise<RequestHeaders> => {
  const token = await at.tokenFor({ ...staff, cnf: holder.confirmation });
  const dpop = await holder.prove({ token, method: 'GET', url: htu, iat });
  return { authorization: `DPoP ${token}`, dpop };
};

const read = (headers: RequestHeaders, url = path) => service.as(null).get(url, headers);

describe('a token that is bound to a key', () => {
  it.each(proofAlgorithms)('is taken with a proof signed with %s', async (alg) => {
    expect(await read(await sentBy(await createHolder(alg)))).toMatchObject({ status: 200, body: { onHand: 5 } });
  });

  it.each([
    ['with the query of the request', `${origin}${path}?asOf=x#y`],
    ['in other letters where these mean the same', `HTTP://Stockledger.Example${path}`],
    ['with the port that goes without saying', `http://stockledger.example:80${path}`],
    ['with other escapes for the same letters', `${origin}/v1/%77arehouses/BER/inventory/SOFA%20BLAU`],
  ])('is taken with a proof for the address %s', async (_how, htu) => {
    expect((await read(await sentBy(await createHolder(), { htu }))).status).toBe(200);
  });

  it('needs a proof for the address of PUBLIC_URL, whatever a proxy or the client says of host and scheme', async () => {
    const holder = await createHolder();
    const said = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
    expect((await read({ ...(await sentBy(holder)), ...said })).status).toBe(200);
    const theirs = await sentBy(holder, { htu: `https://evil.example${path}` });
    expect((await read({ ...theirs, ...said })).status).toBe(401);
  });

  it.each([-proofAgeMaxSeconds, proofAheadMaxSeconds])(
    'is taken with a proof that is %d s from now',
    async (seconds) => {
      expect((await read(await sentBy(await createHolder(), { iat: startSeconds + seconds }))).status).toBe(200);
    },
  );

  it('is taken in any letters of the scheme, and for any method', async () => {
    const sent = await sentBy(await createHolder());
    expect((await read({ ...sent, authorization: sent.authorization?.replace('DPoP', 'dpop') ?? '' })).status).toBe(
      200,
    );
    const holder = await createHolder();
    const token = await service.tokenFor({ ...staff, cnf: holder.confirmation });
    const dpop = await holder.prove({ token, method: 'HEAD', url: origin + path, iat: startSeconds });
    expect(
      (await service.as(null).request('HEAD', path, { headers: { authorization: `DPoP ${token}`, dpop } })).status,
    ).toBe(200);
  });

  it('is taken once of several requests that come together with one proof', async () => {
    const sent = await sentBy(await createHolder());
    const answers = await Promise.all(Array.from({ length: 5 }, () => read(sent)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401, 401]);
  });

  it('is refused with two headers DPoP, as they come over a socket', async () => {
    const listening = await openService();
    const { port } = new URL(await listening.listen());
    const { authorization, dpop } = await sentBy(await createHolder(), { htu: `${origin}/v1/items`, at: listening });
    const statusWith = async (proofs: readonly (string | null | undefined)[]): Promise<number | undefined> => {
      const headers = { authorization: authorization ?? '', dpop: proofs.map((proof) => proof ?? '') };
      const asked = request({ host: '127.0.0.1', port, path: '/v1/items', headers });
      asked.end();
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    expect([await statusWith([dpop, dpop]), await statusWith([dpop, '']), await statusWith([dpop])]).toEqual([
      401, 401, 200,
    ]);
  });

  it('is as little worth to a thief while it is remembered', async () => {
    const [holder, thief] = [await createHolder(), await createHolder()];
    const sent = await sentBy(holder);
    expect((await read(sent)).status).toBe(200);
    const token = sent.authorization?.replace('DPoP ', '') ?? '';
    expect((await read({ authorization: `Bearer ${token}` })).status).toBe(401);
    const forged = await thief.prove({ token, method: 'GET', url: origin + path, iat: startSeconds });
    expect((await read({ authorization: `DPoP ${token}`, dpop: forged })).status).toBe(401);
  });

  it('hears what it lacks in the scheme that it was sent in', async () => {
    const holder = await createHolder();
    const token = await service.tokenFor({ ...staff, cnf: holder.confirmation });
    const url = '/v1/orders';
    const dpop = await holder.prove({ token, method: 'GET', url: origin + url, iat: startSeconds });
    const answer = await read({ authorization: `DPoP ${token}`, dpop }, url);
    expect(answer).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING' } });
    expect(answer.headers['www-authenticate']).toBe(
      `DPoP realm="stockledger", error="insufficient_scope", scope="orders:read", algs="${proofAlgorithms.join(' ')}"`,
    );
  });

  it('can be had from the sandbox, and its proof is good once, also when its minute is over', async () => {
    const sandboxed = await openService({ startMs: Date.now() });
    const nowSeconds = (): number => Math.floor(Date.parse(sandboxed.clock.now()) / 1_000);
    const holder = await createHolder();
    const tokenUrl = `${origin}/oidc/token`;
    const granted = await sandboxed.app.inject({
      method: 'POST',
      url: '/oidc/token',
      headers: {
        authorization: `Basic ${btoa('sandbox-support:sandbox')}`,
        'content-type': 'application/x-www-form-urlencoded',
        dpop: await holder.prove({ token: '', url: tokenUrl, iat: nowSeconds(), claims: { ath: undefined } }),
      },
      payload: 'grant_type=client_credentials',
    });
    expect(granted.json()).toMatchObject({ token_type: 'DPoP' });
    const { access_token: token } = granted.json<{ readonly access_token: string }>();
    const url = '/v1/items';
    const dpop = await holder.prove({ token, method: 'GET', url: origin + url, iat: nowSeconds() });
    const send = () => sandboxed.as(null).get(url, { authorization: `DPoP ${token}`, dpop });
    expect((await send()).status).toBe(200);
    expect((await send()).body.detail).toContain('used before');
    for (const seconds of [proofAgeMaxSeconds, 1, 3_000]) {
      sandboxed.clock.pass(seconds * 1_000);
      expect((await send()).status).toBe(401);
    }
  });
});

describe('tokens that must be bound', () => {
  const strict = (
    clients: readonly string[],
    roles: readonly ('partner' | 'warehouse_staff')[],
  ): Promise<TestService> =>
    openService({
      adapt: ({ sandbox }) => ({
        verifier: createTokenVerifier({
          issuer: `${origin}/oidc`,
          audience: 'stockledger',
          jwks: (sandbox as { readonly jwks?: never }).jwks!,
          nowMs: () => startMs,
          boundTokens: { clients, roles },
        }),
      }),
    });

  it.each([
    ['role', [], ['partner']],
    ['client', ['sandbox-partner'], []],
  ] as const)('are those of a %s that is named, and nobody else’s', async (_kind, clients, roles) => {
    const at = await strict(clients, roles);
    for (const tries of [1, 2]) {
      const refused = await at.as('sandbox-partner').get('/v1/items');
      expect(refused, String(tries)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
      expect(refused.body.detail).toContain('must be bound');
      expect(refused.headers['www-authenticate']).toMatch(
        /^DPoP realm="stockledger", error="invalid_token", algs="ES256/,
      );
    }
    expect((await at.as('sandbox-staff').get('/v1/items')).status).toBe(200);
    const holder = await createHolder();
    const bound: Claims = {
      sub: 'sandbox-partner',
      client_id: 'sandbox-partner',
      roles: ['partner'],
      scope: 'inventory:read',
      cnf: holder.confirmation,
    };
    const token = await at.tokenFor(bound);
    const dpop = await holder.prove({ token, method: 'GET', url: `${origin}/v1/items`, iat: startSeconds });
    expect((await at.as(null).get('/v1/items', { authorization: `DPoP ${token}`, dpop })).status).toBe(200);
  });
});

it('while nobody can say whether a proof was used, bound tokens wait and all others go on', async () => {
  const redis = connectRedis(`redis://127.0.0.1:${await freePort()}`, pino({ level: 'silent' }));
  onTestFinished(() => redis.close());
  const at = await openService({
    adapt: ({ sandbox }) => ({
      verifier: createTokenVerifier({
        issuer: `${origin}/oidc`,
        audience: 'stockledger',
        jwks: (sandbox as { readonly jwks?: never }).jwks!,
        nowMs: () => startMs,
        usedProofs: createRedisUsedProofs(redis),
      }),
    }),
  });
  const sent = await sentBy(await createHolder(), { htu: `${origin}/v1/items`, at });
  const answer = await at.as(null).get('/v1/items', sent);
  expect(answer).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
  expect(answer.headers['retry-after']).toBe('1');
  expect((await at.as('sandbox-staff').get('/v1/items')).status).toBe(200);
});
