/** What takes a second person over HTTP (T13, docs/approvals.md): proposed with 202, decided under `/v1/approvals`. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Role } from '../../src/domain/access/principal.ts';
import {
  type Answer,
  allScopes,
  type Claims,
  openService,
  startMs,
  startService,
  steppedUp,
} from '../support/service.ts';
import { arrange, line, placeOrder, since } from './arrange.ts';

const service = await startService({ approvalFromUnits: 50 });
afterAll(() => service.close());

const person = (sub: string, role: Role = 'warehouse_staff', changes: Claims = {}) =>
  service.as({
    sub,
    client_id: 'console',
    roles: [role],
    scope: allScopes.replace(' admin', ''),
    warehouses: ['BER'],
    ...steppedUp(startMs),
    ...changes,
  });
/** A client with credentials of its own. */
const erp = service.as({ sub: 'erp', client_id: 'erp', roles: ['service'], scope: allScopes.replace(' admin', '') });
const anna = person('anna');
const bert = person('bert');

let serial = 0;
/** A stock of 100 pieces in Berlin, or as many as are asked for. */
const stocked = async (onHand = 100): Promise<{ readonly sku: string; readonly path: string }> => {
  serial += 1;
  const sku = `SOFA-${serial}`;
  await arrange(service, { BER: { [sku]: onHand } });
  return { sku, path: `/v1/warehouses/BER/inventory/${sku}` };
};
const lose = (pieces: number, changes: object = {}) => ({ delta: -pieces, reason: 'lost', ...changes });

const proposed = async (path: string, client = anna, body: object = lose(60)): Promise<Answer> => {
  const answer = await client.post(`${path}/adjustments`, body);
  expect(answer.status, answer.text).toBe(202);
  return answer;
};
const at = ({ body }: Answer): string => `/v1/approvals/${body.approvalId}`;
const figuresAt = async (path: string, seen: Answer): Promise<object> => {
  const { onHand, reserved, quarantined, available } = (await erp.get(path, since(seen))).body;
  return { onHand, reserved, quarantined, available };
};

describe('a large loss', () => {
  it('is answered with 202 and where its approval is, and is held until then', async () => {
    const { sku, path } = await stocked();
    const asked = await proposed(path, erp, lose(60, { reference: 'shift 2' }));
    expect(asked.headers.location).toBe(at(asked));
    expect(asked.headers.etag).toBe('"1"');
    expect(asked.body).toEqual({
      approvalId: expect.any(String),
      warehouseId: 'BER',
      sku,
      status: 'open',
      change: { kind: 'adjustment', delta: -60, reason: 'lost', reference: 'shift 2' },
      held: 60,
      proposedBy: 'erp',
      occurredAt: expect.any(String),
      proposedAt: expect.any(String),
      decidedBy: null,
      decidedAt: null,
      rejectionReason: null,
      revision: 1,
      lapsedReservations: [],
    });
    const { lapsedReservations: _, ...approval } = asked.body;
    expect((await erp.get(at(asked), since(asked))).body).toEqual(approval);
    expect(await figuresAt(path, asked)).toEqual({ onHand: 100, reserved: 0, quarantined: 60, available: 40 });
  });

  it('is done when a second person approves it', async () => {
    const { path } = await stocked();
    const asked = await proposed(path, erp);
    const done = await anna.post(`${at(asked)}/approval`);
    expect(done, done.text).toMatchObject({
      status: 200,
      body: { status: 'approved', decidedBy: 'anna', revision: 3 },
    });
    expect(done.headers.etag).toBe('"3"');
    expect(await figuresAt(path, done)).toEqual({ onHand: 40, reserved: 0, quarantined: 0, available: 40 });
    expect((await erp.get(at(asked), since(done))).body).toMatchObject({ status: 'approved', decidedBy: 'anna' });
    const { items } = (await erp.get(`${path}/history`, since(done))).body as { items: { type: string }[] };
    expect(items.map(({ type }) => type)).toEqual([
      'StockRegistered',
      'StockChangeProposed',
      'StockChangeApproved',
      'StockAdjusted',
    ]);
    const explained = (await erp.get(`${path}/explain?field=quarantined`, since(done))).body.items;
    expect(explained).toMatchObject([
      { delta: 60, approvalId: asked.body.approvalId },
      { delta: -60, approvalId: asked.body.approvalId },
    ]);
  });

  it('happened when the proposal says, whenever it is approved', async () => {
    const { path } = await stocked();
    service.clock.pass(60_000);
    const occurredAt = service.clock.now();
    service.clock.pass(60_000);
    const asked = await proposed(path, anna, lose(60, { occurredAt }));
    const done = await bert.post(`${at(asked)}/approval`);
    expect(done.body.occurredAt).toBe(occurredAt);
    expect((await erp.get(`${path}?asOf=${occurredAt}`, since(done))).body).toMatchObject({ onHand: 40 });
  });

  it('takes claims at once, and their orders look elsewhere', async () => {
    const { sku, path } = await stocked();
    const order = await placeOrder(service.as('sandbox-shop'), [line(sku, 80)]);
    expect(order.body.allocation).toBe('complete');
    const asked = await proposed(path);
    expect(asked.body.lapsedReservations).toMatchObject([{ orderId: order.body.orderId, quantity: 40 }]);
    const backordered = async () =>
      (await service.as('sandbox-shop').get(`/v1/orders/${order.body.orderId}`)).body.lines[0].backordered as number;
    await expect.poll(backordered).toBe(40);
  });

  it('that is rejected leaves its pieces to those who wait', async () => {
    const { sku, path } = await stocked();
    const asked = await proposed(path);
    const order = await placeOrder(service.as('sandbox-shop'), [line(sku, 80)]);
    expect(order.body.lines[0].backordered).toBe(40);
    const backordered = async () =>
      (await service.as('sandbox-shop').get(`/v1/orders/${order.body.orderId}`)).body.lines[0].backordered as number;
    await service.settled();
    const rejected = await bert.post(`${at(asked)}/rejection`, { reason: 'found again' });
    expect(rejected).toMatchObject({ status: 200, body: { status: 'rejected', rejectionReason: 'found again' } });
    await expect.poll(backordered).toBe(0);
  });

  it('keeps its note for those who may read notes', async () => {
    const { path } = await stocked();
    const asked = await proposed(path, anna, lose(60, { note: 'Ada Canary saw it' }));
    expect(asked.text).not.toContain('Canary');
    expect((await bert.get(at(asked), since(asked))).body.note).toBe('Ada Canary saw it');
    for (const client of [erp, person('p', 'partner'), person('s', 'customer_service')]) {
      expect((await client.get(at(asked))).text).not.toContain('Canary');
      expect((await client.get('/v1/approvals')).text).not.toContain('Canary');
    }
    const done = await bert.post(`${at(asked)}/approval`);
    const { items } = (await bert.get(`${path}/history`, since(done))).body;
    expect(items.at(-1)).toMatchObject({ type: 'StockAdjusted', note: 'Ada Canary saw it' });
  });
});

describe('what takes a second person', () => {
  it('is a count, by what it differs', async () => {
    const { path } = await stocked();
    const body = { onHand: 20, reason: 'cycle count' };
    const asked = await anna.put(path, body, { 'if-match': '"0"' });
    expect(asked).toMatchObject({
      status: 202,
      body: { change: { kind: 'count', counted: 20, delta: -80 }, held: 80 },
    });
    await erp.post(`${path}/receipts`, { quantity: 5 });
    const done = await bert.post(`${at(asked)}/approval`);
    expect(await figuresAt(path, done)).toEqual({ onHand: 25, reserved: 0, quarantined: 0, available: 25 });
    const small = await anna.put(path, { ...body, onHand: 24 }, { 'if-match': done.headers.etag ?? '' });
    expect(small).toMatchObject({ status: 200, body: { onHand: 24 } });
  });

  it('is every retirement, of a stock that is empty then too', async () => {
    const { path } = await stocked(0);
    const asked = await anna.del(path);
    expect(asked).toMatchObject({ status: 202, body: { change: { kind: 'retirement' }, held: 0 } });
    expect(await bert.del(path)).toMatchObject({ status: 409, body: { code: 'APPROVAL_OPEN' } });
    const came = await erp.post(`${path}/receipts`, { quantity: 1 });
    expect(await bert.post(`${at(asked)}/approval`)).toMatchObject({ status: 409, body: { code: 'STOCK_NOT_EMPTY' } });
    await erp.post(`${path}/adjustments`, lose(1), since(came));
    const done = await bert.post(`${at(asked)}/approval`);
    expect(done.status, done.text).toBe(200);
    expect((await erp.get(path, since(done))).body.status).toBe('retired');
    expect(await bert.post(`${at(asked)}/rejection`, { reason: 'late' })).toMatchObject({
      status: 409,
      body: { code: 'APPROVAL_ENDED' },
    });
  });

  it('is a row of many changes, and stops no other', async () => {
    const { sku, path } = await stocked();
    const row = { warehouseId: 'BER', sku };
    const changes = [
      { ...row, kind: 'adjustment', ...lose(60) },
      { ...row, kind: 'adjustment', ...lose(1) },
      { ...row, kind: 'set', onHand: 10, reason: 'cycle count' },
    ];
    const { status, body } = await erp.post('/v1/inventory/changes', { changes });
    expect(status).toBe(207);
    expect(body.results).toMatchObject([
      { status: 202, approvalId: expect.any(String), onHand: 100, available: 40, lapsedReservations: [] },
      { status: 200, onHand: 99 },
      { status: 202, approvalId: expect.any(String), onHand: 99, available: 0 },
    ]);
    expect(body.results[1]).not.toHaveProperty('approvalId');
    const late = await bert.post(`/v1/approvals/${body.results[0].approvalId}/approval`);
    expect(late).toMatchObject({ status: 409, body: { code: 'COUNTED_SINCE' } });
    const counted = await bert.post(`/v1/approvals/${body.results[2].approvalId}/approval`);
    expect(await figuresAt(path, counted)).toMatchObject({ onHand: 10, available: 10 });
    const settled = await erp.get(`/v1/approvals/${body.results[0].approvalId}`, since(counted));
    expect(settled.body).toMatchObject({ status: 'superseded', decidedBy: null, rejectionReason: 'counted_since' });
  });

  it('is nothing where the operator has not asked for it', async () => {
    const plain = await openService();
    await arrange(plain, { BER: { SOFA: 100 } });
    const admin = plain.as('sandbox-admin');
    const path = '/v1/warehouses/BER/inventory/SOFA';
    expect((await admin.post(`${path}/adjustments`, lose(100))).status).toBe(201);
    expect((await admin.del(path)).status).toBe(200);
    expect((await admin.get('/v1/approvals')).body.items).toEqual([]);
  });
});

describe('an approval', () => {
  it('is by another person than who proposed it, freshly authenticated, and by no client', async () => {
    const { path } = await stocked();
    const asked = await proposed(path);
    const before = await service.countEvents();
    const refusals: readonly (readonly [Answer, number, string])[] = [
      [await anna.post(`${at(asked)}/approval`), 403, 'APPROVAL_BY_PROPOSER'],
      [await erp.post(`${at(asked)}/approval`), 403, 'PERSON_REQUIRED'],
      [await service.as('sandbox-admin').post(`${at(asked)}/approval`), 403, 'PERSON_REQUIRED'],
      [await person('bert', 'warehouse_staff', { acr: '1' }).post(`${at(asked)}/approval`), 401, 'STEP_UP_REQUIRED'],
      [await person('bert', 'auditor').post(`${at(asked)}/approval`), 403, 'ROLE_NOT_ALLOWED'],
    ];
    for (const [{ status, body }, wanted, code] of refusals) expect([status, body.code]).toEqual([wanted, code]);
    expect(await service.countEvents()).toBe(before);
    expect((await bert.post(`${at(asked)}/approval`)).status).toBe(200);
  });

  it('of another warehouse is not there', async () => {
    const { path } = await stocked();
    const asked = await proposed(path);
    const stranger = person('carl', 'warehouse_staff', { warehouses: ['PAR'] });
    const before = await service.countEvents();
    for (const answer of [
      await stranger.get(at(asked), since(asked)),
      await stranger.post(`${at(asked)}/approval`),
      await stranger.post(`${at(asked)}/rejection`, { reason: 'mine' }),
      await bert.get('/v1/approvals/0f8d2c3b-9a4e-5f60-8b21-6c7d8e9f0a12'),
      await bert.post('/v1/approvals/0f8d2c3b-9a4e-5f60-8b21-6c7d8e9f0a12/approval'),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'APPROVAL_NOT_FOUND' } });
    }
    expect((await stranger.get('/v1/approvals')).body.items).toEqual([]);
    expect(await stranger.get('/v1/approvals?warehouseId=BER')).toMatchObject({ status: 404 });
    expect(await service.countEvents()).toBe(before);
  });

  it('comes once, and the same request again gets the same answer', async () => {
    const { path } = await stocked();
    const key = { 'idempotency-key': `propose-${path}` };
    const asked = await anna.post(`${path}/adjustments`, lose(60), key);
    const same = await anna.post(`${path}/adjustments`, lose(60), key);
    expect([same.status, same.text, same.headers['idempotency-replayed']]).toEqual([202, asked.text, 'true']);
    expect(same.headers.location).toBe(at(asked));

    const once = { 'idempotency-key': `approve-${path}` };
    const done = await bert.post(`${at(asked)}/approval`, undefined, once);
    const again = await bert.post(`${at(asked)}/approval`, undefined, once);
    expect([again.status, again.text, again.headers['idempotency-replayed']]).toEqual([200, done.text, 'true']);
    for (const end of ['approval', 'rejection']) {
      const late = await bert.post(`${at(asked)}/${end}`, end === 'approval' ? undefined : { reason: 'late' });
      expect(late, end).toMatchObject({ status: 409, body: { code: 'APPROVAL_ENDED' } });
    }
  });

  it('is of the stock that was seen, with its ETag', async () => {
    const { path } = await stocked();
    const asked = await proposed(path);
    const seen = await bert.get(at(asked), since(asked));
    expect(seen.headers.etag).toBe('"1.1"');
    const etag = { 'if-match': seen.headers.etag ?? '' };
    expect((await bert.get(at(asked), { 'if-none-match': seen.headers.etag ?? '' })).status).toBe(304);
    await erp.post(`${path}/receipts`, { quantity: 5 });
    const stale = await bert.post(`${at(asked)}/approval`, undefined, etag);
    expect(stale).toMatchObject({ status: 412, body: { currentRevision: 2, events: [{ type: 'StockReceived' }] } });
    await service.settled();
    const fresh = await bert.get(at(asked));
    const done = await bert.post(`${at(asked)}/approval`, undefined, { 'if-match': fresh.headers.etag ?? '' });
    expect(done.status, done.text).toBe(200);
    expect((await bert.get(at(asked), { ...since(done), 'if-none-match': fresh.headers.etag ?? '' })).status).toBe(200);
  });

  it('can be tried without being done', async () => {
    const { path } = await stocked();
    const before = await service.countEvents();
    const dry = await anna.post(`${path}/adjustments?dryRun=true`, lose(60));
    expect(dry.body.events).toMatchObject([{ type: 'StockChangeProposed', data: { held: 60 } }]);
    expect(await service.countEvents()).toBe(before);
    const asked = await proposed(path);
    const { body } = await bert.post(`${at(asked)}/approval?dryRun=true`);
    expect(body.events.map(({ type }: { type: string }) => type)).toEqual(['StockChangeApproved', 'StockAdjusted']);
    expect(await service.countEvents()).toBe(before + 1);
  });

  it('of what was proposed a moment ago is found, whatever the read model has seen', async () => {
    const { path } = await stocked();
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const asked = await proposed(path, anna, { delta: 60, reason: 'found' });
        return bert.post(`${at(asked)}/approval`);
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(await figuresAt(path, answers.at(-1)!)).toMatchObject({ onHand: 700 });
  });
});

describe('the list of approvals', () => {
  it('shows those in reach, the newest first, by warehouse and status, page by page', async () => {
    const { sku, path } = await stocked();
    await arrange(service, { PAR: { [sku]: 100 } });
    const first = await proposed(path);
    service.clock.pass(1_000);
    const second = await proposed(`/v1/warehouses/PAR/inventory/${sku}`, erp);
    const done = await bert.post(`${at(first)}/rejection`, { reason: 'found again' });
    const idsIn = async (client: typeof bert, query: string): Promise<readonly string[]> => {
      const { body } = await client.get(`/v1/approvals${query}`, since(done));
      return (body.items as { approvalId: string; sku: string }[])
        .filter((item) => item.sku === sku)
        .map(({ approvalId }) => approvalId);
    };
    const [a, b] = [first.body.approvalId, second.body.approvalId];
    expect(await idsIn(erp, '')).toEqual([b, a]);
    expect(await idsIn(bert, '')).toEqual([a]);
    expect(await idsIn(erp, '?warehouseId=PAR')).toEqual([b]);
    expect(await idsIn(erp, '?status=open')).toEqual([b]);
    expect(await idsIn(bert, '?status=rejected&warehouseId=BER')).toEqual([a]);
    const page = await person('x', 'warehouse_staff', { warehouses: ['BER', 'PAR'] }).get('/v1/approvals?limit=1');
    expect(page.body.items).toMatchObject([{ approvalId: b }]);
    expect(page.headers.link).toContain('rel="next"');
  });
});
