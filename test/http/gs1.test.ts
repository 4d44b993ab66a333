/** Keys of GS1 on items, warehouses and parcels (B13, T20). */
import { describe, expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder, warehouse } from './arrange.ts';

const item = { name: 'Table', attributes: {}, boxes: [] };

describe('a key of GS1', () => {
  it('is kept with the item and the warehouse', async () => {
    const service = await openService();
    const admin = service.as('sandbox-admin');
    const put = [
      ['/v1/items/TABLE', item, { gtin: '4006381333931' }],
      ['/v1/warehouses/BER', warehouse('BER') as typeof item, { gln: '0614141123452' }],
    ] as const;
    for (const [url, body, key] of put) {
      expect(await admin.put(url, { ...body, ...key })).toMatchObject({ status: 200, body: key });
      await service.settled();
      expect((await admin.get(url)).body).toMatchObject(key);
      await admin.put(url, body);
      await service.settled();
      expect(Object.keys((await admin.get(url)).body)).not.toContain(Object.keys(key)[0]);
    }
  });

  it('is refused when its check digit is wrong, and nothing is recorded', async () => {
    const service = await openService();
    const admin = service.as('sandbox-admin');
    const before = await service.countEvents();
    const refused = [
      await admin.put('/v1/items/TABLE', { ...item, gtin: '4006381333932' }),
      await admin.put('/v1/warehouses/BER', { ...warehouse('BER'), gln: '0614141123453' }),
    ];
    for (const [index, name] of ['gtin', 'gln'].entries()) {
      expect(refused[index]).toMatchObject({
        status: 400,
        body: {
          code: 'VALIDATION',
          errors: [{ pointer: `/${name}`, message: expect.stringMatching(/checks the others/) }],
        },
      });
    }
    expect(await service.countEvents()).toBe(before);
  });

  it('goes with a parcel from the dispatch to the tracking', async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 2 } });
    const admin = service.as('sandbox-admin');
    const { orderId } = (await placeOrder(service.as('sandbox-shop'), [line('TABLE', 1, { lineId: '1' })])).body;
    const dispatch = (sscc: string) =>
      admin.post(`/v1/orders/${orderId}/shipments`, {
        warehouseId: 'BER',
        lines: [{ lineId: '1', quantity: 1 }],
        parcels: [{ sscc, boxes: [] }],
      });
    expect(await dispatch('106141412345678909')).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/parcels/0/sscc' }] },
    });
    expect((await dispatch('106141412345678908')).body).toMatchObject({ parcels: [{ sscc: '106141412345678908' }] });
    await service.settled();
    const tracking = await admin.get(`/v1/orders/${orderId}/tracking`);
    expect(tracking.body.shipments[0].parcels).toMatchObject([{ sscc: '106141412345678908' }]);
  });
});
