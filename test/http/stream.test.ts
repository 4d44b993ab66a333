/**
 * The live stream over a socket: nothing missed, nothing told twice, nothing that is not the caller's
 * (docs/openapi.json).
 */
import { describe, expect, it } from 'vitest';
import { type Listening, listen } from '../support/listening.ts';
import { type Claims, openService, type TestService } from '../support/service.ts';
import { arrange, line, placeOrder, warehouse } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const receipts = `/v1/warehouses/BER/inventory/${sku}/receipts`;

const openLive = async () => {
  const service = await openService();
  await arrange(service, { BER: { [sku]: 100 }, MAD: { [sku]: 100 } });
  const origin = await service.listen();
  return {
    service,
    staff: service.as('sandbox-staff'),
    hear: async (who: string | Claims, query = '', lastEventId?: string) =>
      listen(`${origin}/v1/stream${query}`, await service.tokenFor(who), lastEventId),
  };
};

const typesOf = ({ messages }: Listening): readonly string[] => messages.map(({ event }) => event);
const positionsOf = async ({ adapters }: TestService): Promise<readonly string[]> => {
  const events = await adapters.events.readAll(null, 'forwards', 100_000);
  return events.map(({ position }) => position.commit.toString(36));
};

describe('the live stream', () => {
  it('tells events as they happen, each with its position', async () => {
    const { staff, hear } = await openLive();
    const live = await hear('sandbox-admin');
    expect(live).toMatchObject({ status: 200, contentType: 'text/event-stream' });
    const received = await staff.post(receipts, { quantity: 1 });
    await expect.poll(() => live.messages.length).toBe(1);
    const [message] = live.messages;
    expect(message).toMatchObject({
      event: 'StockReceived',
      data: { type: 'StockReceived', stream: `stock-BER.${sku}` },
    });
    expect(message?.id).toBe(received.headers['stockledger-position']);
    expect(message?.data.position).toBe(message?.id);
  });

  it('goes on after Last-Event-ID without a gap and without a repeat, while events are written', async () => {
    const { service, staff, hear } = await openLive();
    const begin = (await service.adapters.events.head())?.commit ?? 0n;
    const heard: string[] = [];
    // Writes for as long as somebody still has to hear of it, however the machine shares its time.
    const hearing = new AbortController();
    const writing = (async () => {
      while (!hearing.signal.aborted) await staff.post(receipts, { quantity: 1 });
    })();
    let last = begin.toString(36);
    for (let connection = 0; connection < 6; connection += 1) {
      const live = await hear('sandbox-admin', '', last);
      await expect.poll(() => live.messages.length).toBeGreaterThan(10);
      live.stop();
      const got = live.messages.map(({ id }) => id);
      heard.push(...got);
      last = got.at(-1) ?? last;
    }
    hearing.abort();
    await writing;
    const rest = await hear('sandbox-admin', '', last);
    const all = (await positionsOf(service)).slice(Number(begin));
    await expect.poll(() => heard.length + rest.messages.length).toBe(all.length);
    expect([...heard, ...rest.messages.map(({ id }) => id)]).toEqual(all);
  });

  it('tells what was asked for and nothing else', async () => {
    const { service, staff, hear } = await openLive();
    const byType = await hear('sandbox-admin', '?types=StockAdjusted,StockReserved');
    const byWarehouse = await hear('sandbox-admin', '?warehouseId=MAD');
    const bySku = await hear('sandbox-admin', '?sku=OTHER');
    const everything = await hear('sandbox-admin');
    await staff.post(receipts, { quantity: 1 });
    await staff.post(`/v1/warehouses/BER/inventory/${sku}/adjustments`, { delta: 1, reason: 'found' });
    const far = `/v1/warehouses/MAD/inventory/${sku}/receipts`;
    await service.as('sandbox-admin').post(far, { quantity: 1 });
    await service.as('sandbox-admin').post('/v1/warehouses/BER/inventory', { sku: 'OTHER' });
    await expect.poll(() => everything.messages.length).toBe(4);
    await expect.poll(() => typesOf(bySku)).toEqual(['StockRegistered']);
    expect(typesOf(byType)).toEqual(['StockAdjusted']);
    expect(byWarehouse.messages.map(({ data }) => data.stream)).toEqual([`stock-MAD.${sku}`]);
  });

  it('tells warehouse staff about their warehouses only, and an order to whom it belongs (R7.1)', async () => {
    const { service, staff, hear } = await openLive();
    const near = await hear('sandbox-staff');
    const everything = await hear('sandbox-admin');
    const admin = service.as('sandbox-admin');
    await admin.put('/v1/warehouses/MAD', warehouse('MAD', { priority: 9 }));
    await admin.post(`/v1/warehouses/MAD/inventory/${sku}/receipts`, { quantity: 1 });
    const endpoint = { url: 'https://partner.example/hooks', eventTypes: ['stock.out'] };
    await admin.post('/v1/webhook-endpoints', endpoint);
    await staff.post(receipts, { quantity: 1 });
    await expect.poll(() => typesOf(near)).toEqual(['StockReceived']);
    expect(near.messages[0]?.data.stream).toBe(`stock-BER.${sku}`);
    // Endpoints are nobody's live news.
    expect(typesOf(everything)).toEqual(['WarehouseDefined', 'StockReceived', 'StockReceived']);

    const customer = (customerId: string): Claims => ({ roles: ['customer'], scope: 'orders:read', customerId });
    const placed = await placeOrder(service.as('sandbox-shop'), [line(sku, 1)]);
    const { orderId } = placed.body;
    await service.settled();
    const own = await hear(customer('customer-1'), `?orderId=${orderId}`);
    expect(own.status).toBe(200);
    expect((await hear(customer('customer-2'), `?orderId=${orderId}`)).status).toBe(404);
    expect((await hear(customer('customer-1'))).status).toBe(404);
    await admin.put(`/v1/orders/${orderId}/status`, { status: 'cancelled', reason: 'asked', note: 'Ada called' });
    await expect.poll(() => typesOf(own)).toEqual(['OrderCancelled']);
    expect(JSON.stringify(own.messages)).not.toMatch(/note|Ada/);
  });

  it('needs the scope of what it tells', async () => {
    const { service, staff, hear } = await openLive();
    const stockOnly = await hear({ roles: ['service'], scope: 'inventory:read' });
    const ordersOnly = await hear({ roles: ['service'], scope: 'orders:read' });
    await staff.post(receipts, { quantity: 1 });
    await placeOrder(service.as('sandbox-shop'), [line(sku, 1)]);
    await expect.poll(() => typesOf(ordersOnly)).toEqual(['OrderPlaced', 'OrderAllocated']);
    await expect.poll(() => typesOf(stockOnly)).toEqual(['StockReceived', 'StockReserved']);
  });

  it('refuses a Last-Event-ID that is not one of ours', async () => {
    const { hear } = await openLive();
    for (const id of ['X', '-1', '1.5', 'zzzzzzzzzzzzz'])
      expect((await hear('sandbox-admin', '', id)).status).toBe(400);
  });

  it('ends when the service does', async () => {
    const { service, hear } = await openLive();
    const live = await hear('sandbox-admin');
    expect(live.ended()).toBe(false);
    await service.app.close();
    await expect.poll(() => live.ended()).toBe(true);
  });
});

describe('live streams of one caller', () => {
  it('are 50 at most: others still get theirs, and one that ends makes room', async () => {
    const { service, hear } = await openLive();
    const own = [];
    for (let count = 0; count < 50; count += 1) own.push(await hear('sandbox-admin'));
    expect(new Set(own.map(({ status }) => status))).toEqual(new Set([200]));
    const refused = await service.as('sandbox-admin').get('/v1/stream');
    expect([refused.status, refused.body.code]).toEqual([429, 'TOO_MANY_STREAMS']);
    expect((await hear('sandbox-staff')).status).toBe(200);
    own[0]?.stop();
    await expect.poll(async () => (await hear('sandbox-admin')).status).toBe(200);
  });
});
