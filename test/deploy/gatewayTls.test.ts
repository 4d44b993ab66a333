/** TLS at the gateway (R4.4): for everyone, and with a certificate of the client for partners. */
import { hash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createHolder } from '../support/holder.ts';
import { openService, startMs } from '../support/service.ts';
import { renewServer, serverName } from './gateway/certificates.ts';
import { type Echo, type Echoed, startEcho } from './gateway/echo.ts';
import { askOver, connectOver, problemOf, type Received, type Sent } from './gateway/requests.ts';
import { describeGateway, type Gateway, startGateway } from './gateway/runGateway.ts';

describeGateway('TLS at the gateway', () => {
  let echo: Echo;
  let gateway: Gateway;
  beforeAll(async () => {
    echo = await startEcho();
    gateway = await startGateway({ servicePort: echo.port });
  });
  afterAll(async () => {
    await gateway.stop();
    await echo.close();
  });

  const ask = (sent: Sent): Promise<Received> => askOver(gateway, sent);
  const passedOn = async (sent: Sent): Promise<Echoed> => JSON.parse((await ask(sent)).text) as Echoed;

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s', async (version) => {
    const socket = await connectOver(gateway, { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    expect(socket.getCipher().name).toMatch(/GCM|CHACHA20/);
    socket.destroy();
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('refuses %s', async (version) => {
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' };
    await expect(connectOver(gateway, old)).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    });
  });

  it('refuses a cipher without authenticated encryption', async () => {
    const weak = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const;
    await expect(connectOver(gateway, weak)).rejects.toMatchObject({ code: expect.stringContaining('HANDSHAKE') });
  });

  it('has no certificate for who asks for another name, and no answer for another Host', async () => {
    await expect(connectOver(gateway, { servername: 'other.test' })).rejects.toMatchObject({
      code: expect.stringContaining('UNRECOGNIZED_NAME'),
    });
    const answer = await ask({ path: '/v1/items', headers: { host: 'other.test' } });
    expect(problemOf(answer)).toMatchObject({ status: 421, code: 'MISDIRECTED_REQUEST' });
  });

  it('speaks HTTP/2', async () => {
    const socket = await connectOver(gateway, { ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).toBe('h2');
    const session = connectHttp2(`https://${serverName}`, { createConnection: () => socket });
    const stream = session.request({ ':path': '/v1/items', ':authority': serverName });
    const [headers] = (await once(stream, 'response')) as [Readonly<Record<string, unknown>>];
    expect(headers[':status']).toBe(200);
    expect(JSON.parse(await text(stream))).toMatchObject({ url: '/v1/items' });
    session.destroy();
  });

  it.each(['/v1/items', '/nowhere'])(
    'tells browsers once to come by https only, and no version, at %s',
    async (path) => {
      const { headers } = await ask({ path });
      expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
      expect(headers.server).toBe('nginx');
    },
  );

  it('sends who comes by plain HTTP to https, with the same method and path', async () => {
    const asked = request({ host: '127.0.0.1', port: gateway.plainPort, method: 'POST', path: '/v1/orders?limit=1' });
    asked.end();
    const [message] = (await once(asked, 'response')) as [{ statusCode: number; headers: { location: string } }];
    expect(message.statusCode).toBe(308);
    expect(message.headers.location).toBe(`https://${serverName}:${gateway.port}/v1/orders?limit=1`);
  });

  it('hands on the certificate that a client has shown, on every route, and never one that it made up', async () => {
    const { partner } = gateway.certificates;
    const headers = { 'x-client-certificate': 'made up', 'client-cert': ':made up:' };
    for (const path of ['/v1/partners/p1/inventory-snapshots', '/v1/items', '/v1/orders', '/v1/inventory/changes']) {
      const seen = await passedOn({ path, identity: partner, headers });
      // A token may be bound to it: what counts are the very bytes.
      expect(decodeURIComponent(String(seen.headers['x-client-certificate'])).trim()).toBe(partner.cert.trim());
      expect(seen.headers).not.toHaveProperty('client-cert');
    }
    const without = await passedOn({ path: '/v1/items', headers });
    expect(without.headers).not.toHaveProperty('x-client-certificate');
    expect(without.headers).not.toHaveProperty('client-cert');
  });

  it('lets a token that is bound to a certificate in with that certificate, and a DPoP proof for PUBLIC_URL', async () => {
    const service = await openService({ trustedProxies: ['127.0.0.1'] });
    const front = await startGateway({ servicePort: Number(new URL(await service.listen()).port) });
    onTestFinished(() => front.stop());
    const { partner } = front.certificates;
    const holder = await createHolder();
    const thumbprint = hash('sha256', new X509Certificate(partner.cert).raw, 'base64url');
    const reader = { roles: ['partner'], scope: 'inventory:read' };
    const path = '/v1/items';
    const toCertificate = await service.tokenFor({ ...reader, cnf: { 'x5t#S256': thumbprint } });
    const headers = { authorization: `Bearer ${toCertificate}` };
    const made = { 'x-client-certificate': encodeURIComponent(partner.cert) };
    expect((await askOver(front, { path, headers, identity: partner })).status).toBe(200);
    expect((await askOver(front, { path, headers: { ...headers, ...made } })).status).toBe(401);
    const toKey = await service.tokenFor({ ...reader, cnf: holder.confirmation });
    const proving = { token: toKey, method: 'GET', iat: startMs / 1_000 };
    for (const [origin, status] of [
      ['http://stockledger.example', 200],
      [`https://${serverName}`, 401],
    ] as const) {
      const dpop = await holder.prove({ ...proving, url: origin + path });
      expect((await askOver(front, { path, headers: { authorization: `DPoP ${toKey}`, dpop } })).status).toBe(status);
    }
  });

  it.each(['/v1/partners', '/v1/partners/p1', '//v1/partners/p1', '/v1/%70artners/p1', '/v1/x/../partners/p1'])(
    'lets nobody without a certificate to %s',
    async (path) => {
      const answer = await ask({ path, headers: { 'x-client-certificate': 'made up' } });
      expect(problemOf(answer)).toMatchObject({ status: 403, code: 'CLIENT_CERTIFICATE_MISSING' });
    },
  );

  it('refuses a certificate of another authority', async () => {
    const answer = await ask({ path: '/v1/partners/p1', identity: gateway.certificates.stranger });
    expect(problemOf(answer)).toMatchObject({ status: 403, code: 'CLIENT_CERTIFICATE_REFUSED' });
    await expect.poll(() => gateway.log()).toContain('"certificateCheck":"FAILED:');
  });

  it('refuses a certificate that was revoked', async () => {
    const strict = await startGateway({ servicePort: echo.port, checksRevoked: true });
    onTestFinished(() => strict.stop());
    const { partner } = strict.certificates;
    const answer = await askOver(strict, { path: '/v1/partners/p1', identity: partner });
    expect(problemOf(answer)).toMatchObject({ status: 403, code: 'CLIENT_CERTIFICATE_REFUSED' });
    expect((await askOver(strict, { path: '/v1/items' })).status).toBe(200);
  });

  it('takes up a new certificate when it is told, and refuses no request meanwhile', async () => {
    const other = await startGateway({ servicePort: echo.port });
    onTestFinished(() => other.stop());
    const { serialNumber } = new X509Certificate(renewServer(other.certificates).cert);
    const shown = async (): Promise<string> => {
      const socket = await connectOver(other);
      const seen = socket.getPeerX509Certificate()?.serialNumber ?? '';
      socket.destroy();
      return seen;
    };
    expect(await shown()).not.toBe(serialNumber);
    const held = askOver(other, { path: '/v1/held' });
    await expect.poll(() => echo.held()).toBe(1);
    process.kill(other.pid, 'SIGHUP');
    await expect.poll(shown).toBe(serialNumber);
    echo.release();
    expect((await held).status).toBe(200);
  });
});
