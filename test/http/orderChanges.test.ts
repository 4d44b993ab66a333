/** Quantities of an order that was placed, as shops and customers change them (R3.2). */
import { describe, expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder } from './arrange.ts';

const level = (sku: string) => `/v1/warehouses/BER/inventory/${sku}`;

describe('a line of an order', () => {
  it('gives back what it needs no more, and the next order gets it', async () => {
    const service = await openService();
    await arrange(service, { BER: { CHAIR: 3, LAMP: 1 } });
    const shop = service.as('sandbox-shop');
    const first = await placeOrder(shop, [line('CHAIR', 3), line('LAMP', 1)]);
    const second = await placeOrder(shop, [line('CHAIR', 2)]);
    expect(second.body.lines).toMatchObject([{ backordered: 2 }]);
    const url = `/v1/orders/${first.body.orderId}`;
    const fewer = await shop.patch(url, { lines: [{ lineId: '1', quantity: 1 }], reason: 'customer_request' });
    expect(fewer).toMatchObject({
      status: 200,
      body: {
        status: 'processing',
        allocation: 'complete',
        lines: [{ quantity: 1, cancelled: 0, allocated: [{ quantity: 1 }] }, {}],
      },
    });
    const served = async () => (await shop.get(`/v1/orders/${second.body.orderId}`)).body.lines;
    await expect.poll(served).toMatchObject([{ backordered: 0, allocated: [{ warehouseId: 'BER', quantity: 2 }] }]);
    await service.settled();
    expect((await shop.get(level('CHAIR'))).body).toMatchObject({ onHand: 3, reserved: 3 });
  });

  it('is looked for again where more of it are wanted, on the state that was seen', async () => {
    const service = await openService();
    await arrange(service, { BER: { CHAIR: 5 } });
    const shop = service.as('sandbox-shop');
    const placed = await placeOrder(shop, [line('CHAIR', 1)]);
    const url = `/v1/orders/${placed.body.orderId}`;
    const lines = [{ lineId: '1', quantity: 4 }];
    expect((await shop.patch(url, { lines }, { 'if-match': '"0"' })).status).toBe(412);
    const dry = await shop.patch(`${url}?dryRun=true`, { lines });
    expect(dry.body.events).toMatchObject([{ type: 'OrderLinesChanged' }]);
    expect((await shop.patch(url, { lines }, { 'if-match': placed.headers.etag! })).status).toBe(200);
    const sourced = async () => (await shop.get(url)).body.lines;
    await expect.poll(sourced).toMatchObject([{ quantity: 4, allocated: [{ quantity: 4 }] }]);
    await service.settled();
    expect((await shop.get(level('CHAIR'))).body).toMatchObject({ reserved: 4, available: 1 });
  });

  it('is cancelled as far as it has not left, and the last one ends the order', async () => {
    const service = await openService();
    await arrange(service, { BER: { CHAIR: 5, LAMP: 5 } });
    const admin = service.as('sandbox-admin');
    const placed = await placeOrder(service.as('sandbox-shop'), [line('CHAIR', 3), line('LAMP', 1)]);
    const url = `/v1/orders/${placed.body.orderId}`;
    const parcel = { warehouseId: 'BER', lines: [{ lineId: '1', quantity: 1 }], parcels: [{ boxes: [] }] };
    expect((await admin.post(`${url}/shipments`, parcel)).status).toBe(201);
    const refused = await admin.patch(url, { lines: [{ lineId: '1', quantity: 0 }] });
    expect(refused).toMatchObject({ status: 409, body: { code: 'ORDER_ALREADY_SHIPPED' } });
    expect((await admin.del(`${url}/lines/1`)).body).toMatchObject({
      status: 'partially_shipped',
      lines: [{ quantity: 1, shipped: 1 }, { quantity: 1 }],
    });
    expect((await admin.del(`${url}/lines/9`)).body.code).toBe('LINE_NOT_FOUND');
    expect((await admin.del(`${url}/lines/2`)).body).toMatchObject({
      status: 'shipped',
      cancelReason: 'line_cancelled',
    });
    const stock = async (sku: string) => (await admin.get(level(sku))).body;
    await expect.poll(() => stock('CHAIR')).toMatchObject({ onHand: 4, reserved: 0 });
    await expect.poll(() => stock('LAMP')).toMatchObject({ onHand: 5, reserved: 0 });
  });

  it('is changed by its customer, and by no other', async () => {
    const service = await openService();
    await arrange(service, { BER: { CHAIR: 5 } });
    const placed = await placeOrder(service.as('sandbox-shop'), [line('CHAIR', 3)]);
    const url = `/v1/orders/${placed.body.orderId}`;
    const customer = (customerId: string) =>
      service.as({ roles: ['customer'], scope: 'orders:read orders:write', customerId });
    const lines = [{ lineId: '1', quantity: 2 }];
    const before = await service.countEvents();
    expect((await customer('customer-2').patch(url, { lines })).status).toBe(404);
    expect((await customer('customer-2').del(`${url}/lines/1`)).status).toBe(404);
    expect((await service.as('sandbox-staff').patch(url, { lines })).status).toBe(403);
    expect((await customer('customer-1').patch(url, { reason: 'nothing' })).body.code).toBe('VALIDATION');
    expect(await service.countEvents()).toBe(before);
    expect((await customer('customer-1').patch(url, { lines })).body.lines).toMatchObject([{ quantity: 2 }]);
  });
});
