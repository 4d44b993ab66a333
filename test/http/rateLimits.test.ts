/** How often the service may be asked: by a caller, from an address, for tokens, and how much at once (R8). */
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createAddressKeys } from '../../src/http/rateLimits.ts';
import { type Claims, openService, type TestService } from '../support/service.ts';

describe('a caller who asks too often', () => {
  it('is told 429 with the time to wait; another caller is not (R8)', async () => {
    const service = await openService({ requestsPerMinute: 5 });
    const support = service.as('sandbox-support');
    for (let count = 0; count < 5; count += 1) {
      const answer = await support.get('/v1/items');
      expect(answer.status).toBe(200);
      expect(answer.headers.ratelimit).toMatch(new RegExp(`^"caller";r=${4 - count};t=\\d+$`));
      expect(answer.headers['ratelimit-policy']).toBe('"caller";q=5;w=60');
    }
    const tooMany = await support.get('/v1/items');
    expect(tooMany).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(Number(tooMany.headers['retry-after'])).toBeGreaterThan(0);
    expect((await service.as('sandbox-staff').get('/v1/items')).status).toBe(200);
  });

  it('without a token is counted by address', async () => {
    const service = await openService({ requestsPerMinute: 20 });
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await service.as(null).get('/v1/items')).status);
    expect(statuses).toEqual([401, 401, 429, 429]);
  });
});

describe('an address', () => {
  const ask = async (service: TestService, remoteAddress: string, forwardedFor?: string): Promise<number> => {
    const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
    return (await service.app.inject({ url: '/v1/items', remoteAddress, headers })).statusCode;
  };

  it('of IPv6 is counted as its network of 64 bits (15)', async () => {
    const service = await openService({ requestsPerMinute: 20 });
    expect(await ask(service, '2001:db8:1:2::1')).toBe(401);
    expect(await ask(service, '2001:db8:1:2:aaaa::7')).toBe(401);
    expect(await ask(service, '2001:db8:1:2:ffff:ffff:ffff:ffff')).toBe(429);
    expect(await ask(service, '2001:db8:1:3::1')).toBe(401);
    expect(['::ffff:192.0.2.1', '192.0.2.1', 'fe80::1%eth0', 'none'].map(createAddressKeys())).toEqual([
      '192.0.2.1',
      '192.0.2.1',
      'fe80::/64',
      'none',
    ]);
  });

  it('is what a trusted proxy says it is, and what no other peer says (15)', async () => {
    const service = await openService({ requestsPerMinute: 10, trustedProxies: ['10.0.0.0/8'] });
    // A stranger who invents addresses is counted as one.
    expect(await ask(service, '192.0.2.9', '198.51.100.1')).toBe(401);
    expect(await ask(service, '192.0.2.9', '198.51.100.2')).toBe(429);
    // Behind the proxy, what a client wrote before it is not believed either.
    expect(await ask(service, '10.0.0.1', '198.51.100.3')).toBe(401);
    expect(await ask(service, '10.0.0.1', '198.51.100.4')).toBe(401);
    expect(await ask(service, '10.0.0.1', '203.0.113.1, 198.51.100.4')).toBe(429);
  });

  it('asks ten times as often as a caller may, whoever it is for, and what is not let in takes nothing of that', async () => {
    const service = await openService({ requestsPerMinute: 2 });
    const token = async (who: string) => {
      const claims: Claims = { sub: who, client_id: 'app', roles: ['auditor'], scope: 'inventory:read' };
      return { authorization: `Bearer ${await service.tokenFor(claims)}` };
    };
    const askAs = async (headers: { readonly authorization?: string }, remoteAddress: string): Promise<number> =>
      (await service.app.inject({ url: '/v1/items', remoteAddress, headers })).statusCode;
    for (let count = 0; count < 30; count += 1) await askAs({}, '192.0.2.9');
    const statuses: number[] = [];
    for (let caller = 0; caller < 11; caller += 1) {
      const headers = await token(`caller-${caller}`);
      for (let count = 0; count < 2; count += 1) statuses.push(await askAs(headers, '192.0.2.9'));
    }
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 200), 429, 429]);
    expect(await askAs(await token('another'), '192.0.2.9')).toBe(429);
    expect(await askAs(await token('another'), '192.0.2.10')).toBe(200);
  });
});

describe('the token endpoint of the sandbox', () => {
  const signIn = async (service: TestService, remoteAddress: string, secret?: string): Promise<number> => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(secret === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`sandbox-admin:${secret}`).toString('base64')}` }),
    };
    const payload = 'grant_type=client_credentials';
    const url = '/oidc/token?x=1';
    return (await service.app.inject({ method: 'POST', url, remoteAddress, headers, payload })).statusCode;
  };

  it('gives 60 tokens a minute to an address, and another one its own (15)', async () => {
    const service = await openService();
    const statuses: number[] = [];
    for (let count = 0; count < 62; count += 1) statuses.push(await signIn(service, '192.0.2.7', 'sandbox'));
    expect(statuses.indexOf(429)).toBe(60);
    expect(await signIn(service, '192.0.2.8', 'sandbox')).toBe(200);
    expect((await service.app.inject({ url: '/oidc/jwks', remoteAddress: '192.0.2.7' })).statusCode).toBe(200);
  });

  it('is closed to an address that has sent ten wrong secrets within the minute, also with the right one', async () => {
    const service = await openService();
    for (let count = 0; count < 10; count += 1) expect(await signIn(service, '192.0.2.7', `guess-${count}`)).toBe(401);
    expect(await signIn(service, '192.0.2.7', 'guess')).toBe(429);
    expect(await signIn(service, '192.0.2.7', 'sandbox')).toBe(429);
    expect(await signIn(service, '192.0.2.8', 'sandbox')).toBe(200);
  });
});

describe('a caller', () => {
  it('may use a tenth of a minute in a second, and is told of both (R8.3)', async () => {
    const service = await openService({ requestsPerMinute: 1_000 });
    const support = service.as('sandbox-support');
    const answers = await Promise.all(Array.from({ length: 101 }, () => support.get('/v1/items?limit=1')));
    expect(answers.filter(({ status }) => status === 200).length).toBe(100);
    const last = answers.find(({ status }) => status === 429);
    expect(last?.headers).toMatchObject({ ratelimit: '"burst";r=0;t=1', 'retry-after': '2' });
    // What the burst refused has taken nothing of the minute.
    service.clock.pass(3_000);
    const { headers } = await support.get('/v1/items?limit=1');
    expect(headers).toMatchObject({
      'ratelimit-policy': '"burst";q=100;w=1, "caller";q=1000;w=60',
      ratelimit: expect.stringMatching(/^"burst";r=99;t=1, "caller";r=899;t=\d+$/),
    });
  });

  it('pays for a search what it costs', async () => {
    const service = await openService({ requestsPerMinute: 12 });
    const support = service.as('sandbox-support');
    const search = () => support.post('/v1/orders/search', { email: 'ada@example.invalid' });
    expect((await search()).headers.ratelimit).toContain('r=7');
    expect((await support.get('/v1/items')).headers.ratelimit).toContain('r=6');
    expect((await search()).headers.ratelimit).toContain('r=1');
    expect(await search()).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect((await support.get('/v1/items')).headers.ratelimit).toContain('r=0');
  });

  it('has 256 requests under way at most, and they are given back when they are answered', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    const service = await openService({
      adapt: ({ documents }) => ({
        documents: Object.assign(Object.create(documents) as typeof documents, {
          find: async (...asked: Parameters<typeof documents.find>) => {
            begun += 1;
            await released;
            return documents.find(...asked);
          },
        }),
      }),
    });
    const [support, staff] = [service.as('sandbox-support'), service.as('sandbox-staff')];
    const answers = Array.from({ length: 256 }, () => support.get('/v1/items'));
    await expect.poll(() => begun).toBe(256);
    expect(await support.get('/v1/items')).toMatchObject({ status: 429, body: { code: 'TOO_MUCH_AT_ONCE' } });
    const other = staff.get('/v1/items');
    await expect.poll(() => begun).toBe(257);
    release();
    expect(new Set((await Promise.all([...answers, other])).map(({ status }) => status))).toEqual(new Set([200]));
    expect((await support.get('/v1/items')).status).toBe(200);
  });

  it('who leaves before it is known who they are keeps nothing from others, and nothing of theirs is done', async () => {
    const gate = Promise.withResolvers<null>();
    let arrived = 0;
    let verified = 0;
    const service = await openService({
      adapt: ({ verifier }) => ({
        verifier: {
          ...verifier,
          verify: async (...sent) => {
            arrived += 1;
            // As an issuer that is asked: the client is gone before it answers.
            await gate.promise;
            verified += 1;
            return verifier.verify(...sent);
          },
        },
      }),
    });
    const { port, hostname } = new URL(await service.listen());
    const token = await service.tokenFor('sandbox-support');
    const sockets = Array.from({ length: 260 }, () => {
      const socket = connect(Number(port), hostname);
      socket.write(`GET /v1/items HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
      return socket;
    });
    await expect.poll(() => arrived, { timeout: 10_000 }).toBe(260);
    for (const socket of sockets) socket.destroy();
    const open = promisify(service.app.server.getConnections.bind(service.app.server));
    await expect.poll(() => open(), { timeout: 10_000 }).toBe(0);
    gate.resolve(null);
    await expect.poll(() => verified).toBe(260);
    expect((await service.as('sandbox-support').get('/v1/items')).status).toBe(200);
  });
});
