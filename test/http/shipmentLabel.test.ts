/** Goods that leave before their tracking number is known, and numbers that were wrong (T26). */
import { expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder, since } from './arrange.ts';

it('a shipment leaves without a number, gets one later, and its order is found by the one that stands', async () => {
  const service = await openService();
  await arrange(service, { BER: { CHAIR: 9 }, PAR: { LAMP: 1 } });
  const admin = service.as('sandbox-admin');
  const { body: order } = await placeOrder(service.as('sandbox-shop'), [line('CHAIR', 2)]);
  const shipped = await admin.post(`/v1/orders/${order.orderId}/shipments`, {
    warehouseId: 'BER',
    lines: [{ lineId: '1', quantity: 2 }],
    parcels: [{ boxes: [] }, { boxes: [] }],
  });
  expect(shipped.status, shipped.text).toBe(201);
  expect(shipped.body).not.toHaveProperty('trackingNumber');
  const url = `/v1/shipments/${shipped.body.shipmentId}`;
  const found = async (number: string, at = shipped): Promise<readonly string[]> => {
    const { body } = await admin.get(`/v1/orders?trackingNumber=${number}`, since(at));
    return body.items.map(({ orderId }: { orderId: string }) => orderId);
  };

  await service.settled();
  const before = await service.countEvents();
  const elsewhere = service.as({ roles: ['partner'], scope: 'shipments:write', warehouses: ['PAR'] });
  const wrong = { carrier: 'ups', trackingNumber: 'T-1', parcels: [{ parcelId: 'P2', trackingNumber: 'P-2' }] };
  expect(await elsewhere.patch(url, wrong)).toMatchObject({ status: 404, body: { code: 'SHIPMENT_NOT_FOUND' } });
  expect(await admin.patch(url, {})).toMatchObject({ status: 400 });
  expect(await admin.patch(url, wrong, { 'if-match': '"7"' })).toMatchObject({ status: 412 });
  const noParcel = { parcels: [{ parcelId: 'P3', trackingNumber: 'P-3' }] };
  expect(await admin.patch(url, noParcel)).toMatchObject({ status: 404, body: { code: 'PARCEL_NOT_FOUND' } });
  expect(await admin.patch(`${url}?dryRun=true`, wrong)).toMatchObject({
    status: 200,
    body: { events: [{ type: 'ShipmentCorrected', data: wrong }] },
  });
  expect(await service.countEvents()).toBe(before);

  const key = { 'idempotency-key': 'label-1', 'if-match': '"0"' };
  const told = await admin.patch(url, wrong, key);
  expect(told, told.text).toMatchObject({ status: 200, body: { carrier: 'ups', trackingNumber: 'T-1' } });
  expect(told.headers.etag).toBe('"1"');
  expect(told.body.parcels[1]).toMatchObject({ parcelId: 'P2', trackingNumber: 'P-2' });
  expect([await found('T-1', told), await found('P-2', told)]).toEqual([[order.orderId], [order.orderId]]);
  expect((await admin.patch(url, wrong, key)).body).toEqual(told.body);
  expect((await admin.patch(url, wrong)).headers.etag).toBe('"1"');

  const right = await admin.patch(url, { trackingNumber: 'T-2' });
  expect(right.body).toMatchObject({ carrier: 'ups', trackingNumber: 'T-2' });
  expect([await found('T-1', right), await found('T-2', right)]).toEqual([[], [order.orderId]]);
  const { body: tracking } = await admin.get(`/v1/orders/${order.orderId}/tracking`, since(right));
  expect(tracking.shipments).toMatchObject([{ carrier: 'ups', trackingNumber: 'T-2' }]);
  const { body: now } = await admin.get(`/v1/orders/${order.orderId}`, since(right));
  expect(now.shipments).toMatchObject([{ carrier: 'ups', trackingNumber: 'T-2' }]);
  // The policy that would tell the order finds that it knows.
  await service.settled();
  expect(await service.countEvents()).toBe(before + 4);
});

it('a number that its carrier can not have issued is taken, and the answer says so and who may have', async () => {
  const service = await openService();
  await arrange(service, { BER: { CHAIR: 9 } });
  const admin = service.as('sandbox-admin');
  const { body: order } = await placeOrder(service.as('sandbox-shop'), [line('CHAIR', 2)]);
  const shipped = await admin.post(`/v1/orders/${order.orderId}/shipments`, {
    warehouseId: 'BER',
    lines: [{ lineId: '1', quantity: 2 }],
    carrier: 'FedEx',
    trackingNumber: '1Z5R89390357567127',
    parcels: [{ boxes: [] }, { trackingNumber: '986578788855', boxes: [] }],
  });
  expect(shipped.status, shipped.text).toBe(201);
  expect(shipped.body.trackingNumberCheck).toEqual({ verdict: 'differs', mayBeOf: ['ups'] });
  expect(shipped.body.parcels[0]).not.toHaveProperty('trackingNumberCheck');
  expect(shipped.body.parcels[1].trackingNumberCheck).toMatchObject({ verdict: 'matches' });

  const corrected = await admin.patch(`/v1/shipments/${shipped.body.shipmentId}`, { carrier: 'UPS' });
  expect(corrected.body.trackingNumberCheck).toEqual({ verdict: 'matches', mayBeOf: ['ups'] });
  const { body: tracking } = await admin.get(`/v1/orders/${order.orderId}/tracking`, since(corrected));
  expect(tracking.shipments[0].trackingNumberCheck).toEqual({ verdict: 'matches', mayBeOf: ['ups'] });
  const unknown = await admin.patch(`/v1/shipments/${shipped.body.shipmentId}`, { carrier: 'Spedition Huber' });
  expect(unknown.body.trackingNumberCheck).toEqual({ verdict: 'not_checked', mayBeOf: ['ups'] });
});
