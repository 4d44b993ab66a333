/** Facts below a promise, as clients see them (T28): what lapses, what the order does then, and how each of it ends. */
import { describe, expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder, type Stocks } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const url = `/v1/warehouses/BER/inventory/${sku}`;

const openHouse = async (stocks: Stocks) => {
  const service = await openService();
  await arrange(service, stocks);
  const [admin, shop] = [service.as('sandbox-admin'), service.as('sandbox-shop')];
  const status = (orderId: string, to: string) =>
    admin.put(`/v1/orders/${orderId}/status`, { status: to, reason: 'x' });
  const order = async (orderId: string) => (await admin.get(`/v1/orders/${orderId}`)).body;
  const stock = async (warehouseId = 'BER') => (await admin.get(`/v1/warehouses/${warehouseId}/inventory/${sku}`)).body;
  const ship = (orderId: string, quantity: number, warehouseId = 'BER') =>
    admin.post(`/v1/orders/${orderId}/shipments`, {
      warehouseId,
      lines: [{ lineId: '1', quantity }],
      carrier: 'ups',
      trackingNumber: '1Z999',
      parcels: [{ boxes: [{ lineId: '1', boxCode: 'A', quantity }] }],
    });
  return { service, admin, shop, status, order, stock, ship };
};

describe('a fact below what is reserved is recorded', () => {
  it('-5 of 10 with 8 reserved: the answer lists what lapsed, and the order gets it elsewhere', async () => {
    const { admin, shop, order, stock, service } = await openHouse({ BER: { [sku]: 10 }, PAR: { [sku]: 0 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 8)])).body;
    await admin.post(`/v1/warehouses/PAR/inventory/${sku}/receipts`, { quantity: 4 });
    await service.settled();
    const lost = await admin.post(`${url}/adjustments`, { delta: -5, reason: 'damaged' });
    expect(lost).toMatchObject({
      status: 201,
      body: { onHand: 5, reserved: 5, lapsedReservations: [{ orderId, lineId: '1', quantity: 3 }] },
    });
    const moved = [
      { warehouseId: 'BER', quantity: 5 },
      { warehouseId: 'PAR', quantity: 3 },
    ];
    await expect.poll(async () => (await order(orderId)).lines[0].allocated).toEqual(moved);
    await expect.poll(() => stock('PAR')).toMatchObject({ onHand: 4, reserved: 3, available: 1 });
    const explained = await admin.get(`${url}/explain?field=reserved`);
    expect(explained.body).toMatchObject({ after: 5, items: [{ delta: 8 }, { delta: -3, cause: 'adjustment' }] });
  });

  it('-5 of 3 leaves 0 on hand and names the missing 2, in single answers, bulk rows and dry runs', async () => {
    const { admin, stock } = await openHouse({ BER: { [sku]: 3 } });
    const loss = { delta: -5, reason: 'lost' };
    const dry = await admin.post(`${url}/adjustments?dryRun=true`, loss);
    expect(dry.body.events).toMatchObject([{ data: { delta: -3 } }, { data: { missing: 2, cause: 'adjustment' } }]);
    const row = { kind: 'adjustment', warehouseId: 'BER', sku, ...loss };
    const dryRow = await admin.post('/v1/inventory/changes?dryRun=true', { changes: [row] });
    expect(dryRow.body.results[0].events).toMatchObject(dry.body.events);
    const bulk = await admin.post('/v1/inventory/changes', { changes: [row] });
    expect(bulk.body.results).toMatchObject([{ status: 200, onHand: 0, lapsedReservations: [], missing: 2 }]);
    expect((await admin.post(`${url}/adjustments`, loss)).body).toMatchObject({ onHand: 0, missing: 5 });
    await expect.poll(() => stock()).toMatchObject({ onHand: 0, available: 0 });
  });

  it('an order that may not wait becomes an exception, which a release ends, or new goods do', async () => {
    const { admin, shop, order, status } = await openHouse({ BER: { [sku]: 2 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 2)], { allowBackorder: false })).body;
    await admin.post(`${url}/adjustments`, { delta: -2, reason: 'lost' });
    await expect.poll(async () => (await order(orderId)).status).toBe('exception');
    expect((await order(orderId)).exceptions).toMatchObject([{ code: 'PROMISE_LOST', resolvedAt: null }]);
    expect(await status(orderId, 'released')).toMatchObject({ status: 200, body: { status: 'processing' } });
    await admin.post(`${url}/receipts`, { quantity: 2 });
    await expect.poll(async () => (await order(orderId)).lines[0].backordered).toBe(0);

    const other = (await placeOrder(shop, [line(sku, 1)])).body.orderId;
    await expect.poll(async () => (await order(other)).lines[0].backordered).toBe(1);
    await admin.post(`${url}/adjustments`, { delta: -2, reason: 'lost' });
    await expect.poll(async () => (await order(orderId)).status).toBe('exception');
    expect((await order(other)).status).toBe('processing');
    await admin.post(`${url}/receipts`, { quantity: 3 });
    await expect.poll(async () => (await order(orderId)).status).toBe('processing');
  });
});

describe('goods that left are booked out', () => {
  it('a dispatch and a release at once leave 3 on hand where 2 of 5 left the house, and no exception', async () => {
    const { admin, shop, order, stock, ship, service } = await openHouse({ BER: { [sku]: 5 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 2)])).body;
    const { items } = (await admin.get(`${url}/history`)).body;
    const { reservationId } = items.at(-1).data;
    const [sent] = await Promise.all([ship(orderId, 2), admin.del(`${url}/reservations/${reservationId}`)]);
    expect(sent.status).toBe(201);
    await expect.poll(() => stock()).toMatchObject({ onHand: 3, reserved: 0 });
    await service.settled();
    expect(await order(orderId)).toMatchObject({ status: 'shipped', exceptions: [] });
    expect(await stock()).toMatchObject({ onHand: 3, reserved: 0, available: 3 });
  });

  it('from a warehouse that had reserved nothing, and the needless reservation elsewhere is let go', async () => {
    const { admin, shop, order, stock, ship } = await openHouse({ BER: { [sku]: 2 }, PAR: { [sku]: 1 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 2)], { preferredWarehouseId: 'BER' })).body;
    expect(await ship(orderId, 1, 'PAR')).toMatchObject({ status: 201 });
    await expect.poll(() => stock('PAR')).toMatchObject({ onHand: 0, reserved: 0 });
    await expect.poll(() => stock('BER')).toMatchObject({ onHand: 2, reserved: 1 });
    expect(await ship(orderId, 2)).toMatchObject({ status: 409, body: { code: 'SHIPMENT_EXCEEDS_ORDER' } });
    await ship(orderId, 1);
    await expect.poll(async () => (await order(orderId)).status).toBe('shipped');
    await expect.poll(() => stock('BER')).toMatchObject({ onHand: 1, reserved: 0 });
    expect((await admin.get(`${url}/explain?field=onHand`)).body.after).toBe(1);
  });
});

describe('an order whose end is decided by a person', () => {
  it('cancelled after a part left: the rest is free, later goods are not taken, and it ends as delivered', async () => {
    const { admin, shop, order, stock, ship, status, service } = await openHouse({ BER: { [sku]: 2 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 5)])).body;
    const { shipmentId } = (await ship(orderId, 1)).body;
    expect(await status(orderId, 'cancelled')).toMatchObject({
      status: 200,
      body: { status: 'shipped', lines: [{ shipped: 1, cancelled: 4, backordered: 0 }] },
    });
    await expect.poll(() => stock()).toMatchObject({ onHand: 1, reserved: 0, available: 1 });
    await admin.post(`${url}/receipts`, { quantity: 9 });
    await service.settled();
    expect(await stock()).toMatchObject({ onHand: 10, reserved: 0 });
    await admin.post(`/v1/shipments/${shipmentId}/tracking-events`, {
      status: 'delivered',
      occurredAt: service.clock.now(),
    });
    await expect.poll(async () => (await order(orderId)).status).toBe('delivered');
    expect(await status(orderId, 'on_hold')).toMatchObject({ status: 409, body: { code: 'ORDER_ALREADY_SHIPPED' } });
  });

  it('a fully shipped order cannot be put on hold', async () => {
    const { shop, ship, status } = await openHouse({ BER: { [sku]: 2 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 2)])).body;
    await ship(orderId, 2);
    expect(await status(orderId, 'on_hold')).toMatchObject({ status: 409, body: { code: 'ORDER_ALREADY_SHIPPED' } });
  });

  it('on hold takes back no released reservation, and is sourced again when it is released', async () => {
    const { admin, shop, stock, status, service } = await openHouse({ BER: { [sku]: 2 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 2)])).body;
    await status(orderId, 'on_hold');
    const { items } = (await admin.get(`${url}/history`)).body;
    await admin.del(`${url}/reservations/${items.at(-1).data.reservationId}`);
    await service.settled();
    expect(await stock()).toMatchObject({ reserved: 0, available: 2 });
    await status(orderId, 'released');
    await expect.poll(() => stock()).toMatchObject({ reserved: 2 });
  });
});
