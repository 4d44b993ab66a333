/** What was acknowledged is never "not found", however far the read models are behind (issue of real use). */
import { randomUUIDv7 } from 'node:crypto';
import { expect, it } from 'vitest';
import { openService, type TestService } from '../support/service.ts';
import { line, orderOf, warehouse } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const inventory = '/v1/warehouses/BER/inventory';
const item = { name: 'Table', attributes: {}, boxes: [] };

/** Read models that have seen nothing: what follows the log does not run. */
const fill = async (service: TestService): Promise<{ orderId: string; endpointId: string }> => {
  const admin = service.as('sandbox-admin');
  const orderId = randomUUIDv7();
  const body = orderOf([line(sku, 1)], { orderId });
  const answers = [
    await admin.put('/v1/warehouses/BER', warehouse('BER')),
    await admin.put(`/v1/items/${sku}`, item),
    await admin.post(inventory, { sku, onHand: 3 }),
    await admin.post('/v1/orders', body),
    await admin.post('/v1/webhook-endpoints', { url: 'https://partner.example/hook', eventTypes: ['stock.changed'] }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 201, 201, 201]);
  return { orderId, endpointId: answers[4]?.body.endpointId };
};

it('finds everything by its id right after it was acknowledged, for every role that may see it', async () => {
  const service = await openService({ running: false });
  const { orderId, endpointId } = await fill(service);
  const paths = {
    'sandbox-admin': [
      '/v1/warehouses/BER',
      `/v1/items/${sku}`,
      `/v1/items/${sku}/availability`,
      inventory,
      `${inventory}/${sku}`,
      `${inventory}/${sku}/history`,
      `${inventory}/${sku}/explain`,
      `/v1/orders/${orderId}`,
      `/v1/orders/${orderId}/tracking`,
      `/v1/webhook-endpoints/${endpointId}`,
      `/v1/webhook-endpoints/${endpointId}/deliveries`,
    ],
    'sandbox-staff': ['/v1/warehouses/BER', `${inventory}/${sku}`, inventory],
    'sandbox-support': [`/v1/orders/${orderId}`, `/v1/orders/${orderId}/tracking`, `${inventory}/${sku}`],
    'sandbox-partner': [`${inventory}/${sku}`],
    'sandbox-shop': [`/v1/orders/${orderId}`, `${inventory}/${sku}`],
  };
  for (const [who, all] of Object.entries(paths)) {
    for (const path of all) expect([who, path, (await service.as(who).get(path)).status]).toEqual([who, path, 200]);
  }
});

it('finds a stock with all that was acknowledged of it, however much that is (36)', async () => {
  const service = await openService({ running: false });
  await fill(service);
  const admin = service.as('sandbox-admin');
  const receipt = { kind: 'receipt', warehouseId: 'BER', sku, quantity: 1 };
  for (const _half of [1, 2]) {
    const changed = await admin.post('/v1/inventory/changes', { changes: Array.from({ length: 300 }, () => receipt) });
    expect(changed.status, changed.text).toBe(207);
  }
  expect((await admin.get(`${inventory}/${sku}`)).body).toMatchObject({ onHand: 603, revision: 600 });
});

it('still does not find what nobody recorded', async () => {
  const service = await openService({ running: false });
  await fill(service);
  const admin = service.as('sandbox-admin');
  for (const path of [`/v1/orders/${randomUUIDv7()}`, `${inventory}/OTHER`, '/v1/items/OTHER', '/v1/warehouses/PAR']) {
    expect((await admin.get(path)).status, path).toBe(404);
  }
});
