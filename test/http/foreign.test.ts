/**
 * What a split order shows to whom, what an id that is taken tells, answers that are given again after a reach was lost, and
 * cursors. Every route as every role is the business of `test/security`.
 */
import { afterAll, describe, expect, it } from 'vitest';
import type { Reach } from '../../src/domain/access/authorize.ts';
import { coversKept, reachMark } from '../../src/http/commands/keptAnswers.ts';
import { allScopes, type Claims, startMs, startService, steppedUp } from '../support/service.ts';
import { arrange, line, orderOf, placeOrder, since, warehouse } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const service = await startService();
afterAll(() => service.close());
const admin = service.as('sandbox-admin');
const shop = service.as('sandbox-shop');

/** Everything of the others has this word in it. */
const mark = 'FOREIGN';
const theirs = 'FOREIGN';

/** More goods than one house has, so that the order is split; the other house is the one that was asked for. */
await arrange(service, { BER: { [sku]: 20 }, [theirs]: { [sku]: 20 } });
await admin.put(`/v1/warehouses/${theirs}`, warehouse(theirs, { name: `${mark} depot` }));
const split = await placeOrder(shop, [line(sku, 21)], { preferredWarehouseId: theirs });
await admin.post(`/v1/warehouses/${theirs}/inventory/${sku}/receipts`, { quantity: 20 });
const stranger = { customerId: `${mark}-customer`, name: `${mark} Person`, email: 'person@FOREIGN.invalid' };
const far = await placeOrder(shop, [line(sku, 2)], { customer: stranger, preferredWarehouseId: theirs });

const dispatch = async (orderId: string, warehouseId: string, trackingNumber: string): Promise<string> => {
  const lines = [{ lineId: '1', quantity: 1 }];
  const parcels = [{ boxes: [{ lineId: '1', boxCode: 'A', quantity: 1 }] }];
  const body = { warehouseId, carrier: 'ups', trackingNumber, lines, parcels };
  const shipped = await admin.post(`/v1/orders/${orderId}/shipments`, body);
  expect(shipped.status, shipped.text).toBe(201);
  return shipped.body.shipmentId as string;
};
const report = async (shipmentId: string, detail: string, status = 'in_transit') => {
  const body = { status, occurredAt: service.clock.now(), detail };
  expect((await admin.post(`/v1/shipments/${shipmentId}/tracking-events`, body)).status).toBe(201);
};
const orderId: string = split.body.orderId;
const shipmentId = await dispatch(orderId, 'BER', '1ZOWN');
const foreignShipmentId = await dispatch(orderId, theirs, `1Z${mark}`);
await report(shipmentId, 'Left with the neighbour');
await report(foreignShipmentId, `${mark} words`);
// The order is then in exception, in words that name the shipment.
await report(foreignShipmentId, `${mark} words`, 'return_to_sender');
const partner = (changes: Claims): Claims => ({
  roles: ['partner'],
  scope: allScopes,
  warehouses: ['BER'],
  ...changes,
});
await service.settled();
const farId: string = far.body.orderId;
const foreignCursor = Buffer.from(JSON.stringify([null, theirs])).toString('base64url');

describe('a split order', () => {
  const staff = service.as(partner({ roles: ['warehouse_staff'] }));

  it('shows a warehouse its own part, and sums of the whole (13)', async () => {
    const { body } = await staff.get(`/v1/orders/${orderId}`);
    expect(body.lines).toMatchObject([{ quantity: 21, shipped: 2, allocated: [{ warehouseId: 'BER' }] }]);
    expect(body.shipments).toMatchObject([{ shipmentId, trackingNumber: '1ZOWN' }]);
    expect(body.shipments).toHaveLength(1);
    const tracking = await staff.get(`/v1/orders/${orderId}/tracking`);
    expect(tracking.body.shipments).toMatchObject([{ shipmentId }]);
    expect(tracking.text).toContain('Left with the neighbour');
    expect(tracking.body.boxes).toEqual({ total: 1, delivered: 0 });
  });

  it('shows support all of it, and an auditor no word of a courier (13)', async () => {
    const support = await service.as('sandbox-support').get(`/v1/orders/${orderId}/tracking`);
    for (const told of ['Left with the neighbour', `${mark} words`, `1Z${mark}`]) expect(support.text).toContain(told);
    const audited = await service.as('sandbox-auditor').get(`/v1/orders/${orderId}/tracking`);
    expect(audited.body.shipments).toHaveLength(2);
    expect(audited.text).not.toMatch(/neighbour|words/);
  });

  it('tells a warehouse whose revision is old what concerns it, without prices (13)', async () => {
    const parcels = [{ boxes: [{ lineId: '1', boxCode: 'A', quantity: 1 }] }];
    const body = {
      warehouseId: 'BER',
      carrier: 'ups',
      trackingNumber: '1Z',
      lines: [{ lineId: '1', quantity: 1 }],
      parcels,
    };
    const stale = await staff.post(`/v1/orders/${orderId}/shipments`, body, { 'if-match': '"0"' });
    expect(stale).toMatchObject({ status: 412, body: { code: 'REVISION_CONFLICT' } });
    const types = stale.body.events.map(({ type }: { type: string }) => type);
    expect(types).toEqual(['OrderAllocated', 'OrderShipmentDispatched', 'OrderExceptionRaised']);
    expect(stale.body.events[2].data).toEqual({ orderId, code: 'PARCEL_TURNED_BACK' });
    expect(stale.body.events[0].data.allocations).toHaveLength(1);
    const all = await staff.post(`/v1/orders/${orderId}/shipments`, body, { 'if-match': 'W/"0"' });
    expect(all.body.events[0]).toMatchObject({ type: 'OrderPlaced', data: { lines: [{ quantity: 21 }] } });
    expect(all.text).not.toMatch(/priceMinor/);
    const whole = await admin.post(`/v1/orders/${orderId}/shipments`, body, { 'if-match': 'W/"0"' });
    expect(whole.text).toMatch(/priceMinor/);
  });
});

describe('an order id that is taken', () => {
  const customer = service.as({ roles: ['customer'], scope: allScopes, customerId: 'customer-1' });

  it('is refused in the same words, by whomever, with or without a revision, tried out or not (13)', async () => {
    const before = await service.countEvents();
    const answers = [];
    for (const taken of [farId, orderId]) {
      for (const query of ['', '?dryRun=true']) {
        for (const headers of [{}, { 'if-match': '"0"' }, { 'if-match': '"7"' }, { prefer: 'wait=1' }]) {
          const placed = await customer.post(
            `/v1/orders${query}`,
            orderOf([line(sku, 1)], { orderId: taken }),
            headers,
          );
          const { instance: _, ...told } = placed.body;
          answers.push({ told, etag: placed.headers.etag, at: placed.headers['stockledger-position'] });
        }
      }
    }
    expect(answers[0]).toMatchObject({ told: { status: 409, code: 'ORDER_ID_TAKEN' }, etag: undefined, at: undefined });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(Object.keys(answers[0]!.told).sort()).toEqual(['code', 'detail', 'status', 'title', 'type']);
    expect(await service.countEvents()).toBe(before);
  });

  it('is no reason to refuse the same request again under its key (B6)', async () => {
    const key = { 'idempotency-key': 'once-more' };
    const body = orderOf([line(sku, 1)], { orderId: '01939d1a-6f0a-7cc1-9a54-2f1f5b0c8aaa' });
    const first = await customer.post('/v1/orders', body, key);
    const again = await customer.post('/v1/orders', body, key);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body.orderId).toBe(first.body.orderId);
  });
});

describe('an answer that is given again under its key', () => {
  const houses = (...warehouses: readonly string[]) =>
    service.as(
      partner({
        sub: 'p',
        client_id: 'app',
        partnerId: 'partner-1',
        warehouses: [...warehouses],
        ...steppedUp(startMs),
      }),
    );
  const dispatchFrom = (warehouseId: string) => ({
    warehouseId,
    carrier: 'ups',
    trackingNumber: `1Z${mark}-AGAIN`,
    lines: [{ lineId: '1', quantity: 1 }],
    parcels: [{ boxes: [] }],
  });

  it('shows a partner that lost a warehouse nothing of it, whether it was done, refused or stale (13)', async () => {
    const asks: readonly (readonly [string, object, Readonly<Record<string, string>>, number])[] = [
      [`/v1/orders/${orderId}/shipments`, dispatchFrom(theirs), {}, 201],
      [`/v1/orders/${orderId}/shipments`, { ...dispatchFrom(theirs), lines: [{ lineId: '9', quantity: 1 }] }, {}, 422],
      [`/v1/orders/${orderId}/shipments`, dispatchFrom(theirs), { 'if-match': '"0"' }, 412],
      ['/v1/inventory/changes', { changes: [{ kind: 'receipt', warehouseId: theirs, sku, quantity: 1 }] }, {}, 207],
    ];
    for (const [index, [url, body, headers, status]] of asks.entries()) {
      const key = { ...headers, 'idempotency-key': `out-of-reach-${index}` };
      const first = await houses('BER', theirs).post(url, body, key);
      expect(first.status, first.text).toBe(status);
      const same = await houses(theirs, 'BER').post(url, body, key);
      expect([same.status, same.text, same.headers['idempotency-replayed']]).toEqual([status, first.text, 'true']);
      expect(JSON.stringify(same.headers)).not.toContain('reach');
      const lost = await houses('BER').post(url, body, key);
      expect(lost, lost.text).toMatchObject({ status: 409, body: { code: 'ANSWER_OUT_OF_REACH', answered: status } });
      expect(lost.text + JSON.stringify(lost.headers)).not.toContain(mark);
      expect(lost.headers).not.toHaveProperty('etag');
    }
  });

  it('shows nothing to a customer under another id, and of an earlier release only to those who see all (13)', () => {
    const customerReach = (customerId: string): Reach => ({ role: 'customer', customerId, warehouses: [] });
    const reaches: readonly Reach[] = [
      customerReach('customer-1'),
      customerReach('customer-2'),
      { role: 'partner', customerId: null, warehouses: ['BER'] },
      { role: 'warehouse_staff', customerId: null, warehouses: ['BER'] },
      { role: 'service', customerId: null, warehouses: 'all' },
    ];
    for (const reach of reaches) {
      const covered = reaches.filter((other) => coversKept(other, reachMark(reach)));
      expect(covered).toEqual([reach]);
    }
    expect(reaches.filter((reach) => coversKept(reach, undefined)).map(({ role }) => role)).toEqual(['service']);
  });
});

describe('a list', () => {
  it('of warehouses has full pages, and cursors that name nothing (13)', async () => {
    for (const id of ['AAA', 'BBB', 'CCC', 'DDD']) await admin.put(`/v1/warehouses/${id}`, warehouse(id));
    await service.settled();
    const staff = service.as(partner({ roles: ['warehouse_staff'], warehouses: ['DDD', 'BER', 'NOWHERE'] }));
    const first = await staff.get('/v1/warehouses?limit=1');
    expect(first.body.items.map(({ warehouseId }: { warehouseId: string }) => warehouseId)).toEqual(['BER']);
    const cursor: string = first.body.nextCursor;
    for (const part of cursor.split('.'))
      expect(Buffer.from(part, 'base64url').toString('latin1')).not.toMatch(/BER|DDD/);
    expect(first.headers.link).toContain(encodeURIComponent(cursor));
    const second = await staff.get(`/v1/warehouses?limit=5&cursor=${cursor}`, since(first));
    expect(second.body.items.map(({ warehouseId }: { warehouseId: string }) => warehouseId)).toEqual(['DDD']);
    expect(second.body.nextCursor).toBeNull();
  });

  it('takes no cursor of another list, of other filters, of its own making, or changed (13)', async () => {
    const { nextCursor } = (await admin.get('/v1/warehouses?limit=1')).body;
    const orders: string = (await admin.get(`/v1/orders?limit=1&warehouseId=${theirs}`)).body.nextCursor;
    const changed = `${nextCursor.slice(0, -1)}${nextCursor.at(-1) === 'A' ? 'B' : 'A'}`;
    const tries = [
      `/v1/items?cursor=${nextCursor}`,
      `/v1/orders?cursor=${orders}`,
      `/v1/warehouses?cursor=${changed}`,
      `/v1/warehouses?cursor=${foreignCursor}`,
    ];
    for (const url of tries) expect((await admin.get(url)).body.code, url).toBe('INVALID_CURSOR');
    expect((await admin.get(`/v1/warehouses?limit=3&cursor=${nextCursor}`)).status).toBe(200);
  });
});
