/** The shortest look at the clustered form: two processes on three servers, and an order that both of them know. */
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

  it('read at one what was written at the other, and source its order', async () => {
    const [a, b] = await Promise.all([cluster.start({ ROLES: 'api' }), cluster.start()]);
    await Promise.all([a.untilReady(), b.untilReady()]);
    await writeAndRead(a, b, 'SMOKE');
    const key = 'order-smoke';
    const placed = await a.askUntil(201, { method: 'POST', path: '/v1/orders', body: orderOf('SMOKE'), key });
    const read = { method: 'GET', path: `/v1/orders/${String(placed.body.orderId)}` };
    await expect.poll(async () => (await b.ask(read)).body.status, patiently).toBe('processing');
  });
});
