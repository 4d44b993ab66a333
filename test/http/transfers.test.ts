/** Transfers over HTTP (docs/transfers.md): the whole way, who may, and what others see of it. */
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Reach } from '../../src/domain/access/authorize.ts';
import type { Scope } from '../../src/domain/access/principal.ts';
import { createLiveFilter } from '../../src/http/reads/liveFilter.ts';
import { type Answer, allScopes, type Claims, startService } from '../support/service.ts';
import { chairsLine, transferPlanned } from '../support/transfers.ts';
import { ledgerLog } from '../webhooks/ledgerLog.ts';
import { arrange, line, placeOrder, since } from './arrange.ts';

const service = await startService();
afterAll(() => service.close());

const staff = (sub: string, ...warehouses: readonly string[]) => {
  const claims: Claims = {
    sub,
    client_id: 'console',
    roles: ['warehouse_staff'],
    scope: allScopes.replace(' admin', ''),
  };
  return service.as({ ...claims, warehouses });
};
const admin = service.as('sandbox-admin');
const planner = staff('planner', 'BER', 'PAR');
const berlin = staff('berlin', 'BER');
const paris = staff('paris', 'PAR');
const madrid = staff('madrid', 'MAD');
await arrange(service, { BER: {}, PAR: {}, MAD: {} });

let serial = 0;
/** A SKU of its own, with so many pieces in Berlin and none in Paris. */
const stocked = async (onHand: number): Promise<string> => {
  serial += 1;
  const sku = `SHELF-${serial}`;
  await arrange(service, { BER: { [sku]: onHand } });
  return sku;
};
const planned = async (sku: string, quantity: number): Promise<string> => {
  const answer = await planner.post('/v1/transfers', { from: 'BER', to: 'PAR', lines: [{ sku, quantity }] });
  expect(answer.status, answer.text).toBe(201);
  return `/v1/transfers/${answer.body.transferId}`;
};
const lineOf = ({ body }: Answer): object => (body.lines as readonly object[])[0] ?? {};
/** A machine that does ten other things is slow; only what hangs meets this. */
const timeout = 60_000;
const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout });
/** On hand, reserved, quarantined and available, once all that follows is done. */
const expectAt = (warehouseId: string, sku: string, figures: readonly number[]): Promise<void> =>
  eventually(async () => {
    const { body } = await admin.get(`/v1/warehouses/${warehouseId}/inventory/${sku}`);
    expect([body.onHand, body.reserved, body.quarantined, body.available]).toEqual(figures);
  });
const expectLines = (order: Answer, lines: readonly object[]): Promise<void> =>
  eventually(async () => {
    expect((await admin.get(`/v1/orders/${order.body.orderId}`)).body.lines).toMatchObject(lines);
  });

describe('a transfer', () => {
  it('goes from plan to arrival, and every piece is somewhere all the time', async () => {
    const sku = await stocked(10);
    const path = await planned(sku, 8);
    await expectAt('BER', sku, [10, 8, 0, 2]);

    const left = await berlin.post(`${path}/dispatch`, { lines: [{ lineId: '1', quantity: 5 }] });
    expect([left.status, left.body.status]).toEqual([200, 'in_transit']);
    expect(lineOf(left)).toMatchObject({ quantity: 8, open: 3, dispatched: 5, inTransit: 5 });
    await expectAt('BER', sku, [5, 3, 0, 2]);

    const came = await paris.post(`${path}/receipts`, { lines: [{ lineId: '1', quantity: 3, damaged: 1 }] });
    expect(lineOf(came)).toMatchObject({ inTransit: 2, received: 3, damaged: 1 });
    // Nobody had registered it there.
    await expectAt('PAR', sku, [3, 0, 1, 2]);

    await berlin.post(`${path}/cancellation`, { reason: 'lorry full' });
    await expectAt('BER', sku, [5, 0, 0, 5]);
    const ended = await paris.post(`${path}/losses`, { reason: 'fell off' });
    expect([ended.body.status, lineOf(ended)]).toMatchObject(['completed', { inTransit: 0, lost: 2, cancelled: 3 }]);

    const seen = await admin.get(path, since(ended));
    expect(seen.body).toEqual({ ...ended.body, fromWarehouseId: 'BER', toWarehouseId: 'PAR' });
    expect(seen.headers.etag).toBe(ended.headers.etag);
  });

  it('is refused where the source has not enough, and then nothing is recorded', async () => {
    const sku = await stocked(5);
    const lines = [
      { sku, quantity: 3 },
      { sku, quantity: 3 },
    ];
    const refused = await planner.post('/v1/transfers', { from: 'BER', to: 'PAR', lines });
    expect([refused.status, refused.body.code, refused.body.facts]).toEqual([
      409,
      'INSUFFICIENT_STOCK',
      { sku, requested: 6, available: 5 },
    ]);
    await expectAt('BER', sku, [5, 0, 0, 5]);
  });

  it('that comes to a stock a moment too late leaves nothing kept', async () => {
    const sku = await stocked(5);
    const lines = [{ sku, quantity: 4 }];
    const plan = () => planner.post('/v1/transfers', { from: 'BER', to: 'PAR', lines });
    const answers = await Promise.all([plan(), plan(), plan(), plan()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    await expectAt('BER', sku, [5, 4, 0, 1]);
  });

  it('is planned once, however often the request is sent', async () => {
    const sku = await stocked(5);
    const body = { from: 'BER', to: 'PAR', lines: [{ sku, quantity: 4 }] };
    const key = { 'idempotency-key': `again-${sku}` };
    const first = await planner.post('/v1/transfers', body, key);
    const again = await planner.post('/v1/transfers', body, key);
    expect([again.status, again.body]).toEqual([201, first.body]);
    const { transferId } = first.body;
    expect((await planner.post('/v1/transfers', { ...body, transferId })).status).toBe(201);
    expect(first.headers.etag).toBe('"1"');
    const other = await planner.post('/v1/transfers', { ...body, transferId, lines: [{ sku, quantity: 1 }] });
    expect([other.status, other.body.code]).toEqual([409, 'TRANSFER_ID_TAKEN']);
    await expectAt('BER', sku, [5, 4, 0, 1]);
  });

  it('gives what it frees, and what it brings, to orders that wait', async () => {
    const sku = await stocked(5);
    const path = await planned(sku, 5);
    const waiting = await placeOrder(admin, [line(sku, 2)]);
    expect(waiting.body.lines).toMatchObject([{ backordered: 2 }]);
    await berlin.post(`${path}/cancellation`, { reason: 'needed here' });
    await expectLines(waiting, [{ backordered: 0, allocated: [{ warehouseId: 'BER', quantity: 2 }] }]);

    const second = await planned(sku, 3);
    const other = await placeOrder(admin, [line(sku, 1)]);
    await berlin.post(`${second}/dispatch`, {});
    await paris.post(`${second}/receipts`, {});
    await expectLines(other, [{ allocated: [{ warehouseId: 'PAR', quantity: 1 }] }]);
  });

  it('books out what is there when more has left, and names the rest', async () => {
    const sku = await stocked(5);
    const path = await planned(sku, 5);
    await berlin.post(`${path}/dispatch`, { lines: [{ lineId: '1', quantity: 7 }] });
    await expectAt('BER', sku, [0, 0, 0, 0]);
    const { body } = await admin.get(`/v1/warehouses/BER/inventory/${sku}/history`);
    const discrepancy = (body.items as readonly { type: string; data: object }[]).find(
      ({ type }) => type === 'StockDiscrepancyRecorded',
    );
    expect(discrepancy?.data).toMatchObject({ missing: 2, cause: 'departure', reference: path.split('/').at(-1) });
  });

  it('can be tried out, and depends on the revision that was seen', async () => {
    const sku = await stocked(5);
    const body = { from: 'BER', to: 'PAR', lines: [{ sku, quantity: 2 }] };
    const tried = await planner.post('/v1/transfers?dryRun=true', body);
    expect([tried.status, tried.body.events]).toMatchObject([200, [{ type: 'TransferPlanned' }]]);
    await expectAt('BER', sku, [5, 0, 0, 5]);
    const path = await planned(sku, 2);
    const stale = await berlin.post(`${path}/dispatch`, {}, { 'if-match': '"0"' });
    // The source has answered since.
    expect([stale.status, stale.body.code]).toEqual([412, 'REVISION_CONFLICT']);
    expect((await berlin.post(`${path}/dispatch`, {}, { 'if-match': '"1"' })).status).toBe(200);
  });
});

describe('who', () => {
  it('plans reaches both warehouses', async () => {
    const sku = await stocked(5);
    const body = { from: 'BER', to: 'PAR', lines: [{ sku, quantity: 1 }] };
    for (const client of [berlin, paris, madrid]) {
      const { status, body: problem } = await client.post('/v1/transfers', body);
      expect([status, problem.code]).toEqual([404, 'WAREHOUSE_NOT_FOUND']);
    }
    expect((await admin.post('/v1/transfers', { ...body, to: 'NOWHERE' })).body.code).toBe('WAREHOUSE_NOT_FOUND');
    expect((await planner.post('/v1/transfers', { ...body, to: 'BER' })).body.code).toBe('VALIDATION');
  });

  it('dispatches and cancels reaches the source, who receives and misses reaches the target', async () => {
    const path = await planned(await stocked(5), 4);
    for (const what of ['dispatch', 'cancellation']) {
      expect((await paris.post(`${path}/${what}`, what === 'dispatch' ? {} : { reason: 'x' })).status).toBe(404);
    }
    expect((await berlin.post(`${path}/dispatch`, {})).status).toBe(200);
    expect((await berlin.post(`${path}/receipts`, {})).body.code).toBe('TRANSFER_NOT_FOUND');
    expect((await berlin.post(`${path}/losses`, { reason: 'x' })).body.code).toBe('TRANSFER_NOT_FOUND');
    expect((await paris.post(`${path}/receipts`, {})).status).toBe(200);
  });

  it('reaches one end sees the transfer without the other warehouse, and who reaches none sees nothing', async () => {
    const path = await planned(await stocked(5), 4);
    await service.settled();
    const [atSource, atTarget, elsewhere] = await Promise.all(
      [berlin, paris, madrid].map((client) => client.get(path)),
    );
    expect([atSource?.body.fromWarehouseId, atSource?.body.toWarehouseId]).toEqual(['BER', undefined]);
    expect([atTarget?.body.fromWarehouseId, atTarget?.body.toWarehouseId]).toEqual([undefined, 'PAR']);
    expect(elsewhere?.body.code).toBe('TRANSFER_NOT_FOUND');
  });

  it('lists sees those of own warehouses, by warehouse, SKU and status, page by page', async () => {
    const sku = await stocked(9);
    const paths = [await planned(sku, 1), await planned(sku, 1), await planned(sku, 1)];
    const idsIn = ({ body }: Answer) =>
      (body.items as readonly { transferId: string }[]).map((each) => each.transferId);
    // All are of the same millisecond, as the clock stands still.
    const ids = paths
      .map((path) => path.split('/').at(-1) ?? '')
      .toSorted()
      .toReversed();
    const of = `sku=${sku}`;
    await berlin.post(`/v1/transfers/${ids[0]}/dispatch`, {});
    await service.settled();
    expect(idsIn(await paris.get(`/v1/transfers?${of}`))).toEqual(ids);
    expect(idsIn(await berlin.get(`/v1/transfers?warehouseId=BER&${of}&status=planned`))).toEqual(ids.slice(1));
    expect(idsIn(await madrid.get(`/v1/transfers?${of}`))).toEqual([]);
    expect((await berlin.get('/v1/transfers?warehouseId=PAR')).body.code).toBe('WAREHOUSE_NOT_FOUND');
    const first = await admin.get(`/v1/transfers?${of}&limit=2`);
    const rest = await admin.get(`/v1/transfers?${of}&limit=2&cursor=${first.body.nextCursor}`);
    expect([...idsIn(first), ...idsIn(rest)]).toEqual(ids);
  });

  it('reads the history of one end is not told the other warehouse', async () => {
    const sku = await stocked(5);
    const path = await planned(sku, 4);
    await berlin.post(`${path}/dispatch`, {});
    const seenBy = async (client: typeof berlin) =>
      (await client.get(`/v1/warehouses/BER/inventory/${sku}/history`)).text.includes('"toWarehouseId"');
    await eventually(async () => expect(await seenBy(planner)).toBe(true));
    expect(await seenBy(berlin)).toBe(false);
  });

  it('follows live hears of transfers of either end, and of no others', () => {
    const scopes: readonly Scope[] = ['inventory:read'];
    const principal = { subject: 's', kind: 'client', client: 'c', roles: [], scopes, warehouses: [] } as const;
    const hears = (...warehouses: readonly string[]): boolean => {
      const reach: Reach = { warehouses, customerId: null, role: 'warehouse_staff' };
      const [event] = ledgerLog(transferPlanned(chairsLine));
      return event !== undefined && createLiveFilter({}, { principal, reach })(event);
    };
    expect([hears('BER'), hears('PAR'), hears('MAD')]).toEqual([true, true, false]);
  });
});
