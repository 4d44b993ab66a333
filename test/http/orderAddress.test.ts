/** The address of an order, put right before anything has left. */
import { expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder } from './arrange.ts';

const shipTo = {
  name: 'Ada Canary',
  lines: ['2 Canary Street'],
  city: 'Paris',
  postalCode: '75001',
  countryCode: 'FR',
};

it('an address is put right by its customer before dispatch, once, and by nobody else', async () => {
  const service = await openService();
  await arrange(service, { BER: { CHAIR: 9 } });
  const admin = service.as('sandbox-admin');
  const placed = await placeOrder(service.as('sandbox-shop'), [line('CHAIR', 1)]);
  const url = `/v1/orders/${placed.body.orderId}`;
  const scope = 'orders:read orders:write';
  const owner = service.as({ roles: ['customer'], scope, customerId: 'customer-1' });
  const stranger = service.as({ roles: ['customer'], scope, customerId: 'customer-2' });

  const before = await service.countEvents();
  expect(await stranger.patch(url, { shipTo })).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
  expect(await owner.patch(url, { shipTo }, { 'if-match': '"0"' })).toMatchObject({ status: 412 });
  const dry = await owner.patch(`${url}?dryRun=true`, { shipTo });
  expect(dry).toMatchObject({ status: 200, body: { events: [{ type: 'OrderAddressCorrected' }] } });
  expect(dry.text).not.toContain('Canary');
  expect(await service.countEvents()).toBe(before);

  const corrected = await owner.patch(url, { shipTo }, { 'if-match': placed.headers.etag! });
  expect(corrected).toMatchObject({ status: 200, body: { destinationCountry: 'FR' } });
  expect(corrected.body.lines).toEqual(placed.body.lines);
  expect(corrected.text).not.toContain('Canary');
  expect((await owner.patch(url, { shipTo })).headers.etag).toBe(corrected.headers.etag);
  await service.settled();
  expect((await admin.get(url)).body).toMatchObject({ shipTo, customer: { name: 'Ada Canary' } });

  const shipped = await admin.post(`${url}/shipments`, {
    warehouseId: 'BER',
    lines: [{ lineId: '1', quantity: 1 }],
    carrier: 'ups',
    trackingNumber: 'T-1',
    parcels: [{ boxes: [] }],
  });
  expect(shipped.status).toBe(201);
  const late = await owner.patch(url, { shipTo: { ...shipTo, city: 'Lyon' } });
  expect(late).toMatchObject({ status: 409, body: { code: 'ORDER_ALREADY_SHIPPED' } });
});
