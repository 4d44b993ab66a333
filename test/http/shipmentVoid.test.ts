/** A shipment that never left: taken back with its goods, unless a courier has them (T28). */
import { expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder, since } from './arrange.ts';

const open = async (stocks: { readonly [warehouseId: string]: { readonly [sku: string]: number } }) => {
  const service = await openService();
  await arrange(service, stocks);
  const admin = service.as('sandbox-admin');
  const dispatch = async (orderId: string, warehouseId: string, lines: object) => {
    const body = { warehouseId, carrier: 'ups', trackingNumber: `T-${warehouseId}`, lines, parcels: [{ boxes: [] }] };
    const shipped = await admin.post(`/v1/orders/${orderId}/shipments`, body);
    expect(shipped.status, shipped.text).toBe(201);
    return shipped.body.shipmentId as string;
  };
  const read = async (path: string) => (await admin.get(path)).body;
  /** Once the policies have done their part. */
  const becomes = (path: string, expected: object) => expect.poll(() => read(path)).toMatchObject(expected);
  return { service, admin, dispatch, read, becomes };
};
const stock = '/v1/warehouses/BER/inventory/CHAIR';
const reason = { reason: 'label not used' };

it('a voided shipment gives its goods back, and its order is sourced again and says so everywhere', async () => {
  const { service, admin, dispatch, read, becomes } = await open({ BER: { CHAIR: 2 } });
  const { orderId } = (await placeOrder(admin, [line('CHAIR', 2)])).body;
  const shipmentId = await dispatch(orderId, 'BER', [{ lineId: '1', quantity: 2 }]);
  await becomes(stock, { onHand: 0, reserved: 0 });
  const before = await service.countEvents();
  const url = `/v1/shipments/${shipmentId}/void`;
  expect(await admin.post(`${url}?dryRun=true`, reason)).toMatchObject({
    status: 200,
    body: { events: [{ type: 'ShipmentVoided', data: reason }] },
  });
  expect(await admin.post(url, reason, { 'if-match': '"7"' })).toMatchObject({ status: 412 });
  expect(await service.countEvents()).toBe(before);

  const key = { 'idempotency-key': 'void-1', 'if-match': '"0"' };
  const voided = await admin.post(url, { ...reason, note: 'The driver never came' }, key);
  expect(voided, voided.text).toMatchObject({ status: 200, body: { shipmentId, voidedAt: expect.any(String) } });
  expect((await admin.get(`/v1/orders/${orderId}`, since(voided))).body.shipments).toMatchObject([{ voided: true }]);
  await becomes(`/v1/orders/${orderId}`, {
    status: 'processing',
    allocation: 'complete',
    exceptions: [],
    lines: [{ shipped: 0, backordered: 0, allocated: [{ warehouseId: 'BER', quantity: 2 }] }],
    shipments: [{ shipmentId, voided: true }],
  });
  await becomes(stock, { onHand: 2, reserved: 2, available: 0 });
  const causes = (await read(`${stock}/explain?field=onHand`)).items;
  expect(causes.at(-1)).toMatchObject({ type: 'StockDispatchVoided', delta: 2, shipmentId, orderId });
  const tracking = await read(`/v1/orders/${orderId}/tracking`);
  expect(tracking).toMatchObject({ boxes: { total: 0 }, shipments: [{ shipmentId, voidedAt: expect.any(String) }] });
  expect((await read('/v1/orders?trackingNumber=T-BER')).items).toMatchObject([{ orderId }]);

  const settled = await service.countEvents();
  expect((await admin.post(url, { ...reason, note: 'The driver never came' }, key)).body).toEqual(voided.body);
  expect((await admin.post(url, reason)).status).toBe(200);
  await service.settled();
  expect(await service.countEvents()).toBe(settled);
  await dispatch(orderId, 'BER', [{ lineId: '1', quantity: 2 }]);
  await becomes(`/v1/orders/${orderId}`, { status: 'shipped' });
  await becomes(stock, { onHand: 0, reserved: 0 });
});

it('a shipment that a courier has is not voided; one that it reports on later is an exception that a person ends', async () => {
  const { service, admin, dispatch, becomes } = await open({ BER: { CHAIR: 4 } });
  const { orderId } = (await placeOrder(admin, [line('CHAIR', 4)])).body;
  const [gone, here] = [
    await dispatch(orderId, 'BER', [{ lineId: '1', quantity: 1 }]),
    await dispatch(orderId, 'BER', [{ lineId: '1', quantity: 1 }]),
  ];
  const report = (shipmentId: string, status: string) =>
    admin.post(`/v1/shipments/${shipmentId}/tracking-events`, { status, occurredAt: service.clock.now() });
  await report(gone, 'in_transit');
  const refused = await admin.post(`/v1/shipments/${gone}/void`, reason);
  expect(refused).toMatchObject({ status: 409, body: { code: 'SHIPMENT_ON_ITS_WAY' } });

  expect((await admin.post(`/v1/shipments/${here}/void`, reason)).status).toBe(200);
  const late = await report(here, 'out_for_delivery');
  expect(late).toMatchObject({ status: 201, body: { parcels: [{ status: 'out_for_delivery' }] } });
  await report(here, 'delivered');
  await becomes(`/v1/orders/${orderId}`, {
    status: 'exception',
    exceptions: [{ code: 'VOIDED_SHIPMENT_REPORTED', resolvedAt: null }],
    lines: [{ shipped: 1, delivered: 0 }],
  });
  const released = await admin.put(`/v1/orders/${orderId}/status`, { status: 'released', reason: 'called' });
  expect(released.body).toMatchObject({
    status: 'partially_shipped',
    exceptions: [{ code: 'VOIDED_SHIPMENT_REPORTED', resolvedAt: expect.any(String) }],
  });
});

it('of a report and a voiding at the same moment one is first, and the other fits to it', async () => {
  const { service, admin, dispatch, becomes } = await open({ BER: { CHAIR: 20 } });
  for (let round = 0; round < 5; round += 1) {
    const { orderId } = (await placeOrder(admin, [line('CHAIR', 1)])).body;
    const shipmentId = await dispatch(orderId, 'BER', [{ lineId: '1', quantity: 1 }]);
    const report = { status: 'in_transit', occurredAt: service.clock.now() };
    const both = [
      () => admin.post(`/v1/shipments/${shipmentId}/void`, reason),
      () => admin.post(`/v1/shipments/${shipmentId}/tracking-events`, report),
    ];
    const answers = await Promise.all((round % 2 === 0 ? both : both.toReversed()).map((ask) => ask()));
    const statuses = answers.map((answer) => answer.status).sort();
    const isVoided = statuses[0] === 200;
    expect(statuses).toEqual(isVoided ? [200, 201] : [201, 409]);
    const status = isVoided ? 'exception' : 'shipped';
    await becomes(`/v1/orders/${orderId}`, { status, shipments: [{ voided: isVoided }] });
  }
});

it('who may dispatch from a warehouse may void there, and nobody else', async () => {
  const { service, admin, dispatch } = await open({ BER: { CHAIR: 2 }, PAR: { LAMP: 1 } });
  const { orderId } = (await placeOrder(admin, [line('CHAIR', 1)])).body;
  const url = `/v1/shipments/${await dispatch(orderId, 'BER', [{ lineId: '1', quantity: 1 }])}/void`;
  const partner = (warehouses: readonly string[]) =>
    service.as({ roles: ['partner'], scope: 'shipments:write', warehouses: [...warehouses] });
  expect(await partner(['PAR']).post(url, reason)).toMatchObject({ status: 404, body: { code: 'SHIPMENT_NOT_FOUND' } });
  const buyer = service.as({ roles: ['customer'], scope: 'orders:write shipments:write', customerId: 'customer-1' });
  expect(await buyer.post(url, reason)).toMatchObject({ status: 403 });
  expect((await partner(['BER']).post(url, reason)).status).toBe(200);
});
