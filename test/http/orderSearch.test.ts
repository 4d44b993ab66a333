/** Orders by what people know of them: the shop's own number, a tracking number (T26). */
import { expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, orderOf, placeOrder } from './arrange.ts';

it('an order number is one order of a client, and finds it within what the caller may see', async () => {
  const service = await openService();
  await arrange(service, { BER: { CHAIR: 9 } });
  const shop = service.as('sandbox-shop');
  const admin = service.as('sandbox-admin');
  const orderNumber = 'Bestellung #1/ä';
  const placed = await placeOrder(shop, [line('CHAIR', 1)], { orderNumber });
  expect(placed).toMatchObject({ status: 201, body: { orderNumber } });
  const { orderId } = placed.body;

  const before = await service.countEvents();
  const again = await shop.post('/v1/orders', orderOf([line('CHAIR', 1)], { orderNumber }));
  expect(again).toMatchObject({ status: 409, body: { code: 'ORDER_NUMBER_TAKEN' } });
  expect(again.text).not.toContain(orderId);
  for (const wrong of ['', ' 1', '1 ', 'a\u0000', '\u202e1', 'x'.repeat(101)]) {
    const refused = await shop.post('/v1/orders', orderOf([line('CHAIR', 1)], { orderNumber: wrong }));
    expect(refused, JSON.stringify(wrong)).toMatchObject({ status: 400 });
  }
  expect(await service.countEvents()).toBe(before);

  const shipped = await admin.post(`/v1/orders/${orderId}/shipments`, {
    warehouseId: 'BER',
    lines: [{ lineId: '1', quantity: 1 }],
    carrier: 'ups',
    trackingNumber: 'T-1',
    parcels: [{ trackingNumber: 'P-1', boxes: [] }],
  });
  expect(shipped.status).toBe(201);
  await service.settled();
  const byNumber = `/v1/orders?orderNumber=${encodeURIComponent(orderNumber)}`;
  for (const query of [byNumber, '/v1/orders?trackingNumber=T-1', '/v1/orders?trackingNumber=P-1']) {
    expect((await admin.get(query)).body.items, query).toMatchObject([{ orderId, orderNumber }]);
    const stranger = service.as({ roles: ['customer'], scope: 'orders:read', customerId: 'customer-2' });
    expect((await stranger.get(query)).body.items, query).toEqual([]);
    const elsewhere = service.as({ roles: ['partner'], scope: 'orders:read', warehouses: ['PAR'] });
    expect((await elsewhere.get(query)).body.items, query).toEqual([]);
  }
  expect((await admin.get(`${byNumber}&status=cancelled`)).body.items).toEqual([]);
});
