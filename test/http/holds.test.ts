/** What is reserved under an order's id, as clients see it: it becomes the order's source, and nobody else's. */
import { describe, expect, it } from 'vitest';
import { type Client, openService, type TestService } from '../support/service.ts';
import { arrange, line, orderOf, placeOrder, waitForPlan, warehouse } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const url = `/v1/warehouses/BER/inventory/${sku}`;
const orderId = '0199d8a0-5b1e-7c33-9a10-4c1d2e3f4a01';

const openHouse = async (onHand: number): Promise<{ service: TestService; staff: Client; shop: Client }> => {
  const service = await openService();
  await arrange(service, { BER: { [sku]: onHand }, MAD: { [sku]: 0 } });
  return { service, staff: service.as('sandbox-staff'), shop: service.as('sandbox-shop') };
};
const hold = (by: Client, quantity: number) =>
  by.post(`${url}/reservations`, { quantity, expiresInSeconds: 900, orderId });
const stockOf = async (by: Client) => (await by.get(url)).body;

describe('a reservation that names an order', () => {
  it('does not block that order: the last piece is its source', async () => {
    const { staff, shop } = await openHouse(1);
    expect((await hold(staff, 1)).status).toBe(201);
    const { body } = await placeOrder(shop, [line(sku, 1)], { orderId, allowBackorder: false });
    expect(body).toMatchObject({ status: 'processing', lines: [{ allocated: [{ warehouseId: 'BER', quantity: 1 }] }] });
    await expect.poll(() => stockOf(staff)).toMatchObject({ onHand: 1, reserved: 1, available: 0 });
    const history = (await staff.get(`${url}/history`)).body.items;
    expect(history.map(({ type }: { type: string }) => type)).toEqual([
      'StockRegistered',
      'StockReserved',
      'StockReservationTakenOver',
    ]);
  });

  it('becomes the source of an order that waits already', async () => {
    const { service, shop } = await openHouse(1);
    const admin = service.as('sandbox-admin');
    // The order waits beside the piece until the test reserves it.
    const closed = { ...warehouse('BER'), sourcing: 'closed' };
    expect((await admin.put('/v1/warehouses/BER', closed)).status).toBe(200);
    await service.settled();
    const { body } = await placeOrder(shop, [line(sku, 1)], { orderId });
    expect(body).toMatchObject({ allocation: 'none', lines: [{ backordered: 1 }] });
    await service.settled();
    expect((await hold(admin, 1)).status).toBe(201);
    const order = async () => (await admin.get(`/v1/orders/${orderId}`)).body;
    const allocated = [{ warehouseId: 'BER', quantity: 1 }];
    await expect.poll(order).toMatchObject({ allocation: 'complete', lines: [{ allocated }] });
  });

  it('gives back what the order does not need of it', async () => {
    const { staff, shop } = await openHouse(5);
    await hold(staff, 4);
    await placeOrder(shop, [line(sku, 1)], { orderId });
    await expect.poll(() => stockOf(staff)).toMatchObject({ reserved: 1, available: 4 });
  });

  it('is refused, and changes nothing, where that order is out of reach: it would show the address (R7)', async () => {
    const { service, staff, shop } = await openHouse(5);
    const partner = service.as('sandbox-partner');
    await placeOrder(shop, [line(sku, 9)], { orderId, allowSplit: false });
    for (const stranger of [staff, partner]) {
      const refused = await hold(stranger, 1);
      expect(refused).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
      expect(refused.text).not.toContain('Canary');
      expect((await stranger.get(`/v1/orders/${orderId}`)).status).toBe(404);
    }
    expect(await stockOf(staff)).toMatchObject({ reserved: 0, revision: 0 });
    expect((await hold(service.as('sandbox-admin'), 1)).status).toBe(201);
  });

  it('is no source of an order that a customer places under an id of its choice', async () => {
    const { service, staff } = await openHouse(1);
    await hold(staff, 1);
    const body = orderOf([line(sku, 1)], { orderId });
    const customer = { ...(body as { customer: object }).customer, customerId: 'sandbox-customer' };
    const placed = await service.as('sandbox-customer').post('/v1/orders', { ...body, customer }, waitForPlan);
    expect(placed).toMatchObject({ status: 201, body: { allocation: 'none', lines: [{ backordered: 1 }] } });
    expect((await staff.get(`/v1/orders/${orderId}`)).status).toBe(404);
    await expect.poll(() => stockOf(staff)).toMatchObject({ reserved: 1, revision: 1 });
  });
});
