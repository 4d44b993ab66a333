/** One stock in one warehouse, over HTTP: every way to change it, and every way to ask what became of it (R3.1). */
import { describe, expect, it } from 'vitest';
import {
  type Answer,
  type Client,
  openService,
  type RequestHeaders,
  startMs,
  type TestService,
} from '../support/service.ts';
import { arrange, since } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const list = '/v1/warehouses/BER/inventory';
const url = `${list}/${sku}`;
const hourMs = 3_600_000;
const at = (hours: number): string => new Date(startMs + hours * hourMs).toISOString();

interface Shelf {
  readonly service: TestService;
  readonly staff: Client;
  /** With the position of the last change, so that it is seen. */
  read(path?: string, headers?: RequestHeaders): Promise<Answer>;
}

const openShelf = async (onHand: number): Promise<Shelf> => {
  const service = await openService();
  await arrange(service, { BER: { [sku]: onHand } });
  const staff = service.as('sandbox-staff');
  return {
    service,
    staff,
    read: async (path = '', headers = {}) => {
      await service.settled();
      return staff.get(`${url}${path}`, headers);
    },
  };
};

describe('a stock', () => {
  it('is registered once, and found where the answer says', async () => {
    const { staff, service } = await openShelf(0);
    const made = await staff.post(list, { sku: 'CHAIR', onHand: 4, safetyStock: 1 });
    expect(made).toMatchObject({
      status: 201,
      body: { warehouseId: 'BER', sku: 'CHAIR', onHand: 4, safetyStock: 1, available: 3, revision: 0 },
    });
    expect(made.headers).toMatchObject({ location: `${list}/CHAIR`, etag: '"0"' });
    expect((await staff.get(made.headers.location!, since(made))).body).toEqual(made.body);
    const again = await staff.post(list, { sku: 'CHAIR' });
    expect(again).toMatchObject({ status: 409, body: { code: 'STOCK_ALREADY_REGISTERED' } });
    const nowhere = await service.as('sandbox-admin').post('/v1/warehouses/NOWHERE/inventory', { sku });
    expect(nowhere).toMatchObject({ status: 404, body: { code: 'WAREHOUSE_NOT_FOUND' } });
  });

  it('is received, adjusted, quarantined, released and counted, and never below zero (R6.3)', async () => {
    const { staff, read } = await openShelf(10);
    const received = await staff.post(`${url}/receipts`, {
      quantity: 5,
      purchaseOrder: 'PO-1',
      supplier: 'Oak & Sons',
    });
    expect(received).toMatchObject({ status: 201, body: { onHand: 15 } });
    const lost = await staff.post(`${url}/adjustments`, { delta: -2, reason: 'lost', reference: 'R-1', note: 'gone' });
    expect(lost).toMatchObject({ status: 201, body: { onHand: 13 } });
    const apart = await staff.post(`${url}/quarantine`, { quantity: 4, reason: 'wet' });
    expect(apart.body).toMatchObject({ onHand: 13, quarantined: 4, available: 9 });
    const back = await staff.post(`${url}/quarantine-releases`, { quantity: 1 });
    expect(back.body).toMatchObject({ quarantined: 3, available: 10 });
    const counted = await staff.put(url, { onHand: 12, reason: 'stocktaking' }, { 'if-match': back.headers.etag! });
    expect(counted).toMatchObject({ status: 200, body: { onHand: 12, available: 9 } });

    const refusals = [
      await staff.post(`${url}/quarantine-releases`, { quantity: 4 }),
      await staff.post(`${url}/reservations`, { quantity: 10, expiresInSeconds: 60 }),
    ];
    for (const refusal of refusals)
      expect(refusal).toMatchObject({ status: 409, body: { code: 'INSUFFICIENT_STOCK' } });
    expect((await read()).body).toMatchObject({ onHand: 12, quarantined: 3, available: 9, revision: 5 });
  });

  it('holds its safety stock back from sale', async () => {
    const { staff, read } = await openShelf(10);
    const set = await staff.put(`${url}/policy`, { safetyStock: 4 });
    expect(set).toMatchObject({ status: 200, body: { safetyStock: 4, available: 6, belowSafetyStock: false } });
    await staff.post(`${url}/adjustments`, { delta: -7, reason: 'stolen' });
    expect((await read()).body).toMatchObject({ onHand: 3, available: 0, belowSafetyStock: true });
  });

  it('cannot hold more than can be counted', async () => {
    const { staff } = await openShelf(2_147_483_647);
    const more = await staff.post(`${url}/receipts`, { quantity: 1 });
    expect(more).toMatchObject({ status: 422, body: { code: 'QUANTITY_TOO_LARGE' } });
  });

  it('is retired when it is empty, and not before', async () => {
    const { staff, read } = await openShelf(1);
    expect(await staff.del(url)).toMatchObject({ status: 409, body: { code: 'STOCK_NOT_EMPTY' } });
    await staff.post(`${url}/adjustments`, { delta: -1, reason: 'lost' });
    expect(await staff.del(url)).toMatchObject({ status: 200, body: { status: 'retired' } });
    expect(await staff.post(`${url}/receipts`, { quantity: 1 })).toMatchObject({
      status: 409,
      body: { code: 'STOCK_RETIRED' },
    });
    expect((await read()).body).toMatchObject({ status: 'retired', onHand: 0 });
    expect(await staff.post(list, { sku, onHand: 3 })).toMatchObject({
      status: 201,
      body: { status: 'active', onHand: 3 },
    });
  });

  it('takes no change from the future, and none from before it was registered', async () => {
    const { staff } = await openShelf(1);
    const when = (ms: number) =>
      staff.post(`${url}/receipts`, { quantity: 1, occurredAt: new Date(startMs + ms).toISOString() });
    expect(await when(5 * 60_000 + 1)).toMatchObject({ status: 400, body: { code: 'OCCURRED_IN_FUTURE' } });
    expect((await when(5 * 60_000)).status).toBe(201);
    expect(await when(-1)).toMatchObject({ status: 422, body: { code: 'OCCURRED_BEFORE_REGISTRATION' } });
  });

  it('tries a change out without making it (B12)', async () => {
    const { staff, service, read } = await openShelf(1);
    const before = await service.countEvents();
    const dry = await staff.post(`${url}/adjustments?dryRun=true`, {
      delta: 2,
      reason: 'found',
      note: 'Under a shelf',
    });
    expect(dry.body).toMatchObject({ dryRun: true, events: [{ type: 'StockAdjusted', data: { delta: 2 } }] });
    expect(dry.text).not.toContain('Under a shelf');
    const refused = await staff.post(`${url}/quarantine-releases?dryRun=true`, { quantity: 1 });
    expect(refused).toMatchObject({ status: 409, body: { code: 'INSUFFICIENT_STOCK' } });
    const beyond = await staff.post(`${url}/adjustments?dryRun=true`, { delta: -3, reason: 'lost' });
    expect(beyond.body.events).toMatchObject([
      { type: 'StockAdjusted', data: { delta: -1 } },
      { type: 'StockDiscrepancyRecorded', data: { missing: 2 } },
    ]);
    expect(await service.countEvents()).toBe(before);
    expect((await read()).body.onHand).toBe(1);
  });
});

describe('a reservation', () => {
  it('holds pieces until it is given back', async () => {
    const { staff, read } = await openShelf(5);
    const made = await staff.post(`${url}/reservations`, { quantity: 2, expiresInSeconds: 900 });
    expect(made).toMatchObject({
      status: 201,
      body: { quantity: 2, expiresAt: at(0.25), orderId: null, inventory: { reserved: 2, available: 3 } },
    });
    const location = made.headers.location!;
    expect(location).toBe(`${url}/reservations/${made.body.reservationId}`);
    expect(await staff.del(location)).toMatchObject({ status: 200, body: { reserved: 0, available: 5 } });
    expect(await staff.del(location)).toMatchObject({ status: 404, body: { code: 'RESERVATION_NOT_FOUND' } });
    expect((await read()).body.available).toBe(5);
  });

  it('ends by an event once its time is over, and leaks nothing (B4)', async () => {
    const { staff, service, read } = await openShelf(5);
    await staff.post(`${url}/reservations`, { quantity: 2, expiresInSeconds: 60 });
    service.clock.pass(59_000);
    expect((await read()).body.reserved).toBe(2);
    service.clock.pass(2_000);
    await expect.poll(async () => (await read()).body.reserved).toBe(0);
    const { items } = (await read('/history')).body;
    expect(items.at(-1)).toMatchObject({ type: 'StockReservationExpired', actor: { kind: 'system' } });
  });
});

describe('the past of a stock', () => {
  it('can be asked for by when it happened, and by when we knew (B2)', async () => {
    const { staff, service, read } = await openShelf(10);
    service.clock.pass(4 * hourMs);
    await staff.post(`${url}/adjustments`, { delta: -3, reason: 'lost' });
    // Typed in at hour 4 like the loss, but it happened at hour 1.
    await staff.post(`${url}/receipts`, { quantity: 5, occurredAt: at(1) });
    const onHand = async (query: string): Promise<number> => (await read(query)).body.onHand;
    expect(await onHand('')).toBe(12);
    expect(await onHand(`?asOf=${at(0.5)}`)).toBe(10);
    expect(await onHand(`?asOf=${at(2)}`)).toBe(15);
    expect(await onHand(`?asOf=${at(4)}`)).toBe(12);
    expect(await onHand(`?asOf=${at(2)}&knownAt=${at(3)}`)).toBe(10);
    expect(await onHand(`?knownAt=${at(3)}`)).toBe(10);
    // The same moment with another offset is the same moment.
    const paris = encodeURIComponent(at(2).replace('Z', '+00:00'));
    expect(await onHand(`?asOf=${paris}`)).toBe(15);
    expect(await read(`?asOf=${at(-1)}`)).toMatchObject({ status: 404, body: { code: 'STOCK_NOT_FOUND' } });
  });

  it('is read page by page, each event once and in order', async () => {
    const { staff, read, service } = await openShelf(0);
    for (let count = 1; count <= 6; count += 1) await staff.post(`${url}/receipts`, { quantity: count });
    await service.settled();
    const revisions: number[] = [];
    let next: string | undefined = `${url}/history?limit=3`;
    while (next !== undefined) {
      const page: Answer = await staff.get(next);
      revisions.push(...page.body.items.map((each: { revision: number }) => each.revision));
      // Whatever is written meanwhile comes at the end, and moves nothing.
      if (revisions.length === 3) await staff.post(`${url}/receipts`, { quantity: 1 });
      next = /<([^>]+)>; rel="next"/.exec(page.headers.link ?? '')?.[1];
    }
    expect(revisions.slice(0, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const [first] = (await read('/history')).body.items;
    expect(first).toMatchObject({
      type: 'StockRegistered',
      actor: { subject: 'sandbox-admin' },
      stream: `stock-BER.${sku}`,
    });
  });

  it('shows a note to administrators, auditors and staff alone, until its author is erased (31)', async () => {
    const { service, staff } = await openShelf(5);
    await staff.post(`${url}/adjustments`, { delta: 1, reason: 'found', note: 'Ada found it' });
    await service.settled();
    const readers = ['admin', 'auditor', 'staff', 'support', 'partner', 'shop'];
    const notes = async () => {
      const answers = await Promise.all(readers.map((name) => service.as(`sandbox-${name}`).get(`${url}/history`)));
      expect(answers.map(({ body }) => body.items.length)).toEqual(readers.map(() => 2));
      return answers.map(({ body }) => body.items[1].note);
    };
    const none = [undefined, undefined, undefined];
    expect(await notes()).toEqual(['Ada found it', 'Ada found it', 'Ada found it', ...none]);
    await service.adapters.personalData.erase('author:sandbox-staff');
    expect(await notes()).toEqual([null, null, null, ...none]);
  });

  it.each(['onHand', 'reserved', 'quarantined', 'safetyStock', 'available'])(
    'explains %s by causes whose differences add up to it (B3)',
    async (field) => {
      const { staff, read } = await openShelf(20);
      await staff.post(`${url}/reservations`, { quantity: 3, expiresInSeconds: 900 });
      await staff.put(`${url}/policy`, { safetyStock: 2 });
      await staff.post(`${url}/quarantine`, { quantity: 4, reason: 'wet' });
      await staff.post(`${url}/adjustments`, { delta: -1, reason: 'lost' });
      await staff.post(`${url}/receipts`, { quantity: 9, purchaseOrder: 'PO-7' });
      const figure = (await read()).body[field];
      const whole = (await read(`/explain?field=${field}`)).body;
      const sum = (items: readonly { delta: number }[]) => items.reduce((total, { delta }) => total + delta, 0);
      expect(whole).toMatchObject({ field, before: 0, after: figure, nextCursor: null });
      expect(sum(whole.items)).toBe(figure);
      const part = (await read(`/explain?field=${field}&limit=2`)).body;
      expect(sum(part.items)).toBe(part.after - part.before);
      if (field === 'onHand') expect(whole.items.at(-1)).toMatchObject({ delta: 9, purchaseOrder: 'PO-7' });
    },
  );
});

describe('the stocks of a warehouse', () => {
  it('are listed by SKU, and found by its beginning or by what is running low', async () => {
    const service = await openService();
    await arrange(service, { BER: { 'CHAIR-1': 5, 'CHAIR-2': 0, TABLE: 9, 'chair-3': 1 } });
    const staff = service.as('sandbox-staff');
    const low = await staff.put(`${list}/TABLE/policy`, { safetyStock: 10 });
    const skus = async (query: string): Promise<string[]> =>
      (await staff.get(`${list}${query}`, since(low))).body.items.map((each: { sku: string }) => each.sku);
    expect(await skus('')).toEqual(['CHAIR-1', 'CHAIR-2', 'TABLE', 'chair-3']);
    expect(await skus('?q=CHAIR')).toEqual(['CHAIR-1', 'CHAIR-2']);
    expect(await skus('?q=CHAIR-%25')).toEqual([]);
    expect(await skus('?sku=TABLE')).toEqual(['TABLE']);
    expect(await skus('?belowSafetyStock=true')).toEqual(['TABLE']);
    expect(await skus('?belowSafetyStock=false')).toEqual(['CHAIR-1', 'CHAIR-2', 'chair-3']);
    expect(await skus('?limit=1')).toEqual(['CHAIR-1']);
  });
});
