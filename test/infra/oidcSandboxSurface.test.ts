import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSigningKeys } from '../../src/infra/oidc/issuerKeys.ts';
import { createSandboxProvider, type SandboxProvider } from '../../src/infra/oidc/sandboxProvider.ts';

let directory: string;
let server: Server;
let issuer: string;
let provider: SandboxProvider;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stockledger-oidc-'));
  server = createServer((request, response) => provider.handle(request, response));
  await new Promise<void>((listening) => server.listen(0, 'localhost', listening));
  issuer = `http://localhost:${(server.address() as AddressInfo).port}/oidc`;
  const signingKeys = await loadSigningKeys(directory);
  const onError = (error: unknown): never => {
    throw new Error('the provider failed', { cause: error });
  };
  provider = createSandboxProvider({ issuer, warehouses: ['BER'], signingKeys, onError });
});

afterAll(async () => {
  await new Promise((closed) => {
    server.close(closed);
    server.closeAllConnections();
  });
  await rm(directory, { recursive: true });
});

const askForToken = (secret: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`sandbox-shop:${secret}`)}`, ...headers },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });

/** `fetch` would tidy up paths and headers before they are sent. */
const rawRequest = async (text: string): Promise<string> => {
  const socket = connect((server.address() as AddressInfo).port, 'localhost');
  socket.end(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

describe('the sandbox issuer, seen from outside', () => {
  it('answers a browser in JSON too', async () => {
    const response = await askForToken('wrong', { accept: 'text/html' });
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  });

  it('lets in the documentation page of the same origin, and no page of another', async () => {
    const own = await askForToken('sandbox', { origin: new URL(issuer).origin });
    const foreign = await askForToken('sandbox', { origin: 'https://elsewhere.example' });
    expect([own.status, foreign.status]).toEqual([200, 400]);
  });

  it('describes itself under the issuer, and its keys are public ones (R4.1)', async () => {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({
      issuer,
      jwks_uri: `${issuer}/jwks`,
      token_endpoint: `${issuer}/token`,
      grant_types_supported: ['client_credentials'],
    });
    const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: object[] };
    expect(keys).toEqual(provider.jwks.keys);
    expect(keys[0]).not.toHaveProperty('d');
  });

  it('is not led by the headers of a request to name another address', async () => {
    const answer = await rawRequest(
      'GET /oidc/.well-known/openid-configuration HTTP/1.1\r\nHost: evil.example\r\n' +
        'X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toContain(`"token_endpoint":"${issuer}/token"`);
    expect(answer).not.toContain('evil.example');
  });

  it.each(['/auth', '/me', '/session/end', '/request', '/reg', '/token/', '', '/../token', '/.well-known/x'])(
    'serves nothing at %s (R7.5)',
    async (path) => {
      const answer = await rawRequest(`GET /oidc${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 404 /);
    },
  );

  it('serves nothing outside its path', async () => {
    const answer = await rawRequest('GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 404 /);
  });
});
