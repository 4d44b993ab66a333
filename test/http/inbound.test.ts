/** Goods on their way over HTTP (T1, T2, docs/inbound.md): announced, late, in parts, too many, cancelled; and what can be sold when. */
import { afterAll, describe, expect, it } from 'vitest';
import { allScopes, startService } from '../support/service.ts';
import { arrange, line, placeOrder, since } from './arrange.ts';

const service = await startService();
afterAll(() => service.close());
const admin = service.as('sandbox-admin');
const staffOf = (warehouseId: string) =>
  service.as({
    sub: `staff-${warehouseId}`,
    client_id: 'console',
    roles: ['warehouse_staff'],
    scope: allScopes.replace(' admin', ''),
    warehouses: [warehouseId],
  });
const url = '/v1/inbound-shipments';
const [march8, march15, march20] = ['2026-03-08T09:00:00.000Z', '2026-03-15T09:00:00.000Z', '2026-03-20T09:00:00.000Z'];

let serial = 0;
/** A SKU of its own, in Berlin and in Paris. */
const stocked = async (BER = 0, PAR = 0) => {
  serial += 1;
  const sku = `SHELF-${serial}`;
  await arrange(service, { BER: { [sku]: BER }, PAR: { [sku]: PAR } });
  return sku;
};
const bodyOf = (sku: string, quantity: number, changes: object = {}): object => ({
  warehouseId: 'BER',
  reference: 'PO-77',
  supplier: 'Oak & Sons',
  expectedAt: march8,
  lines: [{ lineId: '1', sku, quantity }],
  ...changes,
});
const announce = async (sku: string, quantity: number, changes: object = {}) => {
  const answer = await admin.post(url, bodyOf(sku, quantity, changes));
  expect(answer.status, answer.text).toBe(201);
  await service.settled();
  return { ...answer, at: `${url}/${answer.body.inboundId}` };
};
const figures = async (sku: string, warehouseId = 'BER') => {
  await service.settled();
  const { body } = await admin.get(`/v1/warehouses/${warehouseId}/inventory/${sku}`);
  return { onHand: body.onHand, incoming: body.incoming, available: body.available };
};
const receive = (at: string, ...lines: object[]) => admin.post(`${at}/receipts`, { lines });

describe('an inbound shipment', () => {
  it('is announced: its stock expects it, and it is found by id, warehouse, SKU and status', async () => {
    const sku = await stocked(2);
    const { body, headers, at } = await announce(sku, 10);
    expect(headers).toMatchObject({ location: at, etag: '"0"' });
    expect(body).toEqual({
      inboundId: body.inboundId,
      warehouseId: 'BER',
      reference: 'PO-77',
      supplier: 'Oak & Sons',
      status: 'announced',
      expectedAt: march8,
      lines: [{ lineId: '1', sku, quantity: 10, accepted: 0, rejected: 0, expected: 10 }],
      revision: 0,
      updatedAt: body.updatedAt,
    });
    await expect.poll(() => figures(sku)).toEqual({ onHand: 2, incoming: 10, available: 2 });
    expect((await admin.get(at)).body).toEqual(body);
    const listed = await admin.get(`${url}?warehouseId=BER&sku=${sku}&status=announced`);
    expect(listed.body).toEqual({ items: [body], nextCursor: null });
    expect((await admin.get(`${url}?sku=${sku}&status=received`)).body.items).toEqual([]);
  });

  it('comes in parts, then more than was announced: all of it is on hand, and nothing is expected any more', async () => {
    const sku = await stocked();
    const { at } = await announce(sku, 10);
    const part = await receive(at, { lineId: '1', accepted: 6, rejected: 1 });
    expect(part).toMatchObject({
      status: 201,
      body: { status: 'partially_received', lines: [{ accepted: 6, rejected: 1, expected: 3 }] },
    });
    await expect.poll(() => figures(sku)).toEqual({ onHand: 6, incoming: 3, available: 6 });
    expect((await receive(at, { lineId: '1', accepted: 8 })).body).toMatchObject({ status: 'received' });
    await expect.poll(() => figures(sku)).toEqual({ onHand: 14, incoming: 0, available: 14 });
    const explained = await admin.get(`/v1/warehouses/BER/inventory/${sku}/explain?field=incoming`);
    const { inboundId } = part.body;
    expect(explained.body).toMatchObject({
      after: 0,
      items: [
        { type: 'StockExpected', delta: 10, inboundId, lineId: '1' },
        { type: 'StockArrived', delta: -7 },
        { type: 'StockArrived', delta: -3 },
      ],
    });
  });

  it('fills the orders that wait, the oldest first', async () => {
    const sku = await stocked();
    const { body: order } = await placeOrder(service.as('sandbox-shop'), [line(sku, 3)]);
    expect(order).toMatchObject({ lines: [{ backordered: 3 }] });
    const { at } = await announce(sku, 10);
    await receive(at, { lineId: '1', accepted: 3 });
    const lines = async () => (await admin.get(`/v1/orders/${order.orderId}`)).body.lines;
    await expect.poll(lines).toMatchObject([{ backordered: 0, allocated: [{ warehouseId: 'BER', quantity: 3 }] }]);
  });

  it('is named by the orders that it will fill, and by whoever sees its warehouse; they move when it slips (B10)', async () => {
    const sku = await stocked();
    const { at, body } = await announce(sku, 10);
    const { body: order } = await placeOrder(service.as('sandbox-shop'), [line(sku, 3)]);
    const expectedOf = async (client = admin) => {
      await service.settled();
      return (await client.get(`/v1/orders/${order.orderId}`)).body.lines[0].expected;
    };
    const fill = { quantity: 3, warehouseId: 'BER', inboundId: body.inboundId, inboundLineId: '1', expectedAt: march8 };
    expect(await expectedOf()).toEqual([fill]);
    await admin.patch(at, { expectedAt: march15 });
    expect(await expectedOf(service.as('sandbox-support'))).toEqual([{ ...fill, expectedAt: march15 }]);
    await receive(at, { lineId: '1', accepted: 10 });
    expect(await expectedOf()).toBeUndefined();
  });

  it('may bring what nobody announced or registered: it is on hand where it came', async () => {
    const sku = await stocked();
    const { at } = await announce(sku, 1);
    expect(await receive(at, { lineId: 'x', accepted: 4 })).toMatchObject({
      status: 422,
      body: { code: 'INBOUND_LINE_NOT_FOUND' },
    });
    expect((await receive(at, { lineId: 'x', sku: `${sku}-B`, accepted: 4 })).status).toBe(201);
    await expect.poll(() => figures(`${sku}-B`)).toEqual({ onHand: 4, incoming: 0, available: 4 });
  });

  it('is cancelled: nothing more is expected, and what comes all the same is taken in', async () => {
    const sku = await stocked();
    const { at } = await announce(sku, 10);
    await receive(at, { lineId: '1', accepted: 2 });
    const cancelled = await admin.post(`${at}/cancellation`, { reason: 'bankrupt' });
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'closed', lines: [{ expected: 0 }] } });
    await expect.poll(() => figures(sku)).toEqual({ onHand: 2, incoming: 0, available: 2 });
    expect((await receive(at, { lineId: '1', accepted: 5 })).status).toBe(201);
    await expect.poll(() => figures(sku)).toEqual({ onHand: 7, incoming: 0, available: 7 });
    const changed = await admin.patch(at, { expectedAt: march15 });
    expect(changed).toMatchObject({ status: 409, body: { code: 'INBOUND_CANCELLED' } });
  });

  it('is changed at the revision that was seen, and at no other (If-Match)', async () => {
    const sku = await stocked();
    const { at } = await announce(sku, 10);
    const more = { lines: [{ lineId: '1', quantity: 12 }] };
    expect((await admin.patch(at, more, { 'if-match': '"0"' })).body).toMatchObject({ revision: 1 });
    const stale = await admin.patch(at, { expectedAt: march15 }, { 'if-match': '"0"' });
    expect(stale).toMatchObject({ status: 412, body: { currentRevision: 1, events: [{ type: 'InboundChanged' }] } });
    expect(await figures(sku)).toMatchObject({ incoming: 12 });
  });

  it('is received once, however often the request is sent under its key', async () => {
    const sku = await stocked();
    const { at } = await announce(sku, 10);
    const headers = { 'idempotency-key': `once-${sku}` };
    const body = { lines: [{ lineId: '1', accepted: 6 }] };
    const first = await admin.post(`${at}/receipts`, body, headers);
    await receive(at, { lineId: '1', accepted: 1 });
    const second = await admin.post(`${at}/receipts`, body, headers);
    expect([second.status, second.body]).toEqual([201, first.body]);
    await expect.poll(() => figures(sku)).toEqual({ onHand: 7, incoming: 3, available: 7 });
  });

  it('is of a warehouse: who does not reach it finds nothing there, and announces nothing for it', async () => {
    const sku = await stocked();
    const { at, body, headers } = await announce(sku, 10);
    const paris = staffOf('PAR');
    const position = since({ headers } as Parameters<typeof since>[0]);
    expect((await paris.get(at, position)).body).toMatchObject({ status: 404, code: 'INBOUND_NOT_FOUND' });
    expect((await paris.post(`${at}/receipts`, { lines: [{ lineId: '1', accepted: 1 }] })).status).toBe(404);
    expect((await paris.get(`${url}?sku=${sku}`, position)).body.items).toEqual([]);
    expect((await paris.get(`${url}?warehouseId=BER`)).status).toBe(404);
    expect((await paris.post(url, bodyOf(sku, 1))).body).toMatchObject({ code: 'WAREHOUSE_NOT_FOUND' });
    expect((await staffOf('BER').get(at, position)).body).toEqual(body);
  });

  it('needs a warehouse that is there', async () => {
    const answer = await admin.post(url, bodyOf('SHELF', 1, { warehouseId: 'NOWHERE' }));
    expect(answer).toMatchObject({ status: 404, body: { code: 'WAREHOUSE_NOT_FOUND' } });
  });
});

describe('availability by a date (T2)', () => {
  it('counts what is expected by then, per warehouse and in all, and names the lines', async () => {
    const sku = await stocked(2, 1);
    const early = await announce(sku, 10);
    const late = await announce(sku, 7, { warehouseId: 'PAR', expectedAt: march15 });
    const at = async (time: string) => (await admin.get(`/v1/items/${sku}/availability?at=${time}`)).body;
    const lineOf = ({ body }: typeof early, quantity: number, expectedAt: string) => [
      { inboundId: body.inboundId, lineId: '1', quantity, expectedAt },
    ];
    expect(await at('2026-03-07T00:00:00Z')).toMatchObject({ available: 3 });
    expect(await at(march8)).toMatchObject({
      available: 13,
      warehouses: [
        { warehouseId: 'BER', available: 12, onHand: 2, expected: lineOf(early, 10, march8) },
        { warehouseId: 'PAR', available: 1, onHand: 1, expected: [] },
      ],
    });
    expect(await at(march20)).toMatchObject({
      available: 20,
      warehouses: [{ available: 12 }, { available: 8, expected: lineOf(late, 7, march15) }],
    });
    const now = (await admin.get(`/v1/items/${sku}/availability`)).body;
    expect(now).toMatchObject({ available: 3 });
    expect(now.warehouses[0]).not.toHaveProperty('expected');
  });

  it('moves with the line: late, in part, or not at all', async () => {
    const sku = await stocked();
    const { at } = await announce(sku, 10);
    const on8March = async () => {
      await service.settled();
      return (await admin.get(`/v1/items/${sku}/availability?at=${march8}`)).body.available;
    };
    await expect.poll(on8March).toBe(10);
    await admin.patch(at, { expectedAt: march15, reason: 'supplier_late' });
    await expect.poll(on8March).toBe(0);
    await receive(at, { lineId: '1', accepted: 4 });
    await expect.poll(on8March).toBe(4);
    await admin.patch(at, { expectedAt: march8 });
    await expect.poll(on8March).toBe(10);
    await admin.post(`${at}/cancellation`, { reason: 'bankrupt' });
    await expect.poll(on8March).toBe(4);
  });

  it('fills the safety stock first', async () => {
    const sku = await stocked(1);
    await admin.put(`/v1/warehouses/BER/inventory/${sku}/policy`, { safetyStock: 5 });
    await announce(sku, 10);
    expect((await admin.get(`/v1/items/${sku}/availability?at=${march8}`)).body.available).toBe(6);
  });
});
