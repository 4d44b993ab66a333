/** Carriers in the clustered form: one process asks, all of them know what was answered, and since when nothing is (R12.2, R22.2). */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signedHeaders } from '../../src/webhooks/attempts.ts';
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

const number = '9102901000462189604217';
const secret = `whsec_${Buffer.from('generic-secret-00000001').toString('base64')}`;

describeClustered('two processes and a carrier', () => {
  let cluster: Cluster;
  let carrier: Server;
  let isDown = true;
  beforeAll(async () => {
    carrier = createServer((_, response) => {
      response
        .writeHead(isDown ? 503 : 200)
        .end(
          `<TrackResponse><TrackInfo ID="${number}"><TrackSummary><EventTime>9:01 am</EventTime>` +
            '<EventDate>November 1, 2026</EventDate><Event>Out for Delivery</Event><EventCode>OF</EventCode>' +
            '</TrackSummary></TrackInfo></TrackResponse>',
        );
    }).listen(0, '127.0.0.1');
    await once(carrier, 'listening');
    cluster = await createCluster();
    await startServers(cluster);
  }, startMaxMs);
  afterAll(async () => {
    carrier.close();
    await cluster.close();
  });

  it('tell at one what the other has found out', async () => {
    const { port } = carrier.address() as AddressInfo;
    const env = {
      CARRIER_GENERIC_SECRET: secret,
      CARRIER_USPS_URL: `http://127.0.0.1:${port}/api`,
      CARRIER_USPS_KEY: 'me',
      WEBHOOK_ALLOWED_TARGETS: `127.0.0.1:${port}`,
    };
    const [a, b] = await Promise.all([cluster.start({ ...env, ROLES: 'api' }), cluster.start(env)]);
    await Promise.all([a.untilReady(), b.untilReady()]);
    await writeAndRead(a, b, 'MAIL');
    const placed = await a.askUntil(201, { method: 'POST', path: '/v1/orders', body: orderOf('MAIL'), key: 'o-mail' });
    const orderId = String(placed.body.orderId);
    const order = { method: 'GET', path: `/v1/orders/${orderId}` };
    await expect.poll(async () => (await b.ask(order)).body.status, patiently).toBe('processing');
    const lines = (await b.ask(order)).body.lines as { lineId: string; allocated: { warehouseId: string }[] }[];
    const body = {
      warehouseId: lines[0]?.allocated[0]?.warehouseId,
      lines: [{ lineId: lines[0]?.lineId, quantity: 1 }],
      carrier: 'USPS',
      trackingNumber: number,
      parcels: [{ boxes: [] }],
    };
    await a.askUntil(201, { method: 'POST', path: `${order.path}/shipments`, body, key: 's-mail' });
    const tracking = async () => (await a.ask({ method: 'GET', path: `${order.path}/tracking` })).body;
    await expect.poll(tracking, patiently).toMatchObject({ stale: true, shipments: [{ status: 'pre_transit' }] });
    isDown = false;
    await expect
      .poll(tracking, patiently)
      .toMatchObject({ stale: false, staleSince: null, shipments: [{ status: 'out_for_delivery' }] });

    const events = [
      { trackingNumber: number, carrier: 'usps', status: 'delivered', occurredAt: new Date().toISOString() },
    ];
    const message = JSON.stringify({ events });
    const signed = signedHeaders({ id: 'm-1', body: message, secret }, new Date().toISOString());
    const path = '/v1/carriers/generic/webhook';
    expect(await a.ask({ method: 'POST', path, body: { events }, headers: signed })).toMatchObject({
      status: 202,
      body: { recorded: 1, unknown: 0 },
    });
    const atB = async () => (await b.ask({ method: 'GET', path: `${order.path}/tracking` })).body;
    await expect.poll(atB, patiently).toMatchObject({ shipments: [{ status: 'delivered' }] });
  });
});
