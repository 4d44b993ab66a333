/** What left and the ledger did not have: listed for those whose house it is, until it is counted (T28). */
import { describe, expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder, since } from './arrange.ts';

const url = '/v1/warehouses/BER/discrepancies';
const skuOf = ({ sku }: { readonly sku: string }): string => sku;

const openHouse = async () => {
  const service = await openService();
  await arrange(service, { BER: { TABLE: 3, LAMP: 1, SOFA: 1 }, MAD: { TABLE: 1 } });
  const admin = service.as('sandbox-admin');
  const lose = (sku: string, pieces: number, warehouseId = 'BER') => {
    service.clock.pass(1_000);
    const body = { delta: -pieces, reason: 'lost', reference: 'shift 2' };
    return admin.post(`/v1/warehouses/${warehouseId}/inventory/${sku}/adjustments`, body);
  };
  return { service, admin, lose };
};

describe('the list of discrepancies of a warehouse', () => {
  it('has the stock with the latest one first, in pages', async () => {
    const { admin, lose } = await openHouse();
    await lose('TABLE', 5);
    await lose('LAMP', 2);
    await lose('TABLE', 1, 'MAD');
    const last = await lose('SOFA', 4);
    const first = await admin.get(`${url}?limit=2`, since(last));
    expect(first.body.items.map(skuOf)).toEqual(['SOFA', 'LAMP']);
    expect(first.body.items[0]).toMatchObject({
      warehouseId: 'BER',
      missing: 3,
      count: 1,
      newest: [{ missing: 3, cause: 'adjustment', reason: 'lost', reference: 'shift 2', orderId: null }],
    });
    const second = await admin.get(`${url}?limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ items: [{ sku: 'TABLE', missing: 2 }], nextCursor: null });
  });

  it('names the order and the shipment of goods that left', async () => {
    const { service, admin } = await openHouse();
    const { orderId } = (await placeOrder(service.as('sandbox-shop'), [line('SOFA', 3)])).body;
    const lines = [{ lineId: '1', quantity: 3 }];
    const parcels = [{ boxes: [{ lineId: '1', boxCode: 'A', quantity: 3 }] }];
    const shipped = await admin.post(`/v1/orders/${orderId}/shipments`, { warehouseId: 'BER', lines, parcels });
    expect(shipped.status, shipped.text).toBe(201);
    const { shipmentId } = shipped.body;
    await expect
      .poll(async () => (await admin.get(url)).body.items)
      .toMatchObject([{ sku: 'SOFA', missing: 2, newest: [{ cause: 'departure', orderId, shipmentId, missing: 2 }] }]);
  });

  it('has a stock no longer once it was counted, though the count was as the ledger had it', async () => {
    const { admin, lose } = await openHouse();
    const lost = await lose('TABLE', 5);
    expect((await admin.get(url, since(lost))).body.items).toHaveLength(1);
    const match = { 'if-match': lost.headers.etag ?? null };
    const count = await admin.put('/v1/warehouses/BER/inventory/TABLE', { onHand: 0, reason: 'looked' }, match);
    expect(count.status, count.text).toBe(200);
    expect((await admin.get(url, since(count))).body.items).toEqual([]);
  });

  it('is shown to staff and partners of that warehouse and to auditors, and to no others', async () => {
    const { service, lose } = await openHouse();
    const lost = await lose('TABLE', 5);
    for (const client of ['sandbox-staff', 'sandbox-partner', 'sandbox-auditor', 'sandbox-shop'] as const) {
      expect((await service.as(client).get(url, since(lost))).body.items.map(skuOf), client).toEqual(['TABLE']);
    }
    expect((await service.as('sandbox-support').get(url)).status).toBe(403);
    const elsewhere = await service.as('sandbox-staff').get('/v1/warehouses/MAD/discrepancies');
    expect(elsewhere).toMatchObject({ status: 404, body: { code: 'WAREHOUSE_NOT_FOUND' } });
    expect((await service.as('sandbox-admin').get('/v1/warehouses/NOWHERE/discrepancies')).status).toBe(404);
  });
});
