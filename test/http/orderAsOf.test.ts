/** The past of an order over HTTP, as each role may see it (B2). */
import { describe, expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder } from './arrange.ts';

const minuteMs = 60_000;

const openPast = async () => {
  const service = await openService({ warehouses: ['BER'] });
  await arrange(service, { BER: { TABLE: 5 }, PAR: { LAMP: 5 } });
  const shop = service.as('sandbox-shop');
  service.clock.pass(minuteMs);
  const placed = await placeOrder(shop, [line('TABLE', 2, { lineId: '1' }), line('LAMP', 1, { lineId: '2' })]);
  const { orderId } = placed.body;
  await service.settled();
  const before = service.clock.now();
  service.clock.pass(minuteMs);
  const held = await shop.put(`/v1/orders/${orderId}/status`, { status: 'on_hold', reason: 'asked' });
  expect(held.status, held.text).toBe(200);
  await service.settled();
  const read = (who: string, query: string) => service.as(who).get(`/v1/orders/${orderId}${query}`);
  return { service, orderId, before, placedAt: placed.body.placedAt as string, read };
};

describe('the past of an order', () => {
  it('can be asked for by when it happened, and by when we knew', async () => {
    const { before, read } = await openPast();
    const now = await read('sandbox-shop', '');
    expect(now.body).toMatchObject({ held: true });
    for (const query of [`?asOf=${before}`, `?knownAt=${before}`, `?asOf=${before}&knownAt=${before}`]) {
      const then = await read('sandbox-shop', query);
      expect(then).toMatchObject({ status: 200, body: { held: false, allocation: 'complete' } });
      expect(then.body.revision).toBe(now.body.revision - 1);
      expect(then.headers.etag).toBeUndefined();
    }
  });

  it('is not there before the order was placed', async () => {
    const { placedAt, read } = await openPast();
    const sooner = new Date(Date.parse(placedAt) - 1).toISOString();
    for (const query of [`?asOf=${sooner}`, `?knownAt=${sooner}`]) {
      expect(await read('sandbox-shop', query)).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
    }
  });

  it('has the fields and the sources that the role sees today', async () => {
    const { before, read } = await openPast();
    for (const who of ['admin', 'shop', 'support', 'staff', 'partner', 'auditor']) {
      const [now, then] = [await read(`sandbox-${who}`, ''), await read(`sandbox-${who}`, `?asOf=${before}`)];
      expect([now.status, then.status], who).toEqual([200, 200]);
      expect(Object.keys(then.body).sort(), who).toEqual(Object.keys(now.body).sort());
      expect(then.body.lines, who).toEqual(now.body.lines);
      expect(then.body.customer, who).toEqual(now.body.customer);
    }
    const staff = await read('sandbox-staff', `?asOf=${before}`);
    expect(staff.text).not.toContain('PAR');
  });

  it('is another’s as the order is, and has no name once the customer was erased', async () => {
    const { service, orderId, before, read } = await openPast();
    const stranger = service.as({ roles: ['customer'], scope: 'orders:read', customerId: 'customer-2' });
    expect((await stranger.get(`/v1/orders/${orderId}?asOf=${before}`)).status).toBe(404);
    expect((await read('sandbox-admin', `?asOf=${before}`)).body.customer).toMatchObject({ name: 'Ada Canary' });
    await service.adapters.personalData.erase('customer:customer-1');
    expect((await read('sandbox-admin', `?asOf=${before}`)).body).toMatchObject({ customer: null, shipTo: null });
  });
});
