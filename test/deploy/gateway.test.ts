/** The gateway keeps what docs/deploy.md promises of it (R9.1): in front of a server that says what it was sent. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Echo, type Echoed, startEcho } from './gateway/echo.ts';
import { askOver, problemOf, type Received, type Sent, sendBytes } from './gateway/requests.ts';
import { describeGateway, type Gateway, startGateway } from './gateway/runGateway.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describeGateway('the gateway', () => {
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
  const lineOf = async (requestId: unknown) => {
    await expect.poll(() => gateway.log()).toContain(String(requestId));
    return gateway.lines().find((line) => line.requestId === requestId)!;
  };

  it('overwrites what a client says about where it comes from', async () => {
    const lies = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'x-forwarded-host', 'x-forwarded-port'];
    const headers = Object.fromEntries(lies.map((name) => [name, '203.0.113.9']));
    const seen = await passedOn({ path: '/v1/items', headers: { ...headers, 'x-forwarded-proto': 'http' } });
    expect(seen.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' });
    expect(JSON.stringify(seen.headers)).not.toContain('203.0.113.9');
  });

  it('passes a path on as it was sent', async () => {
    const path = '/v1/warehouses/BER/inventory/SOFA%20BLAU%2F3%20%C3%A4?asOf=2026-01-01T00:00:00.000Z';
    expect((await passedOn({ path })).url).toBe(path);
  });

  it('takes a request id that is a UUID, and hands it on as the id of the chain', async () => {
    const requestId = randomUUID();
    const { headers, text: body } = await ask({ path: '/v1/items', headers: { 'x-request-id': requestId } });
    expect(headers['x-request-id']).toBe(requestId);
    expect((JSON.parse(body) as Echoed).headers).toMatchObject({
      'x-request-id': requestId,
      'correlation-id': requestId,
    });
    expect(await lineOf(requestId)).toMatchObject({ path: '/v1/items', status: 200, serviceStatus: '200' });
  });

  it.each(['1', 'a"b', `${randomUUID()}0`, 'x'.repeat(400)])('makes a request id in place of %s', async (bad) => {
    const { headers, text: body } = await ask({ path: '/v1/items', headers: { 'x-request-id': bad } });
    expect(headers['x-request-id']).toMatch(uuid);
    expect((JSON.parse(body) as Echoed).headers['correlation-id']).toBe(headers['x-request-id']);
  });

  it('leaves the id of a chain to the client', async () => {
    const correlationId = randomUUID();
    const seen = await passedOn({ path: '/v1/items', headers: { 'correlation-id': correlationId } });
    expect(seen.headers['correlation-id']).toBe(correlationId);
    expect(seen.headers['x-request-id']).not.toBe(correlationId);
  });

  it.each(['/metrics', '/health/ready', '/health', '/%6Detrics', '//metrics', '/docs/..%2Fmetrics', '/METRICS'])(
    'has nothing at %s',
    async (path) => {
      expect(problemOf(await ask({ path }))).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
    },
  );

  it.each(['/', '/docs', '/openapi.json', '/health/live', '/v1/items'])('passes %s on', async (path) => {
    expect((await passedOn({ path })).url).toBe(path);
  });

  it.each(['OPTIONS', 'TRACE', 'PROPFIND', 'LOCK'])('refuses the method %s', async (method) => {
    const answer = await ask({ method, path: '/v1/items' });
    expect(problemOf(answer)).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    expect(await lineOf(answer.headers['x-request-id'])).toMatchObject({ method, path: '/v1/items', status: 405 });
  });

  it('writes each request as JSON, without its query, its token and its body', async () => {
    const secret = randomUUID();
    const answer = await ask({
      method: 'POST',
      path: `/v1/orders?email=${secret}`,
      headers: {
        ...{ authorization: `Bearer ${secret}`, cookie: `session=${secret}`, referer: `https://x.test/${secret}` },
        ...{ 'content-type': 'application/json', 'idempotency-key': secret, 'user-agent': 'a "quoted"\\ name' },
      },
      body: JSON.stringify({ note: secret }),
    });
    expect(answer.status).toBe(200);
    expect(await lineOf(answer.headers['x-request-id'])).toMatchObject({
      ...{ address: '127.0.0.1', method: 'POST', path: '/v1/orders', status: 200, userAgent: 'a "quoted"\\ name' },
    });
    expect(gateway.log()).not.toContain(secret);
  });

  it('answers what is no HTTP with a problem', async () => {
    const answer = await sendBytes(gateway, 'NOT HTTP AT ALL\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"MALFORMED_REQUEST"');
  });
});
