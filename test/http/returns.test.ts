/** Goods that go back: announced, received with what becomes of them, and in stock again once (R3.2, T28). */
import { expect, it } from 'vitest';
import { allScopes, openService } from '../support/service.ts';
import { arrange, line, placeOrder, since } from './arrange.ts';

const open = async () => {
  const service = await openService();
  await arrange(service, { BER: { CHAIR: 5, LAMP: 2 }, PAR: { CHAIR: 0 }, ROM: { CHAIR: 0 } });
  const admin = service.as('sandbox-admin');
  const read = async (path: string) => (await admin.get(path)).body;
  const becomes = (path: string, expected: object) => expect.poll(() => read(path)).toMatchObject(expected);
  const dispatch = async (orderId: string, lines: object) => {
    const body = { warehouseId: 'BER', lines, parcels: [{ boxes: [] }] };
    const sent = await admin.post(`/v1/orders/${orderId}/shipments`, body);
    expect(sent.status, sent.text).toBe(201);
    return sent.body.shipmentId as string;
  };
  const shipped = async (quantity: number): Promise<string> => {
    const { orderId } = (await placeOrder(admin, [line('CHAIR', quantity)])).body;
    await dispatch(orderId, [{ lineId: '1', quantity }]);
    return orderId as string;
  };
  return { service, admin, read, becomes, dispatch, shipped };
};
const stock = (warehouseId: string): string => `/v1/warehouses/${warehouseId}/inventory/CHAIR`;
const asked = (quantity: number) => ({ lines: [{ lineId: '1', quantity }], reason: 'unwanted' });
const came = (warehouseId: string, ...lines: readonly (readonly [quantity: number, disposition: string])[]) => ({
  warehouseId,
  lines: lines.map(([quantity, disposition]) => ({ lineId: '1', quantity, disposition })),
});

it('a return is announced, received in parts and in stock again by what becomes of each piece', async () => {
  const { service, admin, read, becomes, shipped } = await open();
  const orderId = await shipped(4);
  await becomes(stock('BER'), { onHand: 1 });
  const url = `/v1/orders/${orderId}/returns`;
  const tried = await admin.post(`${url}?dryRun=true`, asked(4));
  expect(tried.body).toMatchObject({ events: [{ type: 'OrderReturnRequested', data: { warehouseId: 'BER' } }] });

  const made = await admin.post(url, { ...asked(4), note: 'A leg is loose' });
  expect(made, made.text).toMatchObject({
    status: 201,
    body: { status: 'requested', warehouseId: 'BER', revision: 0 },
  });
  expect(made.text).not.toContain('leg');
  const { returnId } = made.body;
  const path = `/v1/returns/${returnId as string}`;
  expect(made.headers.location).toBe(path);
  expect((await admin.get(path, since(made))).body).toMatchObject({ orderId, note: 'A leg is loose' });
  expect((await service.as('sandbox-staff').get(path)).body).not.toHaveProperty('note');

  const receipts = `${path}/receipts`;
  const first = await admin.post(receipts, came('BER', [1, 'restock'], [1, 'quarantine'], [1, 'scrap']), {
    'idempotency-key': 'first',
    'if-match': '"0"',
  });
  expect(first, first.text).toMatchObject({
    status: 200,
    body: { status: 'partially_received', lines: [{ received: 3, restocked: 1, quarantined: 1, scrapped: 1 }] },
  });
  const again = await admin.post(receipts, came('BER', [1, 'restock'], [1, 'quarantine'], [1, 'scrap']), {
    'idempotency-key': 'first',
    'if-match': '"0"',
  });
  expect(again.body).toEqual(first.body);
  await becomes(stock('BER'), { onHand: 3, quarantined: 1 });
  await becomes(`/v1/orders/${orderId}`, { lines: [{ returned: 3 }] });
  const causes = (await read(`${stock('BER')}/explain?field=onHand`)).items;
  expect(causes.at(-1)).toMatchObject({ type: 'StockReturned', delta: 1, returnId, disposition: 'quarantine' });

  const last = await admin.post(receipts, came('PAR', [1, 'restock']));
  expect(last.body).toMatchObject({ status: 'received' });
  await becomes(stock('PAR'), { onHand: 1 });
  await becomes(`/v1/orders/${orderId}`, { status: 'returned', lines: [{ shipped: 4, returned: 4 }], exceptions: [] });
  expect(await admin.post(`${path}/cancellation`, { reason: 'kept' })).toMatchObject({
    status: 409,
    body: { code: 'RETURN_ALREADY_RECEIVED' },
  });
  expect((await read(`/v1/returns?orderId=${orderId}`)).items).toMatchObject([{ returnId, status: 'received' }]);
  const orderStatus = await admin.put(`/v1/orders/${orderId}/status`, { status: 'returned', reason: 'back' });
  expect(orderStatus.body).toMatchObject({ code: 'STATUS_NOT_SETTABLE' });
  expect(orderStatus.text).toContain('/v1/returns/{returnId}/receipts');
});

it('two returns at once are never for more than has left', async () => {
  const { admin, shipped } = await open();
  const url = `/v1/orders/${await shipped(3)}/returns`;
  const answers = await Promise.all([2, 2, 2].map((quantity) => admin.post(url, asked(quantity))));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  const refused = answers.find(({ status }) => status === 409);
  expect(refused?.body).toMatchObject({ code: 'RETURN_EXCEEDS_SHIPPED', facts: { returnable: 1 } });
  expect((await admin.post(url, asked(1))).status).toBe(201);
});

it('a return that is called off may be announced again, and what comes all the same is received', async () => {
  const { admin, becomes, shipped } = await open();
  const orderId = await shipped(2);
  const { returnId } = (await admin.post(`/v1/orders/${orderId}/returns`, asked(2))).body;
  const path = `/v1/returns/${returnId as string}`;
  const off = await admin.post(`${path}/cancellation`, { reason: 'kept' });
  expect(off.body).toMatchObject({ status: 'cancelled', lines: [{ cancelled: 2 }], cancelReason: 'kept' });
  await expect.poll(async () => (await admin.post(`/v1/orders/${orderId}/returns`, asked(2))).status).toBe(201);
  expect((await admin.post(`${path}/receipts`, came('BER', [2, 'restock']))).body).toMatchObject({
    status: 'received',
  });
  await becomes(stock('BER'), { onHand: 5 });
});

it('restock only through a disposition on a received line, once: cancel and return never restock twice (row 20)', async () => {
  const { service, admin, becomes, dispatch, read } = await open();
  const { orderId } = (await placeOrder(admin, [line('CHAIR', 3)])).body;
  await dispatch(orderId, [{ lineId: '1', quantity: 2 }]);
  await becomes(stock('BER'), { onHand: 3, reserved: 1 });

  // Announcing it puts nothing back, nor does calling off the rest of the order.
  const { returnId } = (await admin.post(`/v1/orders/${orderId}/returns`, asked(2))).body;
  await admin.put(`/v1/orders/${orderId}/status`, { status: 'cancelled', reason: 'changed_mind' });
  await becomes(stock('BER'), { onHand: 3, reserved: 0, available: 3 });
  await service.settled();
  expect(await read(stock('BER'))).toMatchObject({ onHand: 3 });

  // Each piece that came is back once, however often it is said, and whatever is cancelled after it.
  const key = { 'idempotency-key': 'receipt' };
  for (let time = 0; time < 3; time += 1) {
    const answer = await admin.post(`/v1/returns/${returnId as string}/receipts`, came('BER', [2, 'restock']), key);
    expect(answer.status, answer.text).toBe(200);
  }
  await becomes(stock('BER'), { onHand: 5, reserved: 0, available: 5 });
  await admin.put(`/v1/orders/${orderId}/status`, { status: 'cancelled', reason: 'again' });
  expect(await admin.post(`/v1/orders/${orderId}/returns`, asked(1))).toMatchObject({
    status: 409,
    body: { code: 'RETURN_EXCEEDS_SHIPPED', facts: { returnable: 0 } },
  });
  await service.settled();
  expect(await read(stock('BER'))).toMatchObject({ onHand: 5, reserved: 0 });
  await becomes(`/v1/orders/${orderId}`, { status: 'returned', lines: [{ shipped: 2, cancelled: 1, returned: 2 }] });
});

it('goods that came back beyond what has left are booked, and a person must look', async () => {
  const { admin, becomes, shipped } = await open();
  const orderId = await shipped(1);
  const { returnId } = (await admin.post(`/v1/orders/${orderId}/returns`, asked(1))).body;
  await admin.post(`/v1/returns/${returnId as string}/receipts`, came('BER', [2, 'restock']));
  await becomes(stock('BER'), { onHand: 6 });
  await becomes(`/v1/orders/${orderId}`, {
    lines: [{ shipped: 1, returned: 2 }],
    exceptions: [{ code: 'RETURN_EXCEEDS_SHIPPED', resolvedAt: null }],
  });
});

it('a return is the business of its customer, of who waits for it and of who got it, and of nobody else', async () => {
  const { service, admin, shipped } = await open();
  const orderId = await shipped(2);
  const staff = (...warehouses: string[]) =>
    service.as({ sub: `staff-${warehouses.join()}`, roles: ['warehouse_staff'], warehouses, scope: allScopes });
  const made = await admin.post(`/v1/orders/${orderId}/returns`, asked(2));
  const path = `/v1/returns/${made.body.returnId as string}`;
  expect((await staff('BER').get(path, since(made))).status).toBe(200);
  expect(await staff('ROM').get(path)).toMatchObject({ status: 404, body: { code: 'RETURN_NOT_FOUND' } });
  expect(await staff('ROM').post(`${path}/receipts`, came('ROM', [1, 'restock']))).toMatchObject({ status: 404 });
  expect(await staff('BER').post(`${path}/receipts`, came('ROM', [1, 'restock']))).toMatchObject({
    status: 404,
    body: { code: 'WAREHOUSE_NOT_FOUND' },
  });
  expect(await admin.post(`${path}/receipts`, came('NONE', [1, 'restock']))).toMatchObject({
    status: 404,
    body: { code: 'WAREHOUSE_NOT_FOUND' },
  });
  const arrived = await admin.post(`${path}/receipts`, came('ROM', [1, 'restock']));
  const seen = await staff('ROM').get(path, since(arrived));
  expect(seen.body).toMatchObject({ status: 'partially_received' });
  expect(seen.body).not.toHaveProperty('warehouseId');
  expect((await staff('ROM').get('/v1/returns')).body.items).toHaveLength(1);
  expect((await staff('PAR').get('/v1/returns')).body.items).toEqual([]);
  expect(await staff('PAR').get('/v1/returns?warehouseId=BER')).toMatchObject({ status: 404 });
  expect(
    await admin.post(`${path}/receipts`, {
      warehouseId: 'BER',
      lines: [{ lineId: '9', quantity: 1, disposition: 'scrap' }],
    }),
  ).toMatchObject({ status: 422, body: { code: 'ORDER_LINE_NOT_FOUND' } });
});
