/** A transfer in the clustered form: told at one process, followed by another, read at either. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Cluster,
  createCluster,
  describeClustered,
  patiently,
  startMaxMs,
  startServers,
  writeAndRead,
} from '../support/cluster.ts';

describeClustered('a transfer over two processes on the three servers', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await createCluster();
    await startServers(cluster);
  }, startMaxMs);
  afterAll(() => cluster.close());

  it('is planned at one, and booked out and in by the other', async () => {
    const [a, b] = await Promise.all([cluster.start({ ROLES: 'api' }), cluster.start()]);
    await Promise.all([a.untilReady(), b.untilReady()]);
    await writeAndRead(a, b, 'BENCH');
    const house = (await a.ask({ method: 'GET', path: '/v1/warehouses/BER' })).body;
    const { warehouseId: _, revision: __, updatedAt: ___, ...described } = house;
    await a.askUntil(200, { method: 'PUT', path: '/v1/warehouses/PAR', body: described });

    const body = { from: 'BER', to: 'PAR', lines: [{ sku: 'BENCH', quantity: 5 }] };
    const planned = await a.askUntil(201, { method: 'POST', path: '/v1/transfers', body, key: 'plan' });
    const path = `/v1/transfers/${String(planned.body.transferId)}`;
    const stockAt = async (warehouseId: string) => {
      const { onHand, reserved } = (
        await b.ask({ method: 'GET', path: `/v1/warehouses/${warehouseId}/inventory/BENCH` })
      ).body;
      return { onHand, reserved };
    };
    await expect.poll(() => stockAt('BER'), patiently).toEqual({ onHand: 7, reserved: 5 });
    await b.askUntil(200, { method: 'POST', path: `${path}/dispatch`, body: {}, key: 'dispatch' });
    await a.askUntil(200, { method: 'POST', path: `${path}/receipts`, body: {}, key: 'receive' });
    await expect.poll(() => stockAt('BER'), patiently).toEqual({ onHand: 2, reserved: 0 });
    await expect.poll(() => stockAt('PAR'), patiently).toEqual({ onHand: 5, reserved: 0 });
    const listed = async () =>
      (await a.ask({ method: 'GET', path: '/v1/transfers?warehouseId=PAR&sku=BENCH' })).body.items;
    await expect.poll(listed, patiently).toMatchObject([{ status: 'completed' }]);
  });
});
