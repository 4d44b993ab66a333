/** Whether an order that must come from one warehouse holds what has come for it: a setting of the order (point 8). */
import { describe, expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, orderOf, placeOrder } from './arrange.ts';

const sku = 'TABLE-OAK-160';

describe('an order with allowSplit: false that waits for the rest', () => {
  it.each([
    ['holds nothing unless it says so', {}, { reservePartial: false, allocation: 'none' }, 2],
    [
      'holds what has come with reservePartial',
      { reservePartial: true },
      { reservePartial: true, allocation: 'partial' },
      0,
    ],
  ])('%s', async (_title, asked, shown, free) => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 2 } });
    const [shop, staff] = [service.as('sandbox-shop'), service.as('sandbox-staff')];
    const { body } = await placeOrder(shop, [line(sku, 3)], { allowSplit: false, ...asked });
    expect(body).toMatchObject(shown);
    const url = `/v1/warehouses/BER/inventory/${sku}`;
    await expect.poll(async () => (await staff.get(url)).body.available).toBe(free);
    await staff.post(`${url}/receipts`, { quantity: 1 });
    await expect.poll(async () => (await shop.get(`/v1/orders/${body.orderId}`)).body.allocation).toBe('complete');
  });

  it.each([{}, { allowSplit: true }, { allowSplit: false, allowBackorder: false }])(
    'is refused with reservePartial and %j, where that means nothing',
    async (how) => {
      const service = await openService();
      await arrange(service, { BER: { [sku]: 2 } });
      const asked = orderOf([line(sku, 3)], { reservePartial: true, ...how });
      const refused = await service.as('sandbox-shop').post('/v1/orders', asked);
      expect(refused).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
      expect((await service.as('sandbox-shop').get('/v1/orders')).body.items).toEqual([]);
    },
  );
});
