/** An order or a parcel that makes no sense is refused when it comes, and what was recorded before stays readable. */
import { afterAll, describe, expect, it } from 'vitest';
import { startMs, startService } from '../support/service.ts';
import { arrange, line, orderOf, placeOrder, since } from './arrange.ts';

const service = await startService();
afterAll(() => service.close());
const admin = service.as('sandbox-admin');
await arrange(service, { BER: { TABLE: 1_000 } });

/** Nothing is recorded of what is refused. */
const refuses = async (url: string, body: object, expected: object): Promise<void> => {
  await service.settled();
  const before = await service.countEvents();
  const { status, body: problem } = await admin.post(url, body);
  expect({ status, ...problem }).toMatchObject(expected);
  expect(await service.countEvents()).toBe(before);
};

describe('an order', () => {
  it.each(['TABEL', 'table', 'Table', 'TABLE.'])(
    'of %s, which nobody knows, is refused, and the line is pointed at',
    (sku) =>
      refuses('/v1/orders', orderOf([line('TABLE', 1), line(sku, 1)]), {
        status: 422,
        code: 'SKU_UNKNOWN',
        errors: [{ pointer: '/lines/1/sku' }],
      }),
  );

  it('of an item without stock waits for it, and so does one of a retired stock', async () => {
    expect((await admin.put('/v1/items/COMING', { name: 'Soon', attributes: {}, boxes: [] })).status).toBe(200);
    expect((await placeOrder(admin, [line('COMING', 1)])).body.lines[0]).toMatchObject({ backordered: 1 });
    await admin.post('/v1/warehouses/BER/inventory', { sku: 'GONE' });
    expect((await admin.request('DELETE', '/v1/warehouses/BER/inventory/GONE')).status).toBe(200);
    expect((await placeOrder(admin, [line('GONE', 1)])).body.lines[0]).toMatchObject({ backordered: 1 });
  });

  it('sees each registration that was acknowledged, however far the read models are behind', async () => {
    for (let at = 0; at < 20; at += 1) {
      const sku = `FRESH-${at}`;
      const url = at % 2 === 0 ? '/v1/warehouses/BER/inventory' : null;
      const made =
        url === null
          ? await admin.put(`/v1/items/${sku}`, { name: sku, attributes: {}, boxes: [] })
          : await admin.post(url, { sku, onHand: 1 });
      expect(made.status).toBeLessThan(300);
      const placed = await admin.post('/v1/orders', orderOf([line(sku, 1)]));
      expect(placed.status, placed.text).toBe(201);
    }
  });

  it('has one currency', () =>
    refuses('/v1/orders', orderOf([line('TABLE', 1), line('TABLE', 1, { currency: 'SEK' })]), {
      status: 422,
      code: 'CURRENCIES_MIXED',
      facts: { currencies: ['EUR', 'SEK'] },
    }));

  it('has at most 100,000 pieces a line, and 1,000,000 in all', async () => {
    for (const quantity of [100_001, 2_147_483_647]) {
      await refuses('/v1/orders', orderOf([line('TABLE', quantity)]), {
        status: 400,
        errors: [{ pointer: '/lines/0/quantity' }],
      });
    }
    await refuses('/v1/orders', orderOf(Array.from({ length: 11 }, () => line('TABLE', 100_000))), {
      status: 422,
      code: 'ORDER_TOO_LARGE',
    });
  });

  it('that was recorded under other rules can be read, changed and listed', async () => {
    const orderId = '01939d1a-6f0a-7cc1-9a54-2f1f5b0c8a99';
    const { principal: _, ...context } = {
      principal: null,
      commandId: '0193a000-0000-7000-8000-000000000001',
      actor: { subject: 'old', kind: 'client', client: 'old' } as const,
      authentication: {},
      correlationId: '0193a000-0000-7000-8000-000000000002',
      causationId: '0193a000-0000-7000-8000-000000000001',
    };
    const { useCases } = service;
    const outcome = await useCases.placeOrder(
      {
        orderId,
        customerId: 'old',
        contact: { name: 'Old', email: 'not an address', phone: '-' },
        shipTo: { name: 'Old', lines: ['x'], city: 'x', postalCode: 'x', countryCode: 'ZZ' },
        lines: [{ lineId: '1', sku: 'NEVER-REGISTERED', quantity: 99_999, priceMinor: 1, currency: 'ZZZ' }],
        sourcing: 'priority',
        allowSplit: true,
        allowBackorder: true,
      },
      context,
    );
    expect(outcome.kind).toBe('recorded');
    await service.settled();
    const shown = await admin.get(`/v1/orders/${orderId}`);
    expect(shown, shown.text).toMatchObject({ status: 200, body: { destinationCountry: 'ZZ' } });
    const held = await admin.put(`/v1/orders/${orderId}/status`, { status: 'on_hold', reason: 'old' });
    expect(held.status, held.text).toBe(200);
    expect((await admin.get('/v1/orders?customerId=old', since(held))).status).toBe(200);
  });
});

describe('a shipment', () => {
  const orderAndSend = async (boxes: readonly object[], changes: object = {}) => {
    const { body } = await placeOrder(admin, [line('TABLE', 3, { lineId: 'a' }), line('TABLE', 2, { lineId: 'b' })]);
    return {
      url: `/v1/orders/${body.orderId}/shipments`,
      shipment: {
        warehouseId: 'BER',
        lines: [{ lineId: 'a', quantity: 2 }],
        carrier: 'ups',
        trackingNumber: 'T1',
        parcels: [{ boxes: [] }, { boxes }],
        ...changes,
      },
    };
  };
  const box = { lineId: 'a', boxCode: 'A', quantity: 2 };

  it.each([
    ['of a line that the order does not have', { lineId: '99' }],
    ['of a line that stays', { lineId: 'b' }],
    ['more often than pieces leave', { quantity: 7_000_000 }],
  ])('has no box %s', async (_, changes) => {
    const { url, shipment } = await orderAndSend([box, { ...box, boxCode: 'B', ...changes }]);
    await refuses(url, shipment, { status: 422, code: 'BOX_NOT_SHIPPED', facts: { pointer: '/parcels/1/boxes/1' } });
  });

  it('has each box of each piece, in any parcel', async () => {
    const { url, shipment } = await orderAndSend([box, { ...box, boxCode: 'B' }]);
    expect((await admin.post(url, shipment)).status).toBe(201);
  });

  it('is reported on from 90 days before its dispatch, not from 1999', async () => {
    const { url, shipment } = await orderAndSend([box], { parcels: [{ boxes: [box] }] });
    const { body: sent } = await admin.post(url, shipment);
    const reports = `/v1/shipments/${sent.shipmentId}/tracking-events`;
    const at = (days: number): string => new Date(startMs - days * 86_400_000).toISOString();
    await refuses(
      reports,
      { status: 'in_transit', occurredAt: '1999-12-31T23:59:59Z' },
      {
        status: 422,
        code: 'REPORTED_BEFORE_DISPATCH',
      },
    );
    await refuses(reports, { status: 'in_transit', occurredAt: at(91) }, { code: 'REPORTED_BEFORE_DISPATCH' });
    await refuses(reports, { status: 'in_transit', occurredAt: at(-1) }, { code: 'OCCURRED_IN_FUTURE' });
    expect((await admin.post(reports, { status: 'pre_transit', occurredAt: at(80) })).status).toBe(201);
  });
});
