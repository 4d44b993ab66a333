/** Tokens that are bound to a certificate (RFC 8705): over the service's own TLS, and behind a proxy that ends it. */
import { spawnSync } from 'node:child_process';
import { hash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCertificate } from '../../src/infra/certificates.ts';
import { createHolder } from '../support/holder.ts';
import { type Claims, openService, startMs, startService, type TestService } from '../support/service.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const logger = { info: () => undefined, warn: () => undefined };

interface Identity {
  readonly cert: string;
  readonly key: string;
  /** What a token is bound to. */
  readonly thumbprint: string;
}

const openssl = (args: readonly string[]): void => {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
};

const ecKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** `NAME.crt` and `NAME.key`: of its own authority, or of the one named `issuer`. */
const make = (directory: string, name: string, issuer?: string): Identity => {
  const at = (file: string): string => join(directory, file);
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const signer = issuer === undefined ? [] : ['-CA', at(`${issuer}.crt`), '-CAkey', at(`${issuer}.key`)];
  openssl(['req', '-x509', ...ecKey, '-keyout', at(`${name}.key`), '-out', at(`${name}.crt`), ...subject, ...signer]);
  const [cert, key] = [readFileSync(at(`${name}.crt`), 'utf8'), readFileSync(at(`${name}.key`), 'utf8')];
  return { cert, key, thumbprint: hash('sha256', new X509Certificate(cert).raw, 'base64url') };
};

const reader: Claims = { roles: ['warehouse_staff'], scope: 'inventory:read' };
const challenge = 'Bearer realm="stockledger", error="invalid_token"';

describe.skipIf(!hasOpenssl)('a token that is bound to a certificate (skipped without openssl, which it needs)', () => {
  let directory: string;
  let partner: Identity;
  let other: Identity;
  let stranger: Identity;
  let service: TestService;
  let port: number;
  let token: string;

  beforeAll(async () => {
    expect(hasOpenssl).toBe(true);
    directory = mkdtempSync(join(tmpdir(), 'stockledger-'));
    make(directory, 'authority');
    make(directory, 'server');
    partner = make(directory, 'partner', 'authority');
    other = make(directory, 'other', 'authority');
    stranger = make(directory, 'stranger');
    const file = (name: string): string => join(directory, name);
    const files = { certFile: file('server.crt'), keyFile: file('server.key'), clientCaFile: file('authority.crt') };
    const certificate = await openCertificate(files, logger as never);
    service = await startService({ adapt: () => ({ certificate }) });
    await service.listen();
    port = (service.app.server.address() as AddressInfo).port;
    token = await service.tokenFor({ ...reader, cnf: { 'x5t#S256': partner.thumbprint } });
  });
  afterAll(async () => {
    await service.close();
    rmSync(directory, { recursive: true });
  });

  const ask = async (
    sent: { identity?: Identity; token?: string; headers?: Record<string, string>; agent?: Agent } = {},
  ): Promise<{ status: number | undefined; challenge: string | undefined; body: { detail?: string } }> => {
    const { cert, key } = sent.identity ?? {};
    const agent =
      sent.agent ?? new Agent({ ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) });
    const headers = { authorization: `Bearer ${sent.token ?? token}`, ...sent.headers };
    return new Promise((resolve, reject) => {
      request({ port, path: '/v1/items', rejectUnauthorized: false, agent, headers }, (answer) => {
        text(answer).then(
          (body) =>
            resolve({
              status: answer.statusCode,
              challenge: answer.headers['www-authenticate'],
              body: JSON.parse(body) as { detail?: string },
            }),
          reject,
        );
      })
        .on('error', reject)
        .end();
    });
  };

  it('is taken on a connection with that certificate, and on one that is resumed', async () => {
    expect((await ask({ identity: partner })).status).toBe(200);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const agent = new Agent({
        cert: partner.cert,
        key: partner.key,
        maxSockets: 1,
        minVersion: version,
        maxVersion: version,
      });
      // Without keep-alive each request is a new connection, on the session of the one before.
      for (const _ of [1, 2, 3]) expect((await ask({ agent })).status).toBe(200);
    }
  });

  it.each([
    ['without a certificate', () => ({})],
    ['with another certificate of the same authority', () => ({ identity: other })],
    ['with a certificate of another authority', () => ({ identity: stranger })],
    [
      'with the certificate in a header, which a client can not set',
      () => ({ headers: { 'x-client-certificate': encodeURIComponent(partner.cert) } }),
    ],
    [
      'with another certificate, and the right one in a header',
      () => ({ identity: other, headers: { 'x-client-certificate': encodeURIComponent(partner.cert) } }),
    ],
  ])('is refused %s', async (_how, sent) => {
    const answer = await ask(sent());
    expect(answer).toMatchObject({ status: 401, challenge });
    expect(answer.body.detail).toContain('certificate that this connection has not shown');
  });

  it('of an authority that we do not know is refused also where the token is bound to it', async () => {
    const theirs = await service.tokenFor({ ...reader, cnf: { 'x5t#S256': stranger.thumbprint } });
    expect((await ask({ identity: stranger, token: theirs })).status).toBe(401);
  });

  it('and to a key needs the proof as well', async () => {
    const holder = await createHolder();
    const both = await service.tokenFor({ ...reader, cnf: { 'x5t#S256': partner.thumbprint, ...holder.confirmation } });
    const url = 'http://stockledger.example/v1/items';
    const dpop = await holder.prove({ token: both, method: 'GET', url, iat: startMs / 1_000 });
    const authorization = `DPoP ${both}`;
    expect((await ask({ identity: partner, headers: { authorization } })).body.detail).toContain('header DPoP');
    expect((await ask({ headers: { authorization, dpop } })).body.detail).toContain('certificate');
    expect((await ask({ identity: partner, headers: { authorization, dpop } })).status).toBe(200);
  });

  it('asks nothing of who has a token that is bound to nothing', async () => {
    const plain = await service.tokenFor(reader);
    for (const identity of [undefined, partner, stranger]) {
      expect((await ask({ token: plain, ...(identity === undefined ? {} : { identity }) })).status).toBe(200);
    }
  });

  it('behind a proxy is taken with the certificate that the proxy has seen, and from nobody else', async () => {
    const headers = { 'x-client-certificate': encodeURIComponent(partner.cert) };
    const bound = { ...reader, cnf: { 'x5t#S256': partner.thumbprint } };
    for (const [trustedProxies, status] of [
      [['127.0.0.1'], 200],
      [['::1', '127.0.0.0/8'], 200],
      [['::ffff:127.0.0.0/104'], 200],
      [['127.0.0.2', 'fd00::/8'], 401],
      [[], 401],
    ] as const) {
      const behind = await openService({ trustedProxies });
      expect((await behind.as(bound).get('/v1/items', headers)).status, trustedProxies.join()).toBe(status);
      for (const wrong of [encodeURIComponent(other.cert), partner.cert.slice(0, 100).replaceAll('\n', ' '), '%', '']) {
        const answer = await behind.as(bound).get('/v1/items', { 'x-client-certificate': wrong });
        expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': challenge } });
      }
      expect((await behind.as(reader).get('/v1/items', headers)).status).toBe(200);
    }
  });

  it('is not asked for where no authority is named', async () => {
    const files = { certFile: join(directory, 'server.crt'), keyFile: join(directory, 'server.key') };
    expect((await openCertificate(files, logger as never)).current).not.toHaveProperty('clientCa');
    const clientCaFile = join(directory, 'nothing.crt');
    await expect(openCertificate({ ...files, clientCaFile }, logger as never)).rejects.toThrow(
      /nothing\.crt can't be read/,
    );
    writeFileSync(clientCaFile, 'a secret');
    await expect(openCertificate({ ...files, clientCaFile }, logger as never)).rejects.toThrow(
      /nothing\.crt does not hold/,
    );
  });
});
