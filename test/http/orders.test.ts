/** The life of an order over HTTP, from the shop to the door (R3.2, R12). */
import { describe, expect, it } from 'vitest';
import { type Answer, type Client, openService, type TestService } from '../support/service.ts';
import { arrange, line, orderOf, placeOrder, type Stocks, since } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const minuteMs = 60_000;

interface Scene {
  readonly service: TestService;
  readonly admin: Client;
  readonly shop: Client;
  /** As the read model shows it once it has seen all there is. */
  order(orderId: string): Promise<Answer['body']>;
  stock(warehouseId: string, ofSku?: string): Promise<Answer['body']>;
  ship(orderId: string, quantities: { readonly [lineId: string]: number }, changes?: object): Promise<Answer>;
  /** `minutes` from now, by the carrier's clock. */
  report(shipmentId: string, status: string, minutes: number, words?: object): Promise<Answer>;
}

const openScene = async (stocks: Stocks): Promise<Scene> => {
  const service = await openService();
  await arrange(service, stocks);
  const admin = service.as('sandbox-admin');
  const beginMs = Date.parse(service.clock.now());
  return {
    service,
    admin,
    shop: service.as('sandbox-shop'),
    order: async (orderId) => {
      await service.settled();
      return (await admin.get(`/v1/orders/${orderId}`)).body;
    },
    stock: async (warehouseId, ofSku = sku) => {
      await service.settled();
      return (await admin.get(`/v1/warehouses/${warehouseId}/inventory/${ofSku}`)).body;
    },
    ship: (orderId, quantities, changes = {}) =>
      admin.post(`/v1/orders/${orderId}/shipments`, {
        warehouseId: 'BER',
        lines: Object.entries(quantities).map(([lineId, quantity]) => ({ lineId, quantity })),
        carrier: 'ups',
        trackingNumber: '1Z999',
        parcels: Object.entries(quantities).map(([lineId, quantity]) => ({
          boxes: [{ lineId, boxCode: 'A', quantity }],
        })),
        ...changes,
      }),
    report: (shipmentId, status, minutes, words = {}) =>
      admin.post(`/v1/shipments/${shipmentId}/tracking-events`, {
        status,
        occurredAt: new Date(beginMs + minutes * minuteMs).toISOString(),
        ...words,
      }),
  };
};

describe('an order', () => {
  it('keeps the point of its address with the address, both halves of it or neither', async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 3 } });
    const shop = service.as('sandbox-shop');
    const point = { latitude: 52.53, longitude: 13.38 };
    const shipTo = { name: 'A', lines: ['1 Way'], city: 'Berlin', postalCode: '10115', countryCode: 'DE' };
    const placed = await placeOrder(shop, [line('TABLE', 1)], { shipTo: { ...shipTo, ...point }, sourcing: 'nearest' });
    const read = await shop.get(`/v1/orders/${placed.body.orderId}`, since(placed));
    expect(read.body.shipTo).toEqual({ ...shipTo, ...point });
    const events = await service.as('sandbox-auditor').get('/v1/audit/events?type=OrderPlaced', since(placed));
    expect(events.text).not.toContain('52.53');
    for (const half of [{ latitude: 52.53 }, { longitude: 13.38 }, { ...point, latitude: 90.1 }]) {
      const refused = await shop.post('/v1/orders', orderOf([line('TABLE', 1)], { shipTo: { ...shipTo, ...half } }));
      expect(refused).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
    }
  });

  it('is placed, planned, shipped, followed and delivered', async () => {
    const { shop, admin, service, order, stock, ship, report } = await openScene({ BER: { [sku]: 10 } });
    const pending = await shop.post('/v1/orders', orderOf([line(sku, 3)]));
    expect(pending).toMatchObject({ status: 201, body: { lines: [{ lineId: '1', quantity: 3 }] } });
    const { orderId } = pending.body;
    expect(pending.headers.location).toBe(`/v1/orders/${orderId}`);
    await expect.poll(async () => (await order(orderId)).status).toBe('processing');
    expect(await stock('BER')).toMatchObject({ onHand: 10, reserved: 3, available: 7 });

    const some = await ship(orderId, { 1: 1 });
    expect(some).toMatchObject({ status: 201, body: { status: 'pre_transit', orderId } });
    await expect.poll(async () => (await order(orderId)).status).toBe('partially_shipped');
    const rest = await ship(orderId, { 1: 2 });
    await expect.poll(async () => (await order(orderId)).status).toBe('shipped');
    await expect.poll(() => stock('BER')).toMatchObject({ onHand: 7, reserved: 0, available: 7 });

    await report(some.body.shipmentId, 'in_transit', 1, { detail: 'Left the hub', location: 'Leipzig' });
    const delivered = await report(some.body.shipmentId, 'delivered', 2);
    expect(delivered).toMatchObject({ status: 201, body: { status: 'delivered' } });
    await expect.poll(async () => (await order(orderId)).status).toBe('partially_delivered');
    await report(rest.body.shipmentId, 'delivered', 3);
    await expect.poll(async () => (await order(orderId)).status).toBe('delivered');

    const customer = service.as({ roles: ['customer'], scope: 'orders:read', customerId: 'customer-1' });
    const tracking = await customer.get(`/v1/orders/${orderId}/tracking`);
    expect(tracking.body).toMatchObject({ orderId, status: 'delivered', boxes: { total: 3, delivered: 3 } });
    const followed = tracking.body.shipments.find(
      ({ shipmentId }: { shipmentId: string }) => shipmentId === some.body.shipmentId,
    );
    expect(followed.parcels[0]).toMatchObject({
      status: 'delivered',
      lastLocation: 'Leipzig',
      events: [
        { status: 'in_transit', detail: 'Left the hub' },
        { status: 'delivered', detail: null },
      ],
    });
    const { lines } = await order(orderId);
    expect(lines).toMatchObject([{ shipped: 3, delivered: 3, backordered: 0 }]);
    expect((await admin.get('/v1/orders?status=delivered')).body.items).toHaveLength(1);
    expect((await admin.get('/v1/orders?status=pending')).body.items).toHaveLength(0);
  });

  it('is split over warehouses when one has not all of it, and told so', async () => {
    const { shop, service } = await openScene({ BER: { [sku]: 2 }, PAR: { [sku]: 2 } });
    const split = await placeOrder(shop, [line(sku, 3)]);
    const { allocated, backordered } = split.body.lines[0];
    expect(allocated.map((each: { warehouseId: string }) => each.warehouseId).sort()).toEqual(['BER', 'PAR']);
    expect(allocated.reduce((sum: number, each: { quantity: number }) => sum + each.quantity, 0)).toBe(3);
    expect(backordered).toBe(0);
    const partner = service.as({ roles: ['partner'], scope: 'orders:read', warehouses: ['PAR'] });
    expect((await partner.get('/v1/orders?warehouseId=PAR', since(split))).body.items).toHaveLength(1);
  });

  it('that may not be split waits whole', async () => {
    const { shop } = await openScene({ BER: { [sku]: 2 }, PAR: { [sku]: 2 } });
    const placed = await placeOrder(shop, [line(sku, 3)], { allowSplit: false });
    const sources = new Set(placed.body.lines[0].allocated.map((each: { warehouseId: string }) => each.warehouseId));
    expect(sources.size).toBeLessThan(2);
  });

  it('waits for what is missing, and gets it when goods come in', async () => {
    const { shop, admin, order } = await openScene({ BER: { [sku]: 1 } });
    const placed = await placeOrder(shop, [line(sku, 3)]);
    expect(placed.body).toMatchObject({
      status: 'processing',
      lines: [{ backordered: 2, allocated: [{ quantity: 1 }] }],
    });
    await admin.post(`/v1/warehouses/BER/inventory/${sku}/receipts`, { quantity: 5 });
    await expect.poll(async () => (await order(placed.body.orderId)).lines[0].backordered).toBe(0);
  });

  it('that may not wait is cancelled, and holds nothing', async () => {
    const { shop, stock } = await openScene({ BER: { [sku]: 1 } });
    const placed = await placeOrder(shop, [line(sku, 3)], { allowBackorder: false });
    expect(placed.body).toMatchObject({ status: 'cancelled', cancelReason: 'insufficient_stock' });
    await expect.poll(() => stock('BER')).toMatchObject({ onHand: 1, reserved: 0, available: 1 });
  });

  it('goes where it is sourced from as asked', async () => {
    const { shop } = await openScene({ MAD: { [sku]: 9 }, BER: { [sku]: 9 } });
    const near = await placeOrder(shop, [line(sku, 1)], { sourcing: 'nearest' });
    expect(near.body.lines[0].allocated).toEqual([{ warehouseId: 'BER', quantity: 1 }]);
    const wanted = await placeOrder(shop, [line(sku, 1)], { preferredWarehouseId: 'MAD' });
    expect(wanted.body.lines[0].allocated).toEqual([{ warehouseId: 'MAD', quantity: 1 }]);
  });

  it('keeps an id of the client, once', async () => {
    const { shop } = await openScene({ BER: { [sku]: 9 } });
    const orderId = '01939d1a-6f0a-7cc1-9a54-2f1f5b0c8a11';
    expect((await placeOrder(shop, [line(sku, 1)], { orderId })).body.orderId).toBe(orderId);
    const again = await shop.post('/v1/orders', orderOf([line(sku, 1)], { orderId }));
    expect(again).toMatchObject({ status: 409, body: { code: 'ORDER_ID_TAKEN' } });
  });

  it('refuses a line that stands twice', async () => {
    const { shop } = await openScene({ BER: { [sku]: 9 } });
    const twice = orderOf([line(sku, 1, { lineId: 'a' }), line(sku, 1, { lineId: 'a' })]);
    expect(await shop.post('/v1/orders', twice)).toMatchObject({ status: 422, body: { code: 'ORDER_LINE_REPEATED' } });
  });

  it('can be tried out (B12): the events it would record, without the address', async () => {
    const { shop, service } = await openScene({ BER: { [sku]: 9 } });
    const before = await service.countEvents();
    const dry = await shop.post('/v1/orders?dryRun=true', orderOf([line(sku, 1)]));
    expect(dry).toMatchObject({ status: 200, body: { dryRun: true, events: [{ type: 'OrderPlaced' }] } });
    expect(dry.text).not.toMatch(/Canary|canary/);
    expect(await service.countEvents()).toBe(before);
  });
});

describe('the status of an order', () => {
  it('is not set by hand where facts decide: the answer names what to use', async () => {
    const { shop, admin, service } = await openScene({ BER: { [sku]: 9 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 1)])).body;
    const ship = 'POST /v1/orders/{orderId}/shipments';
    const report = 'POST /v1/shipments/{shipmentId}/tracking-events';
    const uses: readonly (readonly [string, string | null])[] = [
      ['pending', null],
      ['processing', null],
      ['partially_shipped', ship],
      ['shipped', ship],
      ['partially_delivered', report],
      ['delivered', report],
      ['returned', 'POST /v1/returns/{returnId}/receipts'],
      ['exception', null],
    ];
    const before = await service.countEvents();
    for (const [status, use] of uses) {
      const set = await admin.put(`/v1/orders/${orderId}/status`, { status, reason: 'wish' });
      expect(set, status).toMatchObject({ status: 409, body: { code: 'STATUS_NOT_SETTABLE', use } });
    }
    expect(await service.countEvents()).toBe(before);
  });

  it('on hold keeps the goods and lets nothing leave, until it is released', async () => {
    const { shop, admin, stock, ship, order } = await openScene({ BER: { [sku]: 9 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 2)])).body;
    const path = `/v1/orders/${orderId}/status`;
    expect(await admin.put(path, { status: 'released', reason: 'x' })).toMatchObject({
      body: { code: 'ORDER_NOT_ON_HOLD' },
    });
    const held = await admin.put(path, { status: 'on_hold', reason: 'fraud_check', note: 'Call her' });
    expect(held).toMatchObject({ status: 200, body: { held: true, status: 'processing' } });
    expect(await ship(orderId, { 1: 1 })).toMatchObject({ status: 409, body: { code: 'ORDER_ON_HOLD' } });
    expect(await stock('BER')).toMatchObject({ onHand: 9, reserved: 2 });
    expect((await admin.put(path, { status: 'released', reason: 'paid' })).body.held).toBe(false);
    expect((await ship(orderId, { 1: 1 })).status).toBe(201);
    expect((await order(orderId)).held).toBe(false);
  });

  it('cancelled gives the goods back, is final, and is refused once all has left', async () => {
    const { shop, admin, stock, ship } = await openScene({ BER: { [sku]: 9 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 2)])).body;
    const path = `/v1/orders/${orderId}/status`;
    const cancelled = await admin.put(path, { status: 'cancelled', reason: 'changed_mind' });
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled', cancelReason: 'changed_mind' } });
    await expect.poll(() => stock('BER')).toMatchObject({ reserved: 0, available: 9 });
    expect(await ship(orderId, { 1: 1 })).toMatchObject({ status: 409, body: { code: 'ORDER_CANCELLED' } });
    expect(await admin.put(path, { status: 'on_hold', reason: 'x' })).toMatchObject({
      body: { code: 'ORDER_CANCELLED' },
    });

    const other = (await placeOrder(shop, [line(sku, 2)])).body.orderId;
    await ship(other, { 1: 2 });
    const late = await admin.put(`/v1/orders/${other}/status`, { status: 'cancelled', reason: 'late' });
    expect(late).toMatchObject({ status: 409, body: { code: 'ORDER_ALREADY_SHIPPED' } });
  });
});

describe('a shipment', () => {
  const refusals: readonly (readonly [string, { readonly [lineId: string]: number }, object, string])[] = [
    ['more than was ordered', { 1: 3 }, {}, 'SHIPMENT_EXCEEDS_ORDER'],
    ['from a warehouse that does not keep the SKU', { 1: 1 }, { warehouseId: 'PAR' }, 'STOCK_NOT_FOUND'],
    ['of a line that is not there', { 7: 1 }, {}, 'ORDER_LINE_NOT_FOUND'],
    [
      'with a parcel twice',
      { 1: 1 },
      {
        parcels: [
          { parcelId: 'A', boxes: [] },
          { parcelId: 'A', boxes: [] },
        ],
      },
      'PARCEL_REPEATED',
    ],
    [
      'with a line twice',
      { 1: 1 },
      {
        lines: [
          { lineId: '1', quantity: 1 },
          { lineId: '1', quantity: 1 },
        ],
      },
      'ORDER_LINE_REPEATED',
    ],
  ];

  it.each(refusals)('%s is refused', async (_, quantities, changes, code) => {
    const { shop, ship, service } = await openScene({ BER: { [sku]: 9 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 2)])).body;
    const before = await service.countEvents();
    expect((await ship(orderId, quantities, changes)).body.code).toBe(code);
    expect(await service.countEvents()).toBe(before);
  });

  it('takes reports late, twice and out of order, and never falls back from delivered', async () => {
    const { shop, ship, report, service } = await openScene({ BER: { [sku]: 9 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 1)])).body;
    const { shipmentId } = (await ship(orderId, { 1: 1 })).body;
    expect((await report(shipmentId, 'delivered', 4)).body.status).toBe('delivered');
    const late = await report(shipmentId, 'in_transit', 1, { location: 'Leipzig' });
    expect(late.body).toMatchObject({ status: 'delivered', parcels: [{ lastLocation: 'Leipzig' }] });
    expect(late.body.parcels[0].events.map((each: { status: string }) => each.status)).toEqual([
      'in_transit',
      'delivered',
    ]);
    await service.settled();
    const before = await service.countEvents();
    const twice = await report(shipmentId, 'in_transit', 1, { location: 'Leipzig' });
    expect(twice).toMatchObject({ status: 201, body: late.body });
    await service.settled();
    expect(await service.countEvents()).toBe(before);
  });

  it('that is turned back is not delivered to the customer when the carrier brings it to the sender', async () => {
    const { shop, admin, ship, report, order } = await openScene({ BER: { [sku]: 9 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 1)])).body;
    const { shipmentId } = (await ship(orderId, { 1: 1 })).body;
    const wayBack: readonly (readonly [string, number])[] = [
      ['out_for_delivery', -9],
      ['attempted_delivery', -8],
      // At the sender, told before the turning back itself.
      ['delivered', -2],
      ['return_to_sender', -5],
      ['in_transit', -4],
    ];
    let told: Answer | null = null;
    for (const [status, minute] of wayBack) told = await report(shipmentId, status, minute);
    expect(told?.body).toMatchObject({
      status: 'return_to_sender',
      deliveredAt: null,
      parcels: [{ status: 'return_to_sender' }],
    });
    await expect.poll(async () => (await order(orderId)).status).toBe('exception');
    expect(await order(orderId)).toMatchObject({
      shipments: [{ delivered: false, turnedBack: true }],
      lines: [{ shipped: 1, delivered: 0 }],
      exceptions: [{ code: 'PARCEL_TURNED_BACK' }],
    });
    const tracking = await admin.get(`/v1/orders/${orderId}/tracking`);
    expect(tracking.body).toMatchObject({ status: 'exception', boxes: { total: 1, delivered: 0 } });
    expect((await admin.get('/v1/orders?status=exception')).body.items).toHaveLength(1);
  });

  it('of several parcels wants to know which one', async () => {
    const { shop, ship, report } = await openScene({ BER: { [sku]: 9, CHAIR: 9 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 1), line('CHAIR', 4)])).body;
    const { shipmentId } = (await ship(orderId, { 1: 1, 2: 4 })).body;
    expect(await report(shipmentId, 'delivered', 1)).toMatchObject({ status: 422, body: { code: 'PARCEL_REQUIRED' } });
    const unknown = await report(shipmentId, 'delivered', 1, { parcelId: 'P9' });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'PARCEL_NOT_FOUND' } });
    const one = await report(shipmentId, 'delivered', 1, { parcelId: 'P2' });
    expect(one.body).toMatchObject({ status: 'pre_transit', deliveredAt: null });
    expect((await report(shipmentId, 'delivered', 2, { parcelId: 'P1' })).body.status).toBe('delivered');
  });

  it('takes no report from the future', async () => {
    const { shop, ship, report } = await openScene({ BER: { [sku]: 9 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 1)])).body;
    const { shipmentId } = (await ship(orderId, { 1: 1 })).body;
    expect(await report(shipmentId, 'delivered', 6)).toMatchObject({
      status: 400,
      body: { code: 'OCCURRED_IN_FUTURE' },
    });
    expect((await report(shipmentId, 'delivered', 5)).status).toBe(201);
  });
});

describe('a customer whose data was erased (B7)', () => {
  it('is gone from their orders, which stay; and orders no more', async () => {
    const { shop, admin, ship, report, service, order } = await openScene({ BER: { [sku]: 9 } });
    const { orderId } = (await placeOrder(shop, [line(sku, 1)])).body;
    const { shipmentId } = (await ship(orderId, { 1: 1 })).body;
    await report(shipmentId, 'in_transit', 1, { detail: 'With Ada', location: 'Leipzig' });
    expect((await order(orderId)).customer).toMatchObject({ name: 'Ada Canary' });

    await service.adapters.personalData.erase('customer:customer-1');
    expect(await order(orderId)).toMatchObject({ customer: null, shipTo: null, lines: [{ sku, shipped: 1 }] });
    const tracking = await admin.get(`/v1/orders/${orderId}/tracking`);
    expect(tracking.body.shipments[0].parcels[0]).toMatchObject({
      status: 'in_transit',
      lastLocation: null,
      events: [{ detail: null, location: null }],
    });
    const before = await service.countEvents();
    const again = await shop.post('/v1/orders', orderOf([line(sku, 1)]));
    expect(again).toMatchObject({ status: 410, body: { code: 'SUBJECT_ERASED' } });
    expect(await report(shipmentId, 'delivered', 2, { detail: 'At the door' })).toMatchObject({ status: 410 });
    expect(await service.countEvents()).toBe(before);
    expect((await report(shipmentId, 'delivered', 2)).body.status).toBe('delivered');
  });
});

describe('the list of orders', () => {
  it('has the newest first, page by page, within what was asked for', async () => {
    const { shop, admin, service } = await openScene({ BER: { [sku]: 99 } });
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      service.clock.pass(minuteMs);
      ids.unshift((await placeOrder(shop, [line(sku, 1)])).body.orderId);
    }
    await service.settled();
    const seen: string[] = [];
    let next: string | undefined = '/v1/orders?limit=2&customerId=customer-1';
    while (next !== undefined) {
      const page: Answer = await admin.get(next);
      seen.push(...page.body.items.map((each: { orderId: string }) => each.orderId));
      next = /<([^>]+)>; rel="next"/.exec(page.headers.link ?? '')?.[1];
      expect(next === undefined).toBe(page.body.nextCursor === null);
    }
    expect(seen).toEqual(ids);
    const third = (await admin.get(`/v1/orders/${ids[2]}`)).body.placedAt;
    const from = await admin.get(`/v1/orders?from=${third}`);
    expect(from.body.items.map((each: { orderId: string }) => each.orderId)).toEqual(ids.slice(0, 3));
    const to = await admin.get(`/v1/orders?to=${third}`);
    expect(to.body.items.map((each: { orderId: string }) => each.orderId)).toEqual(ids.slice(3));
    expect((await admin.get('/v1/orders?customerId=nobody')).body.items).toEqual([]);
  });
});
