import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TokenRefused } from '../../src/commands/ports.ts';
import { StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { createTokenVerifier } from '../../src/infra/oidc/verifier.ts';

const keys = await generateKeyPair('ES256', { extractable: true });
const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };

/** Past the back-off after a failure, far within the life of a token. */
const aWhileMs = 5_000;

let server: Server;
let issuer: string;
let asked: string[];
let down: boolean;
let metadata: { [name: string]: unknown };

beforeEach(async () => {
  asked = [];
  down = false;
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(down ? 503 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: [jwk] } : metadata));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  metadata = { issuer, jwks_uri: `${issuer}/jwks` };
});

afterEach(async () => {
  await new Promise((closed) => {
    server.close(closed);
    server.closeAllConnections();
  });
});

const makeToken = (jti: string, kid = 'k1'): Promise<string> =>
  new SignJWT({ client_id: 'console', jti })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
    .setIssuer(issuer)
    .setAudience('stockledger')
    .setSubject('u-1')
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(keys.privateKey);

const discoveryPath = '/.well-known/openid-configuration';

const outcomeOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('the keys of a remote issuer', () => {
  it('are found through its metadata on the first token, and then kept (R4.1)', async () => {
    const verifier = createTokenVerifier({ issuer, audience: 'stockledger' });
    expect(asked).toEqual([]);
    for (const jti of ['a', 'b', 'c']) await verifier.verify(await makeToken(jti));
    expect(asked).toEqual([discoveryPath, '/jwks']);
  });

  it('are fetched from where we are told, without asking for metadata', async () => {
    const verifier = createTokenVerifier({ issuer, audience: 'stockledger', jwksUri: `${issuer}/jwks` });
    await Promise.all(['a', 'b', 'c'].map(async (jti) => verifier.verify(await makeToken(jti))));
    expect(asked).toEqual(['/jwks']);
  });

  it('are not asked for again for every made-up key id (R8.1)', async () => {
    const verifier = createTokenVerifier({ issuer, audience: 'stockledger', jwksUri: `${issuer}/jwks` });
    await verifier.verify(await makeToken('a'));
    for (const kid of ['x', 'y', 'z']) {
      expect(await outcomeOf(verifier.verify(await makeToken('b', kid)))).toBeInstanceOf(TokenRefused);
    }
    expect(asked).toEqual(['/jwks']);
  });

  it.each(['discovery', 'jwksUri'])('make an outage, not a bad token, when %s fails (R22.1)', async (way) => {
    let offsetMs = 0;
    const nowMs = () => Date.now() + offsetMs;
    const where = way === 'jwksUri' ? { jwksUri: `${issuer}/jwks` } : {};
    const verifier = createTokenVerifier({ issuer, audience: 'stockledger', nowMs, ...where });
    const token = await makeToken('a');
    down = true;
    expect(await outcomeOf(verifier.verify(token))).toMatchObject({ name: 'StoreUnavailable', outcome: 'not_written' });
    down = false;
    offsetMs = aWhileMs;
    await expect(verifier.verify(token)).resolves.toMatchObject({ subject: 'u-1' });
  });

  it('are not asked for by every caller while the issuer is down (R22.3)', async () => {
    const startedMs = Date.now();
    const verifier = createTokenVerifier({ issuer, audience: 'stockledger', nowMs: () => startedMs });
    down = true;
    for (const jti of ['a', 'b', 'c']) {
      expect(await outcomeOf(verifier.verify(await makeToken(jti)))).toBeInstanceOf(StoreUnavailable);
    }
    expect(asked).toEqual([discoveryPath]);
  });

  it('make an outage when nobody listens at the address (R22.1)', async () => {
    const verifier = createTokenVerifier({ issuer, audience: 'stockledger' });
    const token = await makeToken('a');
    await new Promise((closed) => server.close(closed));
    expect(await outcomeOf(verifier.verify(token))).toBeInstanceOf(StoreUnavailable);
  });

  it('go on serving while the issuer is down, once they are known (R22.2)', async () => {
    const verifier = createTokenVerifier({ issuer, audience: 'stockledger' });
    await verifier.verify(await makeToken('a'));
    down = true;
    await expect(verifier.verify(await makeToken('b'))).resolves.toMatchObject({ subject: 'u-1' });
  });

  it.each([
    ['names another issuer', () => ({ issuer: 'https://evil.example' }), /issuer/],
    ['differs by a slash', () => ({ issuer: `${issuer}/` }), /names another issuer/],
    ['names no key set', () => ({ jwks_uri: undefined }), /names no key set/],
    [
      'names a key set in clear on another machine (R4.4)',
      () => ({ jwks_uri: 'http://192.0.2.1/jwks' }),
      /must be an https address/,
    ],
  ])('are not trusted when the metadata %s', async (_what, change, reason) => {
    Object.assign(metadata, change());
    const verifier = createTokenVerifier({ issuer, audience: 'stockledger' });
    const outcome = await outcomeOf(verifier.verify(await makeToken('a')));
    expect(outcome).toBeInstanceOf(StoreUnavailable);
    expect(outcome).toHaveProperty('cause.message', expect.stringMatching(reason));
    expect(asked).toEqual([discoveryPath]);
  });

  it.each([
    'http://issuer.example',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'ftp://localhost',
  ])('are never fetched in clear from another machine: %s (R4.4)', (address) => {
    expect(() => createTokenVerifier({ issuer: address, audience: 'stockledger' })).toThrow(/https/);
    expect(() => createTokenVerifier({ issuer, audience: 'stockledger', jwksUri: address })).toThrow(/https/);
  });
});
