/** What a person sees who opens the address in a browser (issue 12, point 32). */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sandboxClients } from '../../src/infra/oidc/claims.ts';
import { openService } from '../support/service.ts';

const linksIn = (html: string): string[] => [...html.matchAll(/href="([^"]+)"/g)].map((match) => match[1] ?? '');

describe('GET /', () => {
  it('is a page that says what this is, and links only to what answers', async () => {
    const anyone = (await openService()).as(null);
    const page = await anyone.get('/');
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text).toMatch(/^<!doctype html>[\s\S]*Stock and orders of many warehouses[\s\S]*console/);
    expect(linksIn(page.text)).toEqual(expect.arrayContaining(['/docs', '/openapi.json', '/health/ready']));
    for (const link of linksIn(page.text)) {
      await expect.poll(async () => (await anyone.get(link)).status, { message: link }).toBe(200);
    }
    const head = await anyone.request('HEAD', '/');
    expect([head.status, head.text]).toEqual([200, '']);
  });

  it('works under a policy that lets in its own style by hash, and nothing else', async () => {
    const { headers, text } = await (await openService()).as(null).get('/');
    const styles = [...text.matchAll(/<style>([\s\S]*?)<\/style>/g)].map((match) => match[1] ?? '');
    const hashes = styles.map((style) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src ${hashes.join(' ')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(text).not.toMatch(/<script|<img|<link| style=| on\w+=|https?:\/\/(?!stockledger\.example)/);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  });

  it('shows the sandbox clients while the sandbox is on, and never without it', async () => {
    const withSandbox = (await (await openService()).as(null).get('/')).text;
    for (const { clientId } of sandboxClients([])) expect(withSandbox).toContain(`<code>${clientId}</code>`);
    const without = await openService({ adapt: () => ({ sandbox: null }) });
    const { text } = await without.as(null).get('/');
    expect(text).not.toMatch(/sandbox/i);
    expect(text).toContain('<code>http://stockledger.example/oidc</code>');
    expect((await without.as(null).get('/oidc')).status).toBe(404);
  });

  it('is not there in a process without the API', async () => {
    expect((await (await openService({ hasApi: false })).as(null).get('/')).status).toBe(404);
  });
});

describe('GET /docs', () => {
  it('is a page with and without a slash, and where its own index leads', async () => {
    const anyone = (await openService()).as(null);
    for (const path of ['/docs', '/docs/']) {
      const page = await anyone.get(path);
      expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    }
    expect((await anyone.get('/docs/static/index.html')).headers.location).toBe('/docs/');
  });

  it('signs in at the configured issuer, and fetches from nowhere else', async () => {
    const service = await openService({ adapt: () => ({ sandbox: null }) });
    const page = await service.as(null).get('/docs');
    expect(page.headers['content-security-policy']).toContain("connect-src 'self' http://stockledger.example;");
    const { body } = await service.as(null).get('/openapi.json');
    expect(body.components.securitySchemes.oauth).toMatchObject({
      type: 'openIdConnect',
      openIdConnectUrl: 'http://stockledger.example/oidc/.well-known/openid-configuration',
    });
  });
});

describe('GET /oidc', () => {
  it.each(['/oidc', '/oidc/'])(
    '%s says what it is and how to get a token, and the token it describes works',
    async (path) => {
      const service = await openService();
      const { status, text, headers } = await service.as(null).get(path);
      expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(text).toContain('An OpenID provider inside this service');
      const [, user = '', secret = '', body = '', url = ''] =
        /curl -u (\S+):(\S+) -d (\S+) (\S+?)<\/code>/.exec(text) ?? [];
      const origin = await service.listen();
      const answer = await fetch(url.replace('http://stockledger.example', origin), {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${user}:${secret}`)}` },
        body: new URLSearchParams(body),
      });
      expect(answer.status).toBe(200);
      for (const link of linksIn(text)) expect((await fetch(`${origin}${link}`)).status, link).toBe(200);
    },
  );
});

describe('sandbox-shop', () => {
  it('manages webhooks of its own, and sees nobody else’s', async () => {
    const service = await openService();
    const shop = service.as('sandbox-shop');
    const body = { url: 'https://shop.example/hooks', eventTypes: ['order.shipped'] };
    const made = await shop.post('/v1/webhook-endpoints', body);
    const others = await service.as('sandbox-partner').post('/v1/webhook-endpoints', body);
    expect([made.status, others.status]).toEqual([201, 201]);
    await service.settled();
    const { items } = (await shop.get('/v1/webhook-endpoints')).body;
    expect(items.map(({ endpointId }: { endpointId: string }) => endpointId)).toEqual([made.body.endpointId]);
    expect((await shop.del(`/v1/webhook-endpoints/${made.body.endpointId}`)).status).toBe(204);
    expect((await shop.del(`/v1/webhook-endpoints/${others.body.endpointId}`)).status).toBe(404);
  });
});
