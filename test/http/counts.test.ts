/** Counts against the revision at which counting began (B9, docs/counts.md). */
import { afterAll, describe, expect, it } from 'vitest';
import { openService, startMs, startService, steppedUp, type TestService } from '../support/service.ts';
import { arrange } from './arrange.ts';

const service = await startService();
afterAll(() => service.close());

let serial = 0;
const stocked = async (onHand: number, of: TestService = service) => {
  serial += 1;
  const sku = `SHELF-${serial}`;
  await arrange(of, { BER: { [sku]: onHand } });
  const path = `/v1/warehouses/BER/inventory/${sku}`;
  const client = of.as('sandbox-admin');
  return {
    sku,
    path,
    client,
    adjust: (delta: number) => client.post(`${path}/adjustments`, { delta, reason: delta < 0 ? 'stolen' : 'found' }),
    count: (counted: number, baseRevision: number, changes: object = {}, headers: Record<string, string> = {}) =>
      client.post(`${path}/counts`, { counted, baseRevision, reason: 'cycle count', ...changes }, headers),
    lastEvent: async () => {
      await of.settled();
      const { items } = (await client.get(`${path}/history`)).body;
      return (items as readonly { type: string; data: object }[]).at(-1);
    },
  };
};

describe('a count', () => {
  it('B9: a sale during the count is not undone', async () => {
    const { client, path, count, lastEvent } = await stocked(20);
    // Counting begins at revision 0. Meanwhile five are sold and two come back.
    const base = (await client.get(path)).body.revision as number;
    await client.post(`${path}/adjustments`, { delta: -5, reason: 'other' });
    await client.post(`${path}/receipts`, { quantity: 2 });
    const counted = await count(18, base);
    expect([counted.status, counted.body.onHand, counted.body.missing]).toEqual([201, 15, undefined]);
    expect(await lastEvent()).toMatchObject({
      type: 'StockCounted',
      data: { counted: 15, delta: -2, shelf: { counted: 18, revision: 0 } },
    });
  });

  it('that was right changes no figure', async () => {
    const { adjust, count } = await stocked(20);
    await adjust(-5);
    expect((await count(20, 0)).body.onHand).toBe(15);
  });

  it('of now is what was counted', async () => {
    const { adjust, count } = await stocked(20);
    await adjust(-5);
    expect((await count(14, 1)).body.onHand).toBe(14);
  });

  it('does not put right what another count of the same shelf has put right', async () => {
    const { count } = await stocked(20);
    expect((await count(18, 0)).body.onHand).toBe(18);
    expect((await count(18, 0)).body.onHand).toBe(18);
    expect((await count(17, 0)).body.onHand).toBe(17);
  });

  it('does so at the same moment too, beside sales', async () => {
    const { adjust, count, client, path } = await stocked(100);
    const asked = [1, 2, 3, 4, 5].flatMap(() => [count(90, 0), adjust(-1)]);
    for (const { status, text } of await Promise.all(asked)) expect(status, text).toBe(201);
    await service.settled();
    expect((await client.get(path)).body.onHand).toBe(85);
  });

  it('of fewer than have left since leaves none, and names the rest', async () => {
    const { adjust, count } = await stocked(20);
    await adjust(-15);
    const { body } = await count(12, 0);
    expect([body.onHand, body.missing]).toEqual([0, 3]);
  });

  it('is recorded below what is reserved, and the newest claims lapse (T28)', async () => {
    const { client, path, count } = await stocked(20);
    const held = await client.post(`${path}/reservations`, { quantity: 15, expiresInSeconds: 900 });
    const { body } = await count(10, 0);
    expect(body).toMatchObject({
      onHand: 10,
      reserved: 10,
      lapsedReservations: [{ reservationId: held.body.reservationId, quantity: 5 }],
    });
  });

  it('names a revision that the stock has had', async () => {
    const { count, client } = await stocked(20);
    expect((await count(20, 7)).body.code).toBe('COUNT_BASE_NOT_FOUND');
    const nowhere = '/v1/warehouses/BER/inventory/NOTHING/counts';
    const body = { counted: 1, baseRevision: 0, reason: 'cycle count' };
    expect((await client.post(nowhere, body)).body.code).toBe('STOCK_NOT_FOUND');
  });

  it('can not be of a shelf that was cleared since', async () => {
    const { client, path, count, sku } = await stocked(0);
    const key = { 'idempotency-key': `cleared-${sku}` };
    const inTime = await count(0, 0, {}, key);
    await client.del(path);
    // It was done before.
    expect((await count(0, 0, {}, key)).body).toEqual(inTime.body);
    expect((await count(3, 0)).body.code).toBe('COUNT_BASE_NOT_FOUND');
    await client.post('/v1/warehouses/BER/inventory', { sku, onHand: 9 });
    expect((await count(3, 0)).body.code).toBe('COUNT_BASE_NOT_FOUND');
    expect((await count(8, 3)).body.onHand).toBe(8);
  });

  it('is done once, tried out, and refused at a revision that is no more', async () => {
    const { count, adjust, client, path } = await stocked(20);
    const tried = await client.post(`${path}/counts?dryRun=true`, { counted: 18, baseRevision: 0, reason: 'x' });
    expect(tried.body.events).toMatchObject([{ type: 'StockCounted', data: { delta: -2 } }]);
    const key = { 'idempotency-key': `count-${serial}` };
    const first = await count(16, 0, {}, key);
    await adjust(-1);
    const again = await count(16, 0, {}, key);
    expect([again.status, again.body.onHand]).toEqual([201, first.body.onHand]);
    const stale = await count(16, 0, {}, { 'if-match': '"0"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'REVISION_CONFLICT']);
  });

  it('keeps its note sealed', async () => {
    const { count, lastEvent } = await stocked(20);
    expect((await count(18, 0, { note: 'behind the door' })).text).not.toContain('behind');
    expect(await lastEvent()).toMatchObject({ note: 'behind the door' });
  });
});

describe('a count that differs by much', () => {
  it('waits for a second person, and differs by what it found and not by what was sold', async () => {
    const other = await openService({ approvalFromUnits: 5 });
    const { count, adjust } = await stocked(20, other);
    await adjust(-4);
    await adjust(-4);
    // Twelve are there of the ledger's twelve: nothing differs.
    expect((await count(20, 0)).status).toBe(201);
    const waits = await count(14, 0);
    expect([waits.status, waits.body.change]).toMatchObject([202, { kind: 'count', counted: 14, delta: -6 }]);
  });

  it('leaves alone what was proposed while it was counted', async () => {
    const other = await openService({ approvalFromUnits: 5 });
    const { count, adjust, client } = await stocked(20, other);
    const early = await adjust(-6);
    const base = early.body.revision as number;
    const late = await adjust(-5);
    expect([early.status, late.status]).toEqual([202, 202]);
    expect((await count(19, base)).status).toBe(201);
    await other.settled();
    const statusOf = async (approvalId: unknown) =>
      (await client.get(`/v1/approvals/${String(approvalId)}`)).body.status;
    expect([await statusOf(early.body.approvalId), await statusOf(late.body.approvalId)]).toEqual([
      'superseded',
      'open',
    ]);
  });

  it('takes a loss that was proposed before counting began, and approved since, off once', async () => {
    const other = await openService({ approvalFromUnits: 15 });
    const { count, adjust } = await stocked(100, other);
    const proposed = await adjust(-20);
    expect(proposed.status).toBe(202);
    // The pieces are gone from the shelf when counting begins.
    const base = proposed.body.revision as number;
    const bert = other.as({ sub: 'bert', client_id: 'app', roles: ['admin'], scope: 'admin', ...steppedUp(startMs) });
    const { approvalId } = proposed.body as { approvalId: string };
    expect((await bert.post(`/v1/approvals/${approvalId}/approval`, {})).status).toBe(200);
    const counted = await count(80, base);
    expect([counted.status, counted.body.onHand]).toEqual([201, 80]);
  });
});
