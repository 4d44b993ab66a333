/** Warehouses and items, and what of an item can be sold where (R1.1, R10.1). */
import { describe, expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder, since, warehouse } from './arrange.ts';

const table = {
  name: 'Oak table 160',
  productCode: 'OAK',
  attributes: { colour: 'natural', material: 'oak' },
  boxes: [
    { boxCode: 'A', lengthMm: 1_650, widthMm: 850, heightMm: 80, weightGrams: 31_000 },
    { boxCode: 'B', lengthMm: 750, widthMm: 200, heightMm: 200, weightGrams: 9_000 },
  ],
};

describe('a warehouse', () => {
  it('is described, described anew, and is the same when nothing changed', async () => {
    const service = await openService();
    const admin = service.as('sandbox-admin');
    const made = await admin.put('/v1/warehouses/BER', warehouse('BER'));
    expect(made).toMatchObject({ status: 200, body: { warehouseId: 'BER', revision: 0 } });
    const same = await admin.put('/v1/warehouses/BER', warehouse('BER'));
    expect(same.body).toEqual(made.body);
    expect(await service.countEvents()).toBe(1);
    const moved = await admin.put('/v1/warehouses/BER', warehouse('BER', { priority: 7 }), { 'if-match': '"0"' });
    expect(moved.body).toMatchObject({ priority: 7, revision: 1 });
    expect((await admin.get('/v1/warehouses/BER', since(moved))).body).toEqual(moved.body);
  });

  it('is listed by id, in pages, to those who work there', async () => {
    const service = await openService();
    await arrange(service, { MAD: {}, BER: {}, PAR: {} });
    const ids = async (who: string, query = ''): Promise<string[]> =>
      (await service.as(who).get(`/v1/warehouses${query}`)).body.items.map(
        ({ warehouseId }: { warehouseId: string }) => warehouseId,
      );
    expect(await ids('sandbox-support')).toEqual(['BER', 'MAD', 'PAR']);
    expect(await ids('sandbox-staff')).toEqual(['BER', 'PAR']);
    expect(await ids('sandbox-support', '?limit=2')).toEqual(['BER', 'MAD']);
  });
});

describe('an item', () => {
  it('is described with its boxes, and shown with the stock of it', async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 3 } });
    const admin = service.as('sandbox-admin');
    const made = await admin.put('/v1/items/TABLE', table);
    expect(made).toMatchObject({ status: 200, body: { sku: 'TABLE', ...table, revision: 0 } });
    expect((await admin.get('/v1/items/TABLE', since(made))).body).toEqual(made.body);
    expect((await admin.get('/v1/items', since(made))).body.items).toEqual([made.body]);
    const { body } = await admin.get('/v1/warehouses/BER/inventory/TABLE', since(made));
    expect(body).toMatchObject({ name: table.name, attributes: table.attributes, onHand: 3 });
    const [listed] = (await admin.get('/v1/warehouses/BER/inventory', since(made))).body.items;
    expect(listed).toEqual(body);
  });

  it('is not taken as a kit, as components would have no effect', async () => {
    const service = await openService();
    const kit = { ...table, components: [{ sku: 'LEG', quantity: 4 }] };
    const refused = await service.as('sandbox-admin').put('/v1/items/KIT', kit);
    expect(refused).toMatchObject({ status: 400, body: { code: 'VALIDATION', errors: [{ pointer: '/components' }] } });
    expect(await service.countEvents()).toBe(0);
  });

  it('has each box once', async () => {
    const service = await openService();
    const admin = service.as('sandbox-admin');
    const twice = await admin.put('/v1/items/KIT', { ...table, boxes: [table.boxes[0], table.boxes[0]] });
    expect(twice).toMatchObject({ status: 422, body: { code: 'BOX_CODE_REPEATED' } });
    expect(await service.countEvents()).toBe(0);
  });
});

describe('availability', () => {
  it('is told for each warehouse, the nearest first, and in all', async () => {
    const service = await openService();
    await arrange(service, { MAD: { TABLE: 5 }, PAR: { TABLE: 4 }, BER: { TABLE: 3 } });
    const support = service.as('sandbox-support');
    const near = async (query: string): Promise<string[]> =>
      (await support.get(`/v1/items/TABLE/availability${query}`)).body.warehouses.map(
        ({ warehouseId }: { warehouseId: string }) => warehouseId,
      );
    expect((await support.get('/v1/items/TABLE/availability')).body).toMatchObject({ sku: 'TABLE', available: 12 });
    expect((await near('?countryCode=FR&postalCode=75001'))[0]).toBe('PAR');
    expect((await near('?countryCode=ES&postalCode=28001'))[0]).toBe('MAD');
    expect((await near('?countryCode=DE'))[0]).toBe('BER');
  });

  it('is not asked by a postal code alone, which names no place', async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 3 } });
    const asked = await service.as('sandbox-support').get('/v1/items/TABLE/availability?postalCode=10115');
    expect(asked).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
  });

  it('counts what is promised already, and nothing that is retired', async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 3 }, PAR: { TABLE: 0 } });
    await service.as('sandbox-staff').del('/v1/warehouses/PAR/inventory/TABLE');
    const placed = await placeOrder(service.as('sandbox-shop'), [line('TABLE', 2)]);
    const { body } = await service.as('sandbox-shop').get('/v1/items/TABLE/availability', since(placed));
    expect(body).toMatchObject({ available: 1, warehouses: [{ warehouseId: 'BER', available: 1, onHand: 3 }] });
  });

  it('is nothing for an item that nobody has, and not found for one that nobody knows', async () => {
    const service = await openService();
    const admin = service.as('sandbox-admin');
    const made = await admin.put('/v1/items/TABLE', table);
    const none = await admin.get('/v1/items/TABLE/availability', since(made));
    expect(none.body).toEqual({ sku: 'TABLE', available: 0, warehouses: [] });
    const unknown = await admin.get('/v1/items/NOTHING/availability');
    expect(unknown).toMatchObject({ status: 404, body: { code: 'ITEM_NOT_FOUND' } });
  });
});
