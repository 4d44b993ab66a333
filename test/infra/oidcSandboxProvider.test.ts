import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Principal, scopes } from '../../src/domain/access/principal.ts';
import { stepUpAcr, stepUpAmr } from '../../src/infra/oidc/claims.ts';
import { loadSigningKeys } from '../../src/infra/oidc/issuerKeys.ts';
import {
  accessTokenLifetimeSeconds,
  createSandboxProvider,
  type SandboxProvider,
} from '../../src/infra/oidc/sandboxProvider.ts';
import { createTokenVerifier } from '../../src/infra/oidc/verifier.ts';

const warehouses = ['BER', 'PAR'];
// Kept in lists of our own, because vitest forgets the calls of its mocks before each test.
const printed: unknown[] = [];
const faults: unknown[] = [];
for (const method of ['log', 'info', 'warn', 'error'] as const) {
  vi.spyOn(console, method).mockImplementation((...words: unknown[]) => {
    printed.push(words);
  });
}
const onError = (error: unknown): void => {
  faults.push(error);
};

let directory: string;
let server: Server;
let issuer: string;
let provider: SandboxProvider;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stockledger-oidc-'));
  server = createServer((request, response) => provider.handle(request, response));
  await new Promise<void>((listening) => server.listen(0, 'localhost', listening));
  issuer = `http://localhost:${(server.address() as AddressInfo).port}/oidc`;
  provider = createSandboxProvider({ issuer, warehouses, signingKeys: await loadSigningKeys(directory), onError });
});

afterAll(async () => {
  await new Promise((closed) => {
    server.close(closed);
    server.closeAllConnections();
  });
  await rm(directory, { recursive: true });
});

const askForToken = (client: string, parameters: Record<string, string> = {}, secret = 'sandbox') =>
  fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...parameters }),
  });

const tokenOf = async (client: string, parameters: Record<string, string> = {}): Promise<string> => {
  const response = await askForToken(client, parameters);
  expect(response.status).toBe(200);
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
};

type Expected = Pick<Principal, 'roles' | 'scopes' | 'warehouses' | 'partnerId' | 'customerId'>;

const clients: readonly (readonly [string, Expected])[] = [
  ['sandbox-admin', { roles: ['admin'], scopes, warehouses: [] }],
  [
    'sandbox-staff',
    {
      roles: ['warehouse_staff'],
      scopes: ['inventory:read', 'inventory:write', 'orders:read', 'shipments:write'],
      warehouses,
    },
  ],
  ['sandbox-support', { roles: ['customer_service'], scopes: ['inventory:read', 'orders:read'], warehouses: [] }],
  [
    'sandbox-auditor',
    { roles: ['auditor'], scopes: ['inventory:read', 'orders:read', 'audit:read', 'audit:export'], warehouses: [] },
  ],
  [
    'sandbox-partner',
    {
      roles: ['partner'],
      scopes: ['inventory:read', 'inventory:write', 'orders:read', 'shipments:write', 'webhooks:manage'],
      warehouses,
      partnerId: 'sandbox-partner',
    },
  ],
  [
    'sandbox-customer',
    { roles: ['customer'], scopes: ['orders:read', 'orders:write'], warehouses: [], customerId: 'sandbox-customer' },
  ],
  [
    'sandbox-shop',
    {
      roles: ['service'],
      scopes: ['inventory:read', 'orders:read', 'orders:write', 'webhooks:manage'],
      warehouses: [],
    },
  ],
];

describe('the sandbox issuer', () => {
  it.each(clients)(
    'gives %s a token for nothing but grant_type, and the verifier knows who it is (R4.1, R4.3)',
    async (client, expected) => {
      const token = await tokenOf(client);
      const verifier = createTokenVerifier({ issuer, audience: 'stockledger', jwks: provider.jwks });
      const { acr, amr, authTime, issuedAt, ...principal } = await verifier.verify(token);
      expect(issuedAt).toBe(decodeJwt(token).iat);
      expect(principal).toEqual({ subject: client, client, kind: 'client', ...expected });
      expect([acr, amr]).toEqual(client === 'sandbox-admin' ? [stepUpAcr, stepUpAmr] : [undefined, undefined]);
      expect(typeof authTime).toBe(client === 'sandbox-admin' ? 'number' : 'undefined');
    },
  );

  it('issues RFC 9068 access tokens, signed with ES256, that end within the hour (R4.3)', async () => {
    const token = await tokenOf('sandbox-admin');
    const claims = decodeJwt(token);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: provider.jwks.keys[0]?.kid });
    expect(claims).toMatchObject({ iss: issuer, aud: 'stockledger', client_id: 'sandbox-admin', sub: 'sandbox-admin' });
    expect(claims.jti).toEqual(expect.any(String));
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(accessTokenLifetimeSeconds);
    expect(accessTokenLifetimeSeconds).toBeLessThanOrEqual(3600);
  });

  it('vouches for a fresh and strong authentication of the administrator, for step-up (R7.2)', async () => {
    const { iat = 0, auth_time: authTime, acr, amr } = decodeJwt(await tokenOf('sandbox-admin'));
    expect({ acr, amr }).toEqual({ acr: stepUpAcr, amr: [...stepUpAmr] });
    // Both are read from the clock during one request; a second may begin in between.
    expect([iat, iat - 1]).toContain(authTime);
  });

  it('grants the scopes that were asked for, if the client has them (R4.1)', async () => {
    const token = await tokenOf('sandbox-staff', { scope: 'orders:read inventory:read' });
    expect(decodeJwt(token).scope).toBe('orders:read inventory:read');
  });

  it.each(['admin', 'inventory:read audit:read', 'no:such', 'openid'])(
    'answers invalid_scope when sandbox-staff asks for "%s" (R4.1)',
    async (scope) => {
      const response = await askForToken('sandbox-staff', { scope });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'invalid_scope' });
    },
  );

  it('answers invalid_target for any other resource than ours', async () => {
    const response = await askForToken('sandbox-staff', { resource: 'urn:other' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_target' });
  });

  it.each([
    ['sandbox-staff', 'wrong'],
    ['somebody-else', 'sandbox'],
  ])('refuses %s with secret "%s" (R7.2)', async (client, secret) => {
    const response = await askForToken(client, {}, secret);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: 'invalid_client' });
  });

  it('is found by a verifier that knows nothing but the issuer (R4.1)', async () => {
    const verifier = createTokenVerifier({ issuer, audience: 'stockledger' });
    await expect(verifier.verify(await tokenOf('sandbox-shop'))).resolves.toMatchObject({ subject: 'sandbox-shop' });
  });

  // Last, because the library says each thing once per process: all requests above count.
  it('prints nothing and has no faults of its own (R7.5)', () => {
    expect(printed).toEqual([]);
    expect(faults).toEqual([]);
  });
});
