/** A partner's webhook endpoints, and what arrives there (R23). */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  endpointsPerHostMax,
  endpointsPerOwnerMax,
  endpointsPerUrlMax,
} from '../../src/http/commands/partnerEndpoints.ts';
import { createWebhookSender } from '../../src/infra/webhooks/sender.ts';
import { allScopes, openService, startMs, steppedUp } from '../support/service.ts';
import { arrange, since } from './arrange.ts';

const path = '/v1/webhook-endpoints';
const sku = 'TABLE-OAK-160';
const endpoint = { url: 'https://partner.example/hooks', eventTypes: ['stock.changed'] };

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const startReceiver = async () => {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { target: `127.0.0.1:${(server.address() as AddressInfo).port}`, received };
};

describe('an endpoint', () => {
  it('is made with its secret told once, listed, and deleted', async () => {
    const service = await openService();
    const partner = service.as('sandbox-partner');
    const made = await partner.post(path, { ...endpoint, description: 'Stock sync' });
    expect(made).toMatchObject({ status: 201, body: { ...endpoint, description: 'Stock sync', status: 'active' } });
    expect(Buffer.from(made.body.secret.replace('whsec_', ''), 'base64')).toHaveLength(32);
    const own = made.headers.location!;
    expect(own).toBe(`${path}/${made.body.endpointId}`);
    const read = await partner.get(own, since(made));
    expect(read.body).toMatchObject({ ...endpoint, description: 'Stock sync' });
    const listed = await partner.get(path, since(made));
    expect(listed.body.items).toEqual([read.body]);
    for (const { text } of [read, listed]) expect(text).not.toMatch(/secret|whsec_/);

    const gone = await partner.del(own);
    expect(gone).toMatchObject({ status: 204, text: '' });
    expect((await partner.get(own, since(gone))).status).toBe(404);
    expect((await partner.get(path, since(gone))).body.items).toEqual([]);
    expect(await partner.del(own)).toMatchObject({ status: 404 });
  });

  it('can hear of returns', async () => {
    const service = await openService();
    const made = await service.as('sandbox-partner').post(path, { ...endpoint, eventTypes: ['return.received'] });
    expect(made).toMatchObject({ status: 201, body: { eventTypes: ['return.received'] } });
  });

  it('tells the same secret to the same request again, and to no other', async () => {
    const service = await openService();
    const partner = service.as('sandbox-partner');
    const first = await partner.post(path, endpoint, { 'idempotency-key': 'one' });
    const again = await partner.post(path, endpoint, { 'idempotency-key': 'one' });
    expect(again.text).toBe(first.text);
    const other = await partner.post(path, endpoint, { 'idempotency-key': 'two' });
    expect(other.body.secret).not.toBe(first.body.secret);
  });

  it('belongs to the partner, not to whoever works there, and other partners do not see it', async () => {
    const service = await openService();
    const made = await service.as('sandbox-partner').post(path, endpoint);
    const scope = 'webhooks:manage';
    const colleague = service.as({ sub: 'carla', roles: ['partner'], partnerId: 'sandbox-partner', scope });
    const stranger = service.as({ sub: 'dan', roles: ['partner'], partnerId: 'another', scope });
    expect((await colleague.get(path, since(made))).body.items).toHaveLength(1);
    expect((await stranger.get(path, since(made))).body.items).toHaveLength(0);
    expect((await service.as('sandbox-admin').get(path, since(made))).body.items).toHaveLength(1);
  });

  it('is not one of our own machines (R7.6)', async () => {
    const sender = createWebhookSender({ allowedTargets: [] });
    onTestFinished(() => sender.close());
    const service = await openService({ adapt: () => ({ sender }) });
    const partner = service.as('sandbox-partner');
    const urls = [
      'http://partner.example/hooks',
      'https://127.0.0.1/hooks',
      'https://2130706433/hooks',
      'https://[::ffff:127.0.0.1]/hooks',
      'https://localhost/hooks',
      'https://169.254.169.254/latest/meta-data',
      'https://10.0.0.1/',
      'https://user:pass@partner.example/',
      'https://partner.example:22/',
      'https://db.internal/',
    ];
    for (const url of urls) {
      const refused = await partner.post(path, { ...endpoint, url });
      expect(refused, url).toMatchObject({ status: 422, body: { code: 'WEBHOOK_TARGET_NOT_ALLOWED' } });
    }
    expect(await service.countEvents()).toBe(0);
    expect((await partner.post(path, endpoint)).status).toBe(201);
  });

  it('gets a signed message that the standard library of receivers believes', async () => {
    const { target, received } = await startReceiver();
    const sender = createWebhookSender({ allowedTargets: [target] });
    onTestFinished(() => sender.close());
    // The library compares with the clock of this machine.
    const service = await openService({ adapt: () => ({ sender }), startMs: Date.now() });
    await arrange(service, { BER: { [sku]: 5 }, MAD: { [sku]: 5 } });
    const partner = service.as('sandbox-partner');
    const made = await partner.post(path, { ...endpoint, url: `http://${target}/hooks` });
    expect((await partner.post(`${made.headers.location}/test`)).status).toBe(202);
    await expect.poll(() => received.length).toBe(1);
    // Beyond what the partner works for: not delivered.
    await service.as('sandbox-admin').post(`/v1/warehouses/MAD/inventory/${sku}/receipts`, { quantity: 1 });
    const changed = await partner.post(`/v1/warehouses/BER/inventory/${sku}/receipts`, { quantity: 1 });
    await expect.poll(() => received.length).toBe(2);

    const verifier = new Webhook(made.body.secret);
    const messages = received.map(({ headers, body }) => verifier.verify(body, headers as Record<string, string>));
    expect(messages).toMatchObject([
      { type: 'webhook.test' },
      { type: 'stock.changed', data: { warehouseId: 'BER', sku } },
    ]);
    expect(() => verifier.verify(`${received[1]?.body} `, received[1]?.headers as Record<string, string>)).toThrow();

    const delivered = async () =>
      (await partner.get(`${made.headers.location}/deliveries`, since(changed))).body.items as readonly {
        status: string;
        deliveryId: string;
      }[];
    await expect.poll(async () => (await delivered()).map(({ status }) => status)).toEqual(['delivered', 'delivered']);
    expect((await delivered()).map(({ deliveryId }) => deliveryId)).toEqual(
      received.map(({ headers }) => headers['webhook-id']).reverse(),
    );
  });

  it('shows what was tried and what came back', async () => {
    const service = await openService();
    service.sender.answer = { kind: 'answered', status: 500, bodyStart: 'no room' };
    await arrange(service, { BER: { [sku]: 5 } });
    const partner = service.as('sandbox-partner');
    const made = await partner.post(path, endpoint);
    await partner.post(`${made.headers.location}/test`);
    const list = async (query = '') => (await partner.get(`${made.headers.location}/deliveries${query}`)).body.items;
    await expect.poll(async () => (await list())[0]?.attempts[0]?.httpStatus).toBe(500);
    expect(service.sender.sent).toHaveLength(1);
    expect(await list('?status=delivered')).toEqual([]);
    expect((await list())[0]).toMatchObject({
      type: 'webhook.test',
      sequence: 1,
      attempts: [{ responseStart: 'no room' }],
    });
  });
});

describe('the quotas of endpoints (14)', () => {
  const refusalOf = ({
    status,
    body,
  }: {
    status: number;
    body: { code?: string; quota?: string; limit?: number };
  }) => ({
    status,
    code: body.code,
    quota: body.quota,
    limit: body.limit,
  });
  const refused = (quota: string, limit: number) => ({ status: 409, code: 'TOO_MANY_ENDPOINTS', quota, limit });
  const urlOf = (host: number, n: number) => `https://h${host}.partner.example/${n}`;

  it('let one URL of an owner have few, however it is spelt and however many ask at once', async () => {
    const service = await openService();
    const partner = service.as('sandbox-partner');
    const spelt = [
      'https://partner.example/hooks',
      'https://PARTNER.example:443/hooks#x',
      'https://partner.example/./hooks',
    ];
    const asked = Array.from({ length: 9 }, (_, n) => partner.post(path, { ...endpoint, url: spelt[n % 3] }));
    const answers = await Promise.all(asked);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(endpointsPerUrlMax);
    const turnedAway = answers.filter(({ status }) => status !== 201).map(refusalOf);
    expect(turnedAway).toEqual(Array(9 - endpointsPerUrlMax).fill(refused('url', endpointsPerUrlMax)));
    expect((await partner.post(path, { ...endpoint, url: 'https://partner.example/others' })).status).toBe(201);
    expect((await service.as('sandbox-shop').post(path, endpoint)).status, 'another owner').toBe(201);
  });

  it('count what was made just now while the read model rests', async () => {
    const service = await openService({ running: false });
    const partner = service.as('sandbox-partner');
    const answers: number[] = [];
    for (let n = 0; n <= endpointsPerUrlMax; n += 1) answers.push((await partner.post(path, endpoint)).status);
    expect(answers).toEqual([...Array<number>(endpointsPerUrlMax).fill(201), 409]);
  });

  it('bound what one owner has at a host and in all, count what was deleted no more, and repeat what was answered', async () => {
    const service = await openService();
    const partner = service.as('sandbox-partner');
    const make = async (url: string) => partner.post(path, { ...endpoint, url });
    for (let n = 0; n < endpointsPerHostMax; n += 1) expect((await make(urlOf(0, n))).status).toBe(201);
    expect(refusalOf(await make(urlOf(0, 99)))).toEqual(refused('host', endpointsPerHostMax));
    const key = { 'idempotency-key': 'the-last-one' };
    for (let n = endpointsPerHostMax; n < endpointsPerOwnerMax - 1; n += 1) {
      expect((await make(urlOf(n, 0))).status).toBe(201);
    }
    const last = await partner.post(path, { ...endpoint, url: urlOf(99, 0) }, key);
    expect(last.status).toBe(201);
    expect(refusalOf(await make(urlOf(100, 0)))).toEqual(refused('owner', endpointsPerOwnerMax));
    const again = await partner.post(path, { ...endpoint, url: urlOf(99, 0) }, key);
    expect([again.status, again.body.endpointId]).toEqual([201, last.body.endpointId]);
    expect((await partner.del(last.headers.location!)).status).toBe(204);
    expect((await make(urlOf(100, 0))).status).toBe(201);
  });

  it('leave alone what an owner had before there were quotas', async () => {
    const service = await openService();
    const context = { commandId: randomUUID(), correlationId: 'c', causationId: 'c', authentication: {} };
    const actor = { subject: 'old', kind: 'client', client: 'old' } as const;
    for (let n = 0; n < endpointsPerOwnerMax + 10; n += 1) {
      const made = { endpointId: randomUUID(), ownerId: 'old', url: 'https://old.example/', scope: 'all' } as const;
      const command = { ...context, actor, commandId: randomUUID() };
      await service.useCases.createEndpoint({ ...made, eventTypes: ['order.placed'] }, command);
    }
    await service.settled();
    const old = service.as({ sub: 'old', client_id: 'old', roles: ['admin'], scope: allScopes, ...steppedUp(startMs) });
    expect((await old.get(`${path}?limit=500`)).body.items).toHaveLength(endpointsPerOwnerMax + 10);
    expect(refusalOf(await old.post(path, endpoint))).toEqual(refused('owner', endpointsPerOwnerMax));
    const all = await service.readModels.webhookEndpoints.queries.all();
    expect(all.endpoints.every(({ status }) => status === 'active')).toBe(true);
  });
});
