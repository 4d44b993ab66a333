/** How much of everything the gateway lets through (R8, R9.1), and that its refusals look like those of the service. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { jsonBytesMax } from '../../src/http/input/validation.ts';
import { bodySchemaOf } from '../http/requests.ts';
import { operationsOf } from '../support/documented.ts';
import { freePort } from '../support/engines/childServer.ts';
import { openService } from '../support/service.ts';
import { type Echo, type Echoed, startEcho } from './gateway/echo.ts';
import { askOver, connectOver, problemOf, type Received, type Sent } from './gateway/requests.ts';
import { describeGateway, type Gateway, startGateway, startScript } from './gateway/runGateway.ts';

const json = { 'content-type': 'application/json' };
const codeOf = (received: Received): unknown => problemOf(received).code;
/** One text, so that it is long and not much work. */
const bodyOf = (bytes: number): string => JSON.stringify({ note: 'a'.repeat(bytes - '{"note":""}'.length) });

describeGateway('the limits of the gateway', () => {
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
  /** A gateway with limits of its own. */
  const openGateway = async (env: Readonly<Record<string, string>>): Promise<Gateway> => {
    const opened = await startGateway({ servicePort: echo.port, env });
    onTestFinished(() => opened.stop());
    return opened;
  };

  const kilobytes = 1_024;
  it.each([
    ['PUT', '/v1/items/SOFA', 80 * kilobytes],
    ['POST', '/v1/webhook-endpoints', 80 * kilobytes],
    ['POST', '/v1/orders', 512 * kilobytes],
    ['PATCH', '/v1/shipments/s1', 512 * kilobytes],
    ['POST', '/v1/inventory/changes', 2_048 * kilobytes],
  ])('%s %s takes a body of %i bytes and not one more, with a length or in chunks', async (method, path, bytes) => {
    for (const chunked of [false, true]) {
      const sent = { method, path, headers: json, chunked };
      const taken = await ask({ ...sent, body: bodyOf(bytes) });
      expect((JSON.parse(taken.text) as Echoed).bodyBytes).toBe(bytes);
      const refused = await ask({ ...sent, body: bodyOf(bytes + 1) });
      expect([refused.status, codeOf(refused)]).toEqual([413, 'BODY_TOO_LARGE']);
    }
  });

  it('takes from each route what the service takes', async () => {
    const { document } = await openService();
    const withBody = operationsOf(document).filter((each) => bodySchemaOf(each) !== undefined);
    expect(withBody.length).toBeGreaterThan(10);
    const bytesMax = (path: string): number => {
      if (path === '/v1/inventory/changes') return 2_048 * kilobytes;
      return /^\/v1\/(?:orders|shipments|returns|transfers|inbound-shipments|sourcing)(?:\/|$)/.test(path)
        ? 512 * kilobytes
        : 80 * kilobytes;
    };
    // What the service takes of a route without a limit of its own (`bodyDefaultBytesMax`).
    const serviceBytesMax = 512 * kilobytes;
    const short = withBody.filter((each) => {
      const bytes = Math.min(jsonBytesMax(bodySchemaOf(each)!), serviceBytesMax);
      return bytes > bytesMax(each.path);
    });
    expect(short.map(({ path }) => path)).toEqual([]);
  });

  it.each([
    ['headers', { path: '/v1/items', headers: { 'x-large': 'a'.repeat(9_000) } }, 431, 'HEADERS_TOO_LARGE'],
    ['addresses', { path: `/v1/items?q=${'a'.repeat(9_000)}` }, 414, 'URI_TOO_LONG'],
  ] as const)('refuses %s that are longer than it reads', async (_what, sent, status, code) => {
    const refused = await ask(sent);
    expect([refused.status, codeOf(refused)]).toEqual([status, code]);
  });

  it('lets one address send so many requests a second, and says when to come back', async () => {
    const strict = await openGateway({ GATEWAY_REQUESTS_PER_SECOND: '1', GATEWAY_BURST: '5' });
    const answers = await Promise.all(Array.from({ length: 40 }, () => askOver(strict, { path: '/v1/items' })));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200).length + refused.length).toBe(40);
    expect(refused.length).toBeGreaterThan(1);
    expect(codeOf(refused[0]!)).toBe('RATE_LIMITED');
    expect(refused[0]!.headers['retry-after']).toBe('1');
  });

  it('counts attacks before it looks at them', async () => {
    const strict = await openGateway({ GATEWAY_REQUESTS_PER_SECOND: '1', GATEWAY_BURST: '5' });
    const attack = { path: '/v1/items?q=%3Cscript%3Ealert(7)%3C/script%3E' };
    const answers = await Promise.all(Array.from({ length: 40 }, () => askOver(strict, attack)));
    const codes = answers.map(codeOf);
    expect(codes).toContain('REQUEST_BLOCKED');
    expect(codes.filter((code) => code === 'RATE_LIMITED').length).toBeGreaterThan(1);
  });

  it('lets one address have so many requests under way', async () => {
    const strict = await openGateway({ GATEWAY_CONNECTIONS: '2' });
    const held = [1, 2].map(() => askOver(strict, { path: '/v1/held' }));
    await expect.poll(() => echo.held()).toBe(2);
    const refused = await askOver(strict, { path: '/v1/items' });
    expect([refused.status, codeOf(refused)]).toEqual([429, 'RATE_LIMITED']);
    echo.release();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it.each([
    ['head', 'GET /v1/items HTTP/1.1\r\nHost: gateway.test\r\nX-Slow: '],
    [
      'body',
      'POST /v1/orders HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ],
  ])('hangs up on who does not finish the %s, and writes 408', async (_part, begun) => {
    const strict = await openGateway({ GATEWAY_HEADER_SECONDS: '1', GATEWAY_BODY_SECONDS: '1' });
    const socket = await connectOver(strict);
    socket.resume();
    socket.write(begun);
    await new Promise((resolve) => socket.on('close', resolve));
    await expect.poll(() => strict.lines().map(({ status }) => status)).toContain(408);
  });

  it('says 503 with when to come back while the service is away', async () => {
    const alone = await openGateway({ GATEWAY_SERVICE: `127.0.0.1:${await freePort()}` });
    const refused = await askOver(alone, { path: '/v1/items' });
    expect([refused.status, codeOf(refused), refused.headers['retry-after']]).toEqual([
      503,
      'SERVICE_UNREACHABLE',
      '1',
    ]);
  });

  it('does not start without what it needs, and says what that is', () => {
    const { status, stderr } = spawnSync('bash', [startScript], { encoding: 'utf8', env: { PATH: process.env.PATH } });
    expect([status, stderr]).toEqual([1, 'Set GATEWAY_NAME: the name that clients ask for.\n']);
  });

  it('has no identity for trying things out unless told so', async () => {
    const strict = await openGateway({ GATEWAY_SANDBOX: 'off' });
    expect(codeOf(await askOver(strict, { method: 'POST', path: '/oidc/token' }))).toBe('ROUTE_NOT_FOUND');
    expect((await ask({ path: '/oidc/jwks' })).status).toBe(200);
  });

  it('does not take plain HTTP on the port of TLS', async () => {
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/v1/items`);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'MALFORMED_REQUEST']);
  });
});
