/** The shortest look at the clustered form: two processes on three servers, an order and a key that both of them know. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Cluster,
  createCluster,
  describeClustered,
  orderOf,
  patiently,
  startMaxMs,
  startServers,
  writeAndRead,
} from '../support/cluster.ts';

describeClustered('two processes on the three servers', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await createCluster();
    await startServers(cluster);
  }, startMaxMs);
  afterAll(() => cluster.close());

  it('read at one what was written at the other, source its order, and know the same keys', async () => {
    const [a, b] = await Promise.all([cluster.start({ ROLES: 'api' }), cluster.start()]);
    await Promise.all([a.untilReady(), b.untilReady()]);
    await writeAndRead(a, b, 'SMOKE');
    const key = 'order-smoke';
    const placed = await a.askUntil(201, { method: 'POST', path: '/v1/orders', body: orderOf('SMOKE'), key });
    const read = { method: 'GET', path: `/v1/orders/${String(placed.body.orderId)}` };
    await expect.poll(async () => (await b.ask(read)).body.status, patiently).toBe('processing');

    // Issued at one, it is taken at the other at once. Who has used it takes it for 10 s more; who has not, does not.
    const body = { clientId: 'sandbox-admin', requestsPerMinute: 1_000 };
    const issue = { method: 'POST', path: '/v1/api-keys', body, key: 'key-smoke' };
    const issued = await a.askUntil(201, issue);
    expect((await b.ask(issue)).body.key).toBe(issued.body.key);
    const use = { method: 'GET', path: '/v1/warehouses', headers: { 'x-api-key': String(issued.body.key) } };
    const used = await b.ask(use);
    expect(used).toMatchObject({ status: 200 });
    expect(used.headers.get('ratelimit-policy')).toContain('"key";q=1000;w=60');
    const list = { method: 'GET', path: '/v1/api-keys' };
    const lastUses = async () => ((await a.ask(list)).body.items as { lastUsedAt: string | null }[])[0]?.lastUsedAt;
    await expect.poll(lastUses, patiently).toEqual(expect.any(String));
    await a.askUntil(204, { method: 'DELETE', path: `/v1/api-keys/${String(issued.body.keyId)}` });
    await a.askUntil(401, use);
  });
});
