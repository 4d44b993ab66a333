/** Tokens that the issuer is asked about (RFC 7662): opaque ones, and signed ones that it may have called back. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TokenRefused, type TokenVerifier } from '../../src/commands/ports.ts';
import { StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import type { IntrospectedTokens } from '../../src/infra/oidc/introspection.ts';
import { rememberedMsMax } from '../../src/infra/oidc/verifiedTokens.ts';
import { createTokenVerifier } from '../../src/infra/oidc/verifier.ts';
import { openService } from '../support/service.ts';

const keys = await generateKeyPair('ES256', { extractable: true });
const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
const startMs = Date.UTC(2026, 10, 2, 8);
const startSeconds = startMs / 1_000;
/** Form-encoded before it is sent (RFC 6749 §2.3.1). */
const clientSecret = 's3cret: with signs?';

/** What was asked at the introspection endpoint. */
interface Question {
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
}

let server: Server;
let issuer: string;
let questions: Question[];
let status: number;
let metadata: { [name: string]: unknown };
let known: { [token: string]: { [claim: string]: unknown } };
let held: (() => void)[] | null;
let nowMs: number;

const answerTo = async (path: string, question: Question): Promise<unknown> => {
  if (path === '/.well-known/openid-configuration') return metadata;
  if (path === '/jwks') return { keys: [jwk] };
  questions.push(question);
  if (held !== null) await new Promise<void>((release) => held?.push(release));
  return known[question.form.get('token') ?? ''] ?? { active: false };
};

beforeEach(async () => {
  questions = [];
  status = 200;
  held = null;
  nowMs = startMs;
  server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const question = { authorization: request.headers.authorization, form: new URLSearchParams(body) };
      const answer = await answerTo(request.url ?? '', question);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  metadata = { issuer, jwks_uri: `${issuer}/jwks`, introspection_endpoint: `${issuer}/introspect` };
  known = { opaque: active() };
});
afterEach(async () => {
  for (const release of held ?? []) release();
  await new Promise((closed) => {
    server.close(closed);
    server.closeAllConnections();
  });
});

const active = (changes: object = {}) => ({
  active: true,
  token_type: 'Bearer',
  aud: ['stockledger', 'other'],
  sub: 'u-1',
  client_id: 'console',
  exp: startSeconds + 300,
  roles: ['auditor'],
  scope: 'audit:read',
  ...changes,
});

const makeVerifier = (tokens: IntrospectedTokens = 'opaque'): TokenVerifier =>
  createTokenVerifier({
    issuer,
    audience: 'stockledger',
    nowMs: () => nowMs,
    introspection: { clientId: 'stockledger-api', clientSecret, tokens },
  });

const signed = (changes: object = {}): Promise<string> =>
  new SignJWT({ iss: issuer, jti: 'j-1', iat: startSeconds, ...active(), ...changes })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
    .sign(keys.privateKey);

const outcomeOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('an opaque token', () => {
  it('is who the issuer says, who is asked as a client with its secret', async () => {
    expect(await makeVerifier().verify('opaque')).toEqual({
      subject: 'u-1',
      kind: 'person',
      client: 'console',
      roles: ['auditor'],
      scopes: ['audit:read'],
      warehouses: [],
      issuedAt: startSeconds,
    });
    const [{ authorization, form } = { authorization: '', form: new URLSearchParams() }] = questions;
    expect(Object.fromEntries(form)).toEqual({ token: 'opaque', token_type_hint: 'access_token' });
    const parts = atob(authorization?.replace('Basic ', '') ?? '').split(':');
    expect(parts.map((part) => decodeURIComponent(part.replaceAll('+', '%20')))).toEqual([
      'stockledger-api',
      clientSecret,
    ]);
  });

  it('is asked about once a minute, and not beyond its end', async () => {
    const verifier = makeVerifier();
    known.short = active({ exp: startSeconds + 20 });
    for (const token of ['opaque', 'opaque', 'short', 'short']) await verifier.verify(token);
    expect(questions).toHaveLength(2);
    nowMs += rememberedMsMax - 1;
    await verifier.verify('opaque');
    expect(await outcomeOf(verifier.verify('short'))).toMatchObject({ message: 'The token has expired.' });
    nowMs += 1;
    await verifier.verify('opaque');
    expect(questions).toHaveLength(4);
  });

  it('that was called back is refused within a minute', async () => {
    const verifier = makeVerifier();
    await verifier.verify('opaque');
    delete known.opaque;
    nowMs += rememberedMsMax;
    expect(await outcomeOf(verifier.verify('opaque'))).toBeInstanceOf(TokenRefused);
  });

  it.each([
    ['is not active', { active: false }, /does not know the token/],
    ['is not active any more', active({ active: false }), /does not know the token/],
    ['is a refresh token', active({ token_type: 'refresh_token' }), /does not know the token/],
    ['is of a kind that nobody names', active({ token_type: undefined }), /does not know the token/],
    ['is of another issuer', active({ iss: 'https://evil.example' }), /"iss"/],
    ['is for others', active({ aud: 'other' }), /"aud"/],
    ['is for nobody', active({ aud: undefined }), /has no "aud"/],
    ['has ended', active({ exp: startSeconds - 6 }), /expired/],
    ['never ends', active({ exp: undefined }), /has no "exp"/],
    ['lives for years', active({ exp: startSeconds + 3 * 365 * 86_400 }), /too long/],
    ['is not valid yet', active({ nbf: startSeconds + 6 }), /not valid yet/],
    ['is of the future', active({ iat: startSeconds + 6 }), /not valid yet/],
    ['is of nobody', active({ sub: undefined }), /has no "sub"/],
    ['is of no client', active({ client_id: undefined, azp: 'console' }), /"azp" is not read/],
    ['has roles that are no list', active({ roles: 'admin' }), /"roles"/],
    ['is bound to a key', active({ token_type: 'DPoP', cnf: { jkt: 'x'.repeat(43) } }), /send it as DPoP/],
  ])('that %s is refused', async (_what, answer, reason) => {
    known.opaque = answer;
    const outcome = await outcomeOf(makeVerifier().verify('opaque'));
    expect(outcome).toBeInstanceOf(TokenRefused);
    expect(outcome).toHaveProperty('message', expect.stringMatching(reason));
    expect(outcome).not.toHaveProperty('message', expect.stringContaining('evil'));
  });

  it.each(['two words', 'ä', 'a\nb', '==', 'a=b', ''])('that can be none ("%s") is not asked about', async (token) => {
    expect(await outcomeOf(makeVerifier().verify(token))).toBeInstanceOf(TokenRefused);
    expect(questions).toEqual([]);
  });

  it('that the issuer does not know is not asked about again for a minute (R8.1)', async () => {
    const verifier = makeVerifier();
    for (const _ of [1, 2, 3]) expect(await outcomeOf(verifier.verify('made-up'))).toBeInstanceOf(TokenRefused);
    expect(questions).toHaveLength(1);
    nowMs += rememberedMsMax;
    await outcomeOf(verifier.verify('made-up'));
    expect(questions).toHaveLength(2);
  });

  it('is asked about once by all who send it together, and only so many together (R8.1)', async () => {
    const verifier = makeVerifier();
    await verifier.verify('opaque');
    held = [];
    const same = [verifier.verify('made-up'), verifier.verify('made-up')].map(outcomeOf);
    const others = Array.from({ length: 40 }, (_, n) => outcomeOf(verifier.verify(`made-up-${n}`)));
    await expect.poll(() => held?.length).toBe(32);
    const refusedAtOnce = await Promise.all(others.slice(31));
    expect(refusedAtOnce.every((outcome) => outcome instanceof StoreUnavailable)).toBe(true);
    // Those that are known go on.
    await expect(verifier.verify('opaque')).resolves.toBeDefined();
    for (const release of held) release();
    held = null;
    for (const outcome of await Promise.all([...same, ...others.slice(0, 31)]))
      expect(outcome).toBeInstanceOf(TokenRefused);
    await expect(verifier.verify('opaque')).resolves.toBeDefined();
  });

  it('waits while the issuer is down, and is not asked about by everyone (R22.3)', async () => {
    const verifier = makeVerifier();
    await verifier.verify('opaque');
    status = 500;
    for (let n = 0; n < 9; n += 1) {
      expect(await outcomeOf(verifier.verify(`other-${n}`))).toMatchObject({
        name: 'StoreUnavailable',
        outcome: 'not_written',
      });
    }
    expect(questions).toHaveLength(6);
    // What is remembered goes on.
    await expect(verifier.verify('opaque')).resolves.toBeDefined();
    status = 200;
    nowMs += 5_000;
    known['other-1'] = active();
    await expect(verifier.verify('other-1')).resolves.toBeDefined();
  });

  it('waits for an issuer that starts later', async () => {
    const verifier = makeVerifier();
    status = 503;
    expect(await outcomeOf(verifier.verify('opaque'))).toBeInstanceOf(StoreUnavailable);
    status = 200;
    await expect(verifier.verify('opaque')).resolves.toMatchObject({ subject: 'u-1' });
  });

  it.each([
    ['names no place to ask', () => ({ introspection_endpoint: undefined }), /no introspection endpoint/],
    ['names one in clear on another machine', () => ({ introspection_endpoint: 'http://192.0.2.1/x' }), /https/],
    ['is of another issuer', () => ({ issuer: 'https://evil.example' }), /issuer/],
  ])('is sent nowhere when the metadata %s (R4.4)', async (_what, change, reason) => {
    Object.assign(metadata, change());
    const outcome = await outcomeOf(makeVerifier().verify('opaque'));
    expect(outcome).toBeInstanceOf(StoreUnavailable);
    expect(outcome).toHaveProperty('cause.message', expect.stringMatching(reason));
    expect(questions).toEqual([]);
  });

  it('is answered over HTTP like any other: 200, or 401 with a challenge and nothing recorded', async () => {
    known.opaque = active({ roles: ['admin'], scope: 'admin' });
    const service = await openService({ startMs, adapt: () => ({ verifier: makeVerifier() }) });
    const put = (token: string) =>
      service.as(null).put('/v1/items/SOFA', { title: 'Sofa' }, { authorization: `Bearer ${token}` });
    const refused = await put('made-up');
    expect(refused).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="stockledger", error="invalid_token"');
    expect(await service.countEvents()).toBe(0);
    expect((await service.as(null).get('/v1/items', { authorization: 'Bearer opaque' })).status).toBe(200);
    status = 500;
    expect(await put('other')).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
  });
});

describe('a signed token', () => {
  it('is not asked about where only opaque ones are', async () => {
    await makeVerifier('opaque').verify(await signed());
    expect(questions).toEqual([]);
  });

  it('that was called back is refused within a minute, where all are asked about', async () => {
    const verifier = makeVerifier('all');
    const token = await signed();
    known[token] = active({ roles: ['admin'] });
    // What it says itself counts, as it is signed.
    expect(await verifier.verify(token)).toMatchObject({ roles: ['auditor'] });
    known[token] = { active: false };
    nowMs += rememberedMsMax - 1;
    await verifier.verify(token);
    nowMs += 1;
    expect(await outcomeOf(verifier.verify(token))).toBeInstanceOf(TokenRefused);
    expect(questions).toHaveLength(2);
  });

  it('of a program is not asked about where those of people are, as it has no session that could end', async () => {
    const verifier = makeVerifier('people');
    await expect(verifier.verify(await signed({ sub: 'console' }))).resolves.toMatchObject({ kind: 'client' });
    expect(questions).toEqual([]);
    expect(await outcomeOf(verifier.verify(await signed()))).toBeInstanceOf(TokenRefused);
    await expect(verifier.verify('opaque')).resolves.toMatchObject({ kind: 'person' });
    expect(questions).toHaveLength(2);
  });

  it('that is made up costs the issuer nothing', async () => {
    const verifier = makeVerifier('all');
    const [head, , signature] = (await signed()).split('.');
    const made = Array.from(
      { length: 5 },
      (_, n) => `${head}.${Buffer.from(`{"n":${n}}`).toString('base64url')}.${signature}`,
    );
    for (const token of [...made, 'a.b.c'])
      expect(await outcomeOf(verifier.verify(token))).toBeInstanceOf(TokenRefused);
    expect(questions).toEqual([]);
  });
});

it('the issuer is never asked in clear on another machine (R4.4)', () => {
  const introspection = { clientId: 'api', clientSecret, tokens: 'opaque' } as const;
  expect(() =>
    createTokenVerifier({
      issuer: 'http://issuer.example',
      audience: 'stockledger',
      jwksUri: `${issuer}/jwks`,
      introspection,
    }),
  ).toThrow(/https/);
});
