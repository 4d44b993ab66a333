/** Every token and every proof that must be refused, sent to the whole service: 401, the right challenge, nothing recorded. */
import { generateKeyPair } from 'jose';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { proofAgeMaxSeconds, proofAheadMaxSeconds, proofAlgorithms } from '../../src/infra/oidc/dpopProofs.ts';
import { createTokenVerifier } from '../../src/infra/oidc/verifier.ts';
import { badTokens, encoded, issuer, jwks, makeToken, startMs } from '../support/badTokens.ts';
import { createHolder, type Proving } from '../support/holder.ts';
import { type Answer, type RequestHeaders, startService, type TestService } from '../support/service.ts';
import { warehouse } from './arrange.ts';

const startSeconds = startMs / 1_000;
const sku = 'TABLE-OAK-160';
const path = `/v1/warehouses/BER/inventory/${sku}/adjustments`;
const url = `http://stockledger.example${path}`;
const service: TestService = await startService({
  startMs,
  adapt: () => ({
    // Of the issuer that the corpus is made for, in place of the sandbox.
    verifier: createTokenVerifier({ issuer, audience: 'stockledger', jwks, nowMs: () => startMs }),
  }),
});
afterAll(() => service.close());

const send = (headers: RequestHeaders, method = 'POST', to = path): Promise<Answer> =>
  service
    .as(null)
    .request(method, to, { headers, ...(method === 'POST' ? { body: { delta: 1, reason: 'found' } } : {}) });

const admin = { sub: 'root', client_id: 'root', roles: ['admin'], scope: 'admin' };
const bearer = 'Bearer realm="stockledger"';
const algorithms = `algs="${proofAlgorithms.join(' ')}"`;
const badToken = {
  Bearer: `${bearer}, error="invalid_token"`,
  DPoP: `DPoP realm="stockledger", error="invalid_token", ${algorithms}`,
};
const badProof = `DPoP realm="stockledger", error="invalid_dpop_proof", ${algorithms}`;
const noToken = `${bearer}, DPoP realm="stockledger", ${algorithms}`;

let recorded: number;
const arranged = makeToken({ claims: admin }).then(async (token) => {
  const headers = { authorization: `Bearer ${token}` };
  expect((await service.as(null).put('/v1/warehouses/BER', warehouse('BER'), headers)).status).toBe(200);
  expect((await service.as(null).post('/v1/warehouses/BER/inventory', { sku, onHand: 1 }, headers)).status).toBe(201);
  await service.settled();
});
beforeEach(async () => {
  await arranged;
  recorded = await service.countEvents();
});

const expectRefused = async (answer: Answer, challenge: string): Promise<void> => {
  expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
  expect(answer.headers['www-authenticate']).toBe(challenge);
  expect(await service.countEvents()).toBe(recorded);
};

describe('a bad token', () => {
  it('is bad for what is wrong with it alone: a good one records', async () => {
    expect((await send({ authorization: `Bearer ${await makeToken()}` })).status).toBe(201);
    expect(await service.countEvents()).toBe(recorded + 1);
  });

  it.each(badTokens.filter(([what]) => !what.startsWith('bound to') && what !== 'that is empty'))(
    '%s is refused as Bearer and as DPoP',
    async (_what, make, reason) => {
      const token = await make();
      for (const scheme of ['Bearer', 'DPoP'] as const) {
        const answer = await send({ authorization: `${scheme} ${token}` });
        expect(answer.body.detail).toMatch(reason);
        await expectRefused(answer, badToken[scheme]);
      }
    },
  );

  it.each(['Bearer', 'Bearer ', 'Bearer    ', 'DPoP', 'DPoP ', 'Basic c2hvcDpzZWNyZXQ=', 'bearer,x', ''])(
    'that is none at all ("%s") is refused, and the schemes are named that would do',
    async (authorization) => {
      await expectRefused(await send({ authorization }), noToken);
    },
  );
});

const holder = await createHolder();
const thief = await createHolder();
const rsa = await createHolder('RS256');
const bound = await makeToken({ claims: { cnf: holder.confirmation } });
const another = await makeToken({ claims: { cnf: holder.confirmation, jti: 'j-2' } });
const proving: Proving = { token: bound, url, iat: startSeconds };
const { privateKey: strangersKey } = await generateKeyPair('ES256');

/** A proof that is signed by nobody, or in a way that proves nothing. */
const unsigned = (header: object, claims: object = {}): string =>
  `${encoded({ typ: 'dpop+jwt', alg: 'none', jwk: holder.jwk, ...header })}.${encoded({ htm: 'POST', htu: url, ...claims })}.`;

const badProofs: readonly (readonly [string, () => Promise<string | null> | string | null, RegExp])[] = [
  ['no proof', () => null, /exactly one header DPoP/],
  ['an empty proof', () => '', /exactly one header DPoP/],
  [
    'two proofs',
    async () => `${await holder.prove(proving)}, ${await holder.prove(proving)}`,
    /exactly one header DPoP/,
  ],
  ['garbage', () => 'garbage', /well-formed/],
  ['an access token in place of a proof', () => bound, /well-formed/],
  ['a proof of another type', () => holder.prove({ ...proving, header: { typ: 'JWT' } }), /"typ"/],
  ['a proof of no type', () => holder.prove({ ...proving, header: { typ: undefined } }), /"typ"/],
  ['a proof that nobody signed (alg none)', () => unsigned({}), /algorithm/],
  [
    'a proof signed with a shared secret',
    () => holder.prove({ ...proving, header: { alg: 'HS256' }, key: new TextEncoder().encode('x'.repeat(32)) }),
    /algorithm/,
  ],
  [
    'a proof whose key is a shared secret',
    () =>
      holder.prove({
        ...proving,
        header: { alg: 'HS256', jwk: { kty: 'oct', k: 'eHh4' } },
        key: new TextEncoder().encode('x'.repeat(32)),
      }),
    /algorithm/,
  ],
  ['a proof without its key', () => holder.prove({ ...proving, header: { jwk: undefined } }), /well-formed/],
  [
    'a proof with its private key',
    () => holder.prove({ ...proving, header: { jwk: holder.privateJwk } }),
    /well-formed/,
  ],
  ['a proof whose key is a word', () => holder.prove({ ...proving, header: { jwk: 'evil' } }), /well-formed/],
  [
    'a proof whose key is no point of the curve',
    () => holder.prove({ ...proving, header: { jwk: { ...holder.jwk, y: holder.jwk.x } } }),
    /well-formed/,
  ],
  ['a proof with a critical extension', () => unsigned({ alg: 'ES256', crit: ['x'], x: 1 }), /well-formed/],
  ['a proof signed by a stranger', () => holder.prove({ ...proving, key: strangersKey }), /signature/],
  [
    'a proof that was changed',
    async () => (await holder.prove(proving)).replace(/\.[^.]+\./, `.${encoded({ htm: 'POST' })}.`),
    /signature/,
  ],
  ['a proof of another key (a thief has the token)', () => thief.prove(proving), /another key/],
  ['a proof of another key and algorithm', () => rsa.prove(proving), /another key/],
  ['a proof for another method', () => holder.prove({ ...proving, method: 'GET' }), /"htm"/],
  ['a proof for a method in small letters', () => holder.prove({ ...proving, method: 'post' }), /"htm"/],
  ['a proof for no method', () => holder.prove({ ...proving, claims: { htm: undefined } }), /"htm"/],
  ['a proof for another path', () => holder.prove({ ...proving, url: `${url}/x` }), /"htu"/],
  ['a proof for the path in other letters', () => holder.prove({ ...proving, url: url.toLowerCase() }), /"htu"/],
  ['a proof for another host', () => holder.prove({ ...proving, url: `http://evil.example${path}` }), /"htu"/],
  [
    'a proof for another port',
    () => holder.prove({ ...proving, url: url.replace('.example', '.example:8080') }),
    /"htu"/,
  ],
  ['a proof for another scheme', () => holder.prove({ ...proving, url: url.replace('http:', 'https:') }), /"htu"/],
  ['a proof for a path without a host', () => holder.prove({ ...proving, url: path }), /"htu"/],
  ['a proof for a list of addresses', () => holder.prove({ ...proving, claims: { htu: [url] } }), /"htu"/],
  ['a proof for no address', () => holder.prove({ ...proving, claims: { htu: undefined } }), /"htu"/],
  [
    'a proof that is too old',
    () => holder.prove({ ...proving, iat: startSeconds - proofAgeMaxSeconds - 1 }),
    /too old/,
  ],
  [
    'a proof that is too new',
    () => holder.prove({ ...proving, iat: startSeconds + proofAheadMaxSeconds + 1 }),
    /future/,
  ],
  ['a proof without a time', () => holder.prove({ ...proving, claims: { iat: undefined } }), /"iat"/],
  ['a proof of a time in words', () => holder.prove({ ...proving, claims: { iat: 'now' } }), /well-formed|"iat"/],
  ['a proof that has expired', () => holder.prove({ ...proving, claims: { exp: startSeconds - 1 } }), /well-formed/],
  ['a proof for another token', () => holder.prove({ ...proving, token: another }), /"ath"/],
  ['a proof for no token', () => holder.prove({ ...proving, claims: { ath: undefined } }), /"ath"/],
  ['a proof without an id', () => holder.prove({ ...proving, claims: { jti: undefined } }), /"jti"/],
  ['a proof with an empty id', () => holder.prove({ ...proving, claims: { jti: '' } }), /"jti"/],
  ['a proof whose id is a number', () => holder.prove({ ...proving, claims: { jti: 7 } }), /"jti"/],
  ['a proof with a huge id', () => holder.prove({ ...proving, claims: { jti: 'x'.repeat(256) } }), /"jti"/],
  ['a huge proof', () => holder.prove({ ...proving, claims: { padding: 'x'.repeat(4_096) } }), /too long/],
];

describe('a token that is bound to a key', () => {
  it('records with a proof of that key, and each time with a new one', async () => {
    for (const more of [1, 2]) {
      // An end is not asked for; where there is one, it is judged by the clock of the service.
      const claims = more === 1 ? {} : { exp: startSeconds + 1 };
      const sent = { authorization: `DPoP ${bound}`, dpop: await holder.prove({ ...proving, claims }) };
      expect((await send(sent)).status).toBe(201);
      expect(await service.countEvents()).toBe(recorded + more);
    }
  });

  it.each(badProofs)('with %s is refused', async (_what, make, reason) => {
    const answer = await send({ authorization: `DPoP ${bound}`, dpop: await make() });
    expect(answer.body.detail).toMatch(reason);
    expect(answer.text).not.toMatch(/evil/);
    await expectRefused(answer, badProof);
  });

  it('with a proof that was used before is refused, also for another idempotency key', async () => {
    const sent = { authorization: `DPoP ${bound}`, dpop: await holder.prove(proving) };
    expect((await send(sent)).status).toBe(201);
    recorded += 1;
    const answer = await send(sent);
    expect(answer.body.detail).toContain('used before');
    await expectRefused(answer, badProof);
  });

  it('as Bearer is refused, with a proof and without one', async () => {
    for (const dpop of [null, await holder.prove(proving)]) {
      await expectRefused(await send({ authorization: `Bearer ${bound}`, dpop }), badToken.DPoP);
    }
  });

  it('and has expired is refused whatever the proof', async () => {
    const token = await makeToken({ claims: { cnf: holder.confirmation, exp: startSeconds - 6 } });
    const answer = await send({ authorization: `DPoP ${token}`, dpop: await holder.prove({ ...proving, token }) });
    expect(answer.body.detail).toContain('expired');
    await expectRefused(answer, badToken.DPoP);
  });
});

describe('a token that is bound to nothing', () => {
  it('is refused as DPoP, with a proof that is good', async () => {
    const token = await makeToken();
    const answer = await send({ authorization: `DPoP ${token}`, dpop: await holder.prove({ ...proving, token }) });
    expect(answer.body.detail).toContain('send it as Bearer');
    await expectRefused(answer, badToken.DPoP);
  });
});

describe('a token that is bound to a certificate', () => {
  it.each([null, 'made up', encodeURIComponent('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')])(
    'is refused on a connection that shows none, whatever a header says: %s',
    async (certificate) => {
      const token = await makeToken({ claims: { cnf: { 'x5t#S256': 'x'.repeat(43) } } });
      const answer = await send({ authorization: `Bearer ${token}`, 'x-client-certificate': certificate });
      expect(answer.body.detail).toContain('certificate that this connection has not shown');
      await expectRefused(answer, badToken.Bearer);
    },
  );

  it('and to a key needs both', async () => {
    const token = await makeToken({ claims: { cnf: { ...holder.confirmation, 'x5t#S256': 'x'.repeat(43) } } });
    const answer = await send({ authorization: `DPoP ${token}`, dpop: await holder.prove({ ...proving, token }) });
    expect(answer.body.detail).toContain('certificate');
    await expectRefused(answer, badToken.DPoP);
  });
});
