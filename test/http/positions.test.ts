/** Read your own writes, and change only what you have seen (B1, B8, R11.2). */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, orderOf, placeOrder, since, waitForPlan, warehouse } from './arrange.ts';
import { stuckOn } from './stuckOn.ts';

const sku = 'TABLE-OAK-160';
const url = `/v1/warehouses/BER/inventory/${sku}`;

describe('a read with Stockledger-Min-Position', () => {
  it('has seen the write that told the position, every time', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 0 } });
    const staff = service.as('sandbox-staff');
    for (let pieces = 1; pieces <= 25; pieces += 1) {
      const received = await staff.post(`${url}/receipts`, { quantity: 1 });
      const read = await staff.get(url, since(received));
      expect(read.body).toMatchObject({ onHand: pieces, revision: received.body.revision });
      expect(read.headers.etag).toBe(received.headers.etag);
    }
  });

  it('has seen an order and its shipment, wherever they are read', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 25 } });
    const admin = service.as('sandbox-admin');
    for (let orders = 1; orders <= 5; orders += 1) {
      const placed = await admin.post('/v1/orders', orderOf([line(sku, 1)]));
      const path = `/v1/orders/${placed.body.orderId}`;
      expect((await admin.get(path, since(placed))).body.revision).toBeGreaterThanOrEqual(placed.body.revision);
      expect((await admin.get(`${path}/tracking`, since(placed))).status).toBe(200);
      expect((await admin.get('/v1/orders', since(placed))).body.items).toHaveLength(orders);
      await service.settled();
      await expect.poll(async () => (await admin.get(path)).body.status).toBe('processing');
      const shipped = await admin.post(`${path}/shipments`, {
        warehouseId: 'BER',
        lines: [{ lineId: '1', quantity: 1 }],
        carrier: 'ups',
        trackingNumber: '1Z',
        parcels: [{ boxes: [] }],
      });
      const tracking = await admin.get(`${path}/tracking`, since(shipped));
      expect(tracking.body.shipments).toMatchObject([{ shipmentId: shipped.body.shipmentId }]);
    }
  });

  it('of a dispatch has seen the shipment, which is recorded after the order has told of it', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 5 } });
    const admin = service.as('sandbox-admin');
    const placed = await placeOrder(admin, [line(sku, 1)]);
    const shipped = await admin.post(`/v1/orders/${placed.body.orderId}/shipments`, {
      warehouseId: 'BER',
      lines: [{ lineId: '1', quantity: 1 }],
      carrier: 'ups',
      trackingNumber: '1Z',
      parcels: [{ boxes: [] }],
    });
    const [opened] = await service.adapters.events.readStream(`shipment-${shipped.body.shipmentId}`, 0, 1);
    expect(shipped.headers['stockledger-position']).toBe(opened?.position.commit.toString(36));
  });

  it('waits for all that the answer is made of: tracking is not "not found" while orders are behind', async () => {
    const service = await openService({ adapt: stuckOn('orders') });
    await arrange({ ...service, settled: async () => undefined }, { BER: { [sku]: 5 } });
    const admin = service.as('sandbox-admin');
    const placed = await admin.post('/v1/orders', orderOf([line(sku, 1)]));
    await service.readModels.shipments.model.waitFor((await service.adapters.events.head())!, 5_000);
    const tracking = await admin.get(`/v1/orders/${placed.body.orderId}/tracking`, {
      ...since(placed),
      prefer: 'wait=0',
    });
    expect(tracking).toMatchObject({ status: 503, body: { code: 'NOT_CAUGHT_UP' } });
  });

  it('answers with the position that it has seen', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 5 } });
    const staff = service.as('sandbox-staff');
    const read = await staff.get(url);
    expect((await staff.get('/v1/warehouses', since(read))).status).toBe(200);
  });

  it('is told 503 when to come again, while a read model stands still', async () => {
    const service = await openService({ adapt: stuckOn('stock_levels') });
    const admin = service.as('sandbox-admin');
    await admin.put('/v1/warehouses/BER', warehouse('BER'));
    const registered = await admin.post('/v1/warehouses/BER/inventory', { sku, onHand: 1 });
    expect(registered.status).toBe(201);
    const read = await admin.get(url, { ...since(registered), prefer: 'wait=0' });
    expect(read).toMatchObject({ status: 503, body: { code: 'NOT_CAUGHT_UP' } });
    expect(Number(read.headers['retry-after'])).toBeGreaterThan(0);
    expect(read.text).not.toContain('disk');
    // What does not depend on it goes on.
    expect((await admin.get('/v1/warehouses/BER', since(registered))).status).toBe(200);
    // History is read from the log, but whether there is such a stock is not known yet.
    expect((await admin.get(`${url}/history`, { ...since(registered), prefer: 'wait=0' })).status).toBe(503);
  });

  it('waits no longer than Prefer says', async () => {
    const service = await openService({ running: false });
    const admin = service.as('sandbox-admin');
    const made = await admin.put('/v1/warehouses/BER', warehouse('BER'));
    const waiting = admin.get('/v1/warehouses/BER', { ...since(made), prefer: 'respond-async, wait=10' });
    service.start();
    expect((await waiting).status).toBe(200);
  });
});

describe('an order placed with Prefer: wait', () => {
  it('is answered with its sources, and with a position that has seen them', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 5 } });
    const placed = await placeOrder(service.as('sandbox-shop'), [line(sku, 2)]);
    expect(placed.body).toMatchObject({
      status: 'processing',
      lines: [{ allocated: [{ warehouseId: 'BER', quantity: 2 }] }],
    });
    const stock = await service.as('sandbox-support').get(url, since(placed));
    expect(stock.body).toMatchObject({ reserved: 2, available: 3 });
  });

  it('is answered as pending when nobody plans it in time', async () => {
    const service = await openService({ running: false });
    await service.as('sandbox-admin').put(`/v1/items/${sku}`, { name: 'Oak table', attributes: {}, boxes: [] });
    const placed = await service.as('sandbox-shop').post('/v1/orders', orderOf([line(sku, 1)]), { prefer: 'wait=0' });
    expect(placed).toMatchObject({ status: 201, body: { status: 'pending', lines: [{ allocated: [] }] } });
  });
});

describe('an ETag', () => {
  it('is the revision, and spares a body that the caller has', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 5 } });
    await service.as('sandbox-admin').put(`/v1/items/${sku}`, { name: 'Oak table', attributes: {}, boxes: [] });
    const placed = await placeOrder(service.as('sandbox-shop'), [line(sku, 1)]);
    await service.settled();
    const admin = service.as('sandbox-admin');
    for (const path of [url, '/v1/warehouses/BER', `/v1/items/${sku}`, `/v1/orders/${placed.body.orderId}`]) {
      const first = await admin.get(path);
      // The item shows in its stock.
      expect(first.headers.etag).toBe(path === url ? `"${first.body.revision}.0"` : `"${first.body.revision}"`);
      const again = await admin.get(path, { 'if-none-match': first.headers.etag! });
      expect(again).toMatchObject({ status: 304, text: '' });
      expect(again.headers.etag).toBe(first.headers.etag);
      expect((await admin.get(path, { 'if-none-match': '"999"' })).status).toBe(200);
    }
  });

  it('is needed to set a counted quantity', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 5 } });
    const staff = service.as('sandbox-staff');
    const count = { onHand: 4, reason: 'stocktaking' };
    expect(await staff.put(url, count)).toMatchObject({ status: 428, body: { code: 'IF_MATCH_REQUIRED' } });
    const { headers } = await staff.get(url);
    const set = await staff.put(url, count, { 'if-match': headers.etag! });
    expect(set).toMatchObject({ status: 200, body: { onHand: 4 } });
    expect(await staff.put(url, count, { 'if-match': headers.etag! })).toMatchObject({ status: 412 });
  });

  it('that is out of date gets 412 with what has happened since, without personal data (B1)', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 5 } });
    const staff = service.as('sandbox-staff');
    const seen = (await staff.get(url)).headers.etag!;
    await staff.post(`${url}/receipts`, { quantity: 3 });
    await staff.post(`${url}/adjustments`, { delta: -1, reason: 'lost', note: 'Ada took one' });
    const before = await service.countEvents();
    const late = await staff.post(`${url}/adjustments`, { delta: 1, reason: 'found' }, { 'if-match': seen });
    expect(late).toMatchObject({
      status: 412,
      body: {
        code: 'REVISION_CONFLICT',
        currentRevision: 2,
        events: [
          { type: 'StockReceived', revision: 1, data: { quantity: 3 } },
          { type: 'StockAdjusted', revision: 2, data: { delta: -1 } },
        ],
      },
    });
    expect(late.headers.etag).toBe('"2"');
    expect(late.text).not.toMatch(/note|Ada/);
    expect(await service.countEvents()).toBe(before);
    const rebased = await staff.post(`${url}/adjustments`, { delta: 1, reason: 'found' }, { 'if-match': '"2"' });
    expect(rebased).toMatchObject({ status: 201, body: { onHand: 8, revision: 3 } });
  });

  it('guards an order against a change that somebody else made, and tells nothing of the address', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 5 } });
    const admin = service.as('sandbox-admin');
    const placed = await admin.post('/v1/orders', orderOf([line(sku, 1)]), waitForPlan);
    const path = `/v1/orders/${placed.body.orderId}/status`;
    const stale = { 'if-match': '"0"' };
    const late = await admin.put(path, { status: 'cancelled', reason: 'late' }, stale);
    expect(late).toMatchObject({ status: 412, body: { events: [{ type: 'OrderAllocated' }] } });
    expect(late.text).not.toMatch(/Canary|canary/);
    const now = await admin.put(path, { status: 'cancelled', reason: 'late' }, { 'if-match': placed.headers.etag! });
    expect(now).toMatchObject({ status: 200, body: { status: 'cancelled' } });
  });
});

describe('an ETag', () => {
  it('of a stock is another one when its item was described anew, and If-Match still compares the stock', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 10 } });
    const admin = service.as('sandbox-admin');
    const plain = await admin.get(url);
    const describedAs = (name: string) => admin.put(`/v1/items/${sku}`, { name, attributes: {}, boxes: [] });
    const first = await admin.get(url, since(await describedAs('Oak table')));
    const second = await admin.get(url, {
      ...since(await describedAs('Table')),
      'if-none-match': first.headers.etag ?? '',
    });
    expect([plain.headers.etag, first.headers.etag, second.headers.etag]).toEqual(['"0"', '"0.0"', '"0.1"']);
    expect([second.status, second.body.name]).toEqual([200, 'Table']);
    expect((await admin.get(url, { 'if-none-match': '"0.1"' })).status).toBe(304);
    const counted = await admin.put(url, { onHand: 9, reason: 'stocktake' }, { 'if-match': '"0.0"' });
    expect(counted.status).toBe(200);
  });

  it('in If-None-Match and If-Match is compared as RFC 9110 says: weakly, and strongly', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 10 } });
    const staff = service.as('sandbox-staff');
    const read = async (tag: string) => (await staff.get(url, { 'if-none-match': tag })).status;
    const seen = ['*', 'W/"0"', '"7", W/"0" , "9"', '"7", "8"', '"00"'];
    expect(await Promise.all(seen.map(read))).toEqual([304, 304, 304, 200, 200]);
    const receive = async (target: string, tag: string) =>
      (await staff.post(`${target}/receipts?dryRun=true`, { quantity: 1 }, { 'if-match': tag })).status;
    const met = ['*', '"7", "0"', 'W/"0"', '"7"', '"theirs"', '0'];
    expect(await Promise.all(met.map((tag) => receive(url, tag)))).toEqual([200, 200, 412, 412, 412, 400]);
    // Nothing is there, and nothing is what no tag stands for.
    expect(await receive('/v1/warehouses/BER/inventory/OTHER', '*')).toBe(412);
  });
});

describe('a position that nothing was written at', () => {
  it('is refused at once and parks no request, in a read and in a resumed stream', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 1 } });
    const beyond = (await service.countEvents()) + 1_000;
    const invented = { 'stockledger-min-position': beyond.toString(36), prefer: 'wait=10' };
    const staff = service.as('sandbox-staff');
    // Who waits now waits for ever.
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const answers = await Promise.all(Array.from({ length: 100 }, () => staff.get(url, invented)));
    for (const { status, body } of answers) expect([status, body.code]).toEqual([400, 'INVALID_POSITION']);
    const resumed = await staff.get('/v1/stream', { 'last-event-id': beyond.toString(36) });
    expect([resumed.status, resumed.body.code]).toEqual([400, 'INVALID_POSITION']);
  });

  it('counts the requests that wait for one that there is: one caller can not park them all', async () => {
    const service = await openService({ adapt: stuckOn('orders') });
    await arrange({ ...service, settled: async () => undefined }, { BER: { [sku]: 5 } });
    const admin = service.as('sandbox-admin');
    const placed = await admin.post('/v1/orders', orderOf([line(sku, 1)]));
    const path = `/v1/orders/${placed.body.orderId}`;
    const waiting = Array.from({ length: 300 }, () => admin.get(path, { ...since(placed), prefer: 'wait=1' }));
    const codes = (await Promise.all(waiting)).map(({ body }) => body.code);
    expect(new Set(codes)).toEqual(new Set(['NOT_CAUGHT_UP', 'TOO_MUCH_AT_ONCE']));
    expect(codes.filter((code) => code === 'TOO_MUCH_AT_ONCE')).toHaveLength(50);
  });
});
