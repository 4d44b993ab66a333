/**
 * What users of comparable products complain about, row by row of the list that the product was begun with: each is a test
 * here, or where it says "row N" elsewhere. `test/architecture/complaints.test.ts` counts them.
 */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { openService, type TestService } from '../support/service.ts';
import { arrange, line, orderOf, placeOrder, type Stocks } from './arrange.ts';

let service: TestService;
const as = (who: string) => service.as(who);
const stockOf = async (warehouseId: string, sku: string) =>
  (await as('sandbox-admin').get(`/v1/warehouses/${warehouseId}/inventory/${sku}`)).body;
const orderNow = async (orderId: string) => (await as('sandbox-shop').get(`/v1/orders/${orderId}`)).body;
const at = (warehouseId: string, sku: string, what: string) => `/v1/warehouses/${warehouseId}/inventory/${sku}/${what}`;
const open = async (stocks: Stocks): Promise<void> => {
  service = await openService();
  await arrange(service, stocks);
};
const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);
const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));
const sourced = (order: { lines: { allocated: { quantity: number }[] }[] }): number =>
  sum(order.lines.flatMap(({ allocated }) => allocated.map(({ quantity }) => quantity)));

describe('nobody is sold what is not there', () => {
  it('row 1: callers of every kind at once get no more than there is, as the append decides and no lock of a caller', async () => {
    await open({ BER: { CHAIR: 20 } });
    const reserve = { quantity: 1, expiresInSeconds: 900 };
    const asked = times(20, async (index) => {
      const admin = as('sandbox-admin');
      if (index % 2 === 0) return (await admin.post(at('BER', 'CHAIR', 'reservations'), reserve)).status;
      const changes = [{ kind: 'adjustment', warehouseId: 'BER', sku: 'CHAIR', delta: -1, reason: 'lost' }];
      return (await admin.post('/v1/inventory/changes', { changes })).status;
    });
    const orders = times(20, () => placeOrder(as('sandbox-shop'), [line('CHAIR', 1)]));
    await Promise.all([asked, orders]);
    const level = async () => stockOf('BER', 'CHAIR');
    await expect.poll(level).toMatchObject({ onHand: 10, reserved: 10, available: 0 });
  });

  it('row 2: two lines of one SKU are summed before anything is decided', async () => {
    await open({ BER: { CHAIR: 4 } });
    const { body } = await placeOrder(as('sandbox-shop'), [line('CHAIR', 3), line('CHAIR', 3)]);
    expect(sourced(body)).toBe(4);
    expect(sum(body.lines.map(({ backordered }: { backordered: number }) => backordered))).toBe(2);
    const row = { kind: 'quarantine', warehouseId: 'BER', sku: 'CHAIR', quantity: 3, reason: 'wet' };
    await as('sandbox-admin').post('/v1/inventory/changes', { changes: [row, row] });
    const { onHand, reserved, quarantined } = await stockOf('BER', 'CHAIR');
    expect(reserved).toBeLessThanOrEqual(Math.max(0, onHand - quarantined));
  });

  it('row 3: reserved is the open reservations, whatever was changed, compensated and tried again', async () => {
    await open({ BER: { CHAIR: 9 } });
    const shop = as('sandbox-shop');
    const { body } = await placeOrder(shop, [line('CHAIR', 4)]);
    const url = `/v1/orders/${body.orderId}`;
    for (const quantity of [4, 2, 2, 6]) await shop.patch(url, { lines: [{ lineId: '1', quantity }] });
    await expect.poll(async () => sourced(await orderNow(body.orderId))).toBe(6);
    for (const status of ['on_hold', 'released', 'cancelled']) await shop.put(`${url}/status`, { status, reason: 'x' });
    await expect.poll(() => stockOf('BER', 'CHAIR')).toMatchObject({ onHand: 9, reserved: 0, available: 9 });
    const found = await as('sandbox-admin').get(`${at('BER', 'CHAIR', 'explain')}?field=reserved&limit=500`);
    expect(sum(found.body.items.map(({ delta }: { delta: number }) => delta))).toBe(0);
  });

  it('row 4: goods in any warehouse are found, as the plan that is checked is the plan that is committed', async () => {
    await open({ BER: { CHAIR: 0 }, PAR: { CHAIR: 0 }, MAD: { CHAIR: 3 } });
    const available = (await as('sandbox-shop').get('/v1/items/CHAIR/availability')).body;
    expect(available.available).toBe(3);
    const { body } = await placeOrder(as('sandbox-shop'), [line('CHAIR', 3)], { preferredWarehouseId: 'BER' });
    expect(body.lines[0].allocated).toEqual([{ warehouseId: 'MAD', quantity: 3 }]);
  });

  it('row 5: goods that leave from another warehouse than the reserved one leave both right', async () => {
    await open({ BER: { CHAIR: 2 }, PAR: { CHAIR: 2 } });
    const { body } = await placeOrder(as('sandbox-shop'), [line('CHAIR', 2)], { preferredWarehouseId: 'BER' });
    const shipment = { warehouseId: 'PAR', lines: [{ lineId: '1', quantity: 2 }], parcels: [{ boxes: [] }] };
    expect((await as('sandbox-admin').post(`/v1/orders/${body.orderId}/shipments`, shipment)).status).toBe(201);
    await expect.poll(() => stockOf('PAR', 'CHAIR')).toMatchObject({ onHand: 0, reserved: 0 });
    await expect.poll(() => stockOf('BER', 'CHAIR')).toMatchObject({ onHand: 2, reserved: 0, available: 2 });
  });

  it('row 6: no order gets too much, and none too little, when all are placed at once', async () => {
    await open({ BER: { CHAIR: 30 } });
    const placed = await times(40, () => placeOrder(as('sandbox-shop'), [line('CHAIR', 1)]));
    const all = async () =>
      sum(await Promise.all(placed.map(async ({ body }) => sourced(await orderNow(body.orderId)))));
    await expect.poll(all).toBe(30);
    expect(await stockOf('BER', 'CHAIR')).toMatchObject({ reserved: 30, available: 0 });
  });

  it('row 7: what is split over warehouses is what was asked for, to the piece', async () => {
    await open({ BER: { CHAIR: 2, LAMP: 1 }, PAR: { CHAIR: 2, LAMP: 1 }, MAD: { CHAIR: 2, LAMP: 1 } });
    for (const sourcing of ['fewest-shipments', 'nearest', 'priority', 'balance']) {
      const lines = [line('CHAIR', 5), line('LAMP', 2)];
      const order = orderOf(lines, { sourcing });
      const [plan] = (
        await as('sandbox-shop').post('/v1/sourcing/simulations', {
          shipTo: { countryCode: 'DE' },
          sourcing,
          lines: [
            { sku: 'CHAIR', quantity: 5 },
            { sku: 'LAMP', quantity: 2 },
          ],
        })
      ).body.plans;
      expect(sum(plan.sources.map(({ quantity }: { quantity: number }) => quantity))).toBe(7);
      const { body } = await as('sandbox-shop').post('/v1/orders', order, { prefer: 'wait=10' });
      expect(sourced(body), sourcing).toBe(7);
      await as('sandbox-shop').put(`/v1/orders/${body.orderId}/status`, { status: 'cancelled', reason: 'x' });
      await expect.poll(async () => (await stockOf('MAD', 'CHAIR')).reserved).toBe(0);
      await expect.poll(async () => (await stockOf('PAR', 'CHAIR')).reserved).toBe(0);
      await expect.poll(async () => (await stockOf('BER', 'CHAIR')).reserved).toBe(0);
    }
  });
});

describe('whoever asks is told', () => {
  beforeEach(() => open({ BER: { CHAIR: 9, LAMP: 9 } }));

  it('row 8: claims and figures are compared for ever, and the metrics say by how much they differ', async () => {
    await placeOrder(as('sandbox-shop'), [line('CHAIR', 3)]);
    const metrics = (await service.as(null).get('/metrics')).text;
    expect(metrics).toMatch(/^stockledger_reservation_drift\{kind="lost_reservation"\} 0$/m);
    expect(metrics).toMatch(/^stockledger_stock_drift\{field="reserved"\} 0$/m);
  });

  it('row 9: 500 rows of ten stocks are one request, and each is answered by itself', async () => {
    const skus = Array.from({ length: 10 }, (_, index) => `SKU-${index}`);
    const register = skus.map((sku) => ({ kind: 'register', warehouseId: 'BER', sku }));
    const receive = Array.from({ length: 490 }, (_, index) => ({
      kind: 'receipt',
      warehouseId: 'BER',
      sku: skus[index % 10],
      quantity: index % 7 === 0 ? 0 : 1,
    }));
    const { body } = await as('sandbox-admin').post('/v1/inventory/changes', { changes: [...register, ...receive] });
    const refused = body.results.filter(({ status }: { status: number }) => status === 400);
    expect([body.results.length, refused.length]).toEqual([500, 70]);
    await service.settled();
    const figures = await Promise.all(skus.map(async (sku) => (await stockOf('BER', sku)).onHand));
    expect(sum(figures)).toBe(420);
  });

  it('row 10: what a webhook tells can be read when it arrives', async () => {
    const endpoint = { url: 'https://shop.example/hook', eventTypes: ['order.placed'] };
    expect((await as('sandbox-shop').post('/v1/webhook-endpoints', endpoint)).status).toBe(201);
    const { body } = await as('sandbox-shop').post('/v1/orders', orderOf([line('CHAIR', 1)]));
    await expect.poll(() => service.sender.sent.length).toBe(1);
    const told = JSON.parse(service.sender.sent[0]?.body ?? '');
    expect(told).toMatchObject({ type: 'order.placed', data: { orderId: body.orderId } });
    expect(await orderNow(told.data.orderId)).toMatchObject({ orderId: body.orderId });
  });

  it('row 12: a shipment that is sent again takes nothing twice', async () => {
    const { body } = await placeOrder(as('sandbox-shop'), [line('CHAIR', 4)]);
    const shipment = { warehouseId: 'BER', lines: [{ lineId: '1', quantity: 2 }], parcels: [{ boxes: [] }] };
    const key = { 'idempotency-key': randomUUID() };
    const url = `/v1/orders/${body.orderId}/shipments`;
    const sent = await times(5, () => as('sandbox-admin').post(url, shipment, key));
    const ids = sent.filter(({ status }) => status === 201).map((answer) => answer.body.shipmentId);
    expect(new Set(ids).size).toBe(1);
    await expect.poll(() => stockOf('BER', 'CHAIR')).toMatchObject({ onHand: 7, reserved: 2 });
  });

  it('row 13: there is one stock of a SKU in a warehouse, and never more reserved than is there', async () => {
    const again = await times(8, () =>
      as('sandbox-admin').post('/v1/warehouses/BER/inventory', { sku: 'NEW', onHand: 5 }),
    );
    expect(again.filter(({ status }) => status === 201)).toHaveLength(1);
    await placeOrder(as('sandbox-shop'), [line('CHAIR', 8)]);
    await as('sandbox-admin').post(at('BER', 'CHAIR', 'adjustments'), { delta: -5, reason: 'damaged' });
    await expect.poll(() => stockOf('BER', 'CHAIR')).toMatchObject({ onHand: 4, reserved: 4, available: 0 });
  });
});

describe('the past stays what it was', () => {
  const day = 24 * 3_600_000;

  it('row 14: a stock as of a moment is folded forward from its events', async () => {
    await open({ BER: { CHAIR: 9 } });
    const admin = as('sandbox-admin');
    const moments: string[] = [];
    for (const delta of [3, -5, 4]) {
      service.clock.pass(day);
      await admin.post(at('BER', 'CHAIR', 'adjustments'), { delta, reason: 'correction' });
      moments.push(service.clock.now());
    }
    await service.settled();
    const then = (asOf: string) => admin.get(`/v1/warehouses/BER/inventory/CHAIR?asOf=${asOf}`);
    const figures = await Promise.all(moments.map(async (asOf) => (await then(asOf)).body.onHand));
    expect(figures).toEqual([12, 7, 11]);
  });

  it('row 15: what is told late is one more event, and rewrites none', async () => {
    await open({ BER: { CHAIR: 9 } });
    const admin = as('sandbox-admin');
    service.clock.pass(2 * day);
    const before = (await admin.get(at('BER', 'CHAIR', 'history'))).body.items;
    const occurredAt = new Date(Date.parse(service.clock.now()) - day).toISOString();
    await admin.post(at('BER', 'CHAIR', 'adjustments'), { delta: -2, reason: 'damaged', occurredAt });
    await service.settled();
    const after = (await admin.get(at('BER', 'CHAIR', 'history'))).body.items;
    expect(after.slice(0, -1)).toEqual(before);
    const known = (query: string) => admin.get(`/v1/warehouses/BER/inventory/CHAIR?asOf=${occurredAt}${query}`);
    expect((await known('')).body.onHand).toBe(7);
    expect((await known(`&knownAt=${occurredAt}`)).body.onHand).toBe(9);
  });

  it('row 18: a command that is sent again finds its events by their ids, at the exact revision', async () => {
    await open({ BER: { CHAIR: 9 } });
    const key = { 'idempotency-key': randomUUID() };
    const adjust = () =>
      as('sandbox-admin').post(at('BER', 'CHAIR', 'adjustments'), { delta: 1, reason: 'found' }, key);
    const first = await adjust();
    const events = await service.countEvents();
    await service.adapters.idempotencyRecords.prune('9999-12-31T00:00:00.000Z');
    const again = await adjust();
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect(await service.countEvents()).toBe(events);
  });
});
