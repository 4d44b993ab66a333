/** Many changes in one request: each row is answered as if it had been sent alone (docs/openapi.json). */
import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { changeRows } from '../../src/http/schemas/stock.ts';
import type { JsonSchema } from '../support/documented.ts';
import { openService, startService } from '../support/service.ts';
import { arrange } from './arrange.ts';
import { exampleOf, isObject, spoil } from './requests.ts';

const path = '/v1/inventory/changes';
const sku = 'TABLE-OAK-160';
const receipt = (quantity: number, changes: object = {}): object => ({
  kind: 'receipt',
  warehouseId: 'BER',
  sku,
  quantity,
  ...changes,
});
const codesOf = (body: { results: readonly { status: number; code?: string }[] }): readonly string[] =>
  body.results.map(({ status, code }) => `${status} ${code ?? ''}`.trim());

describe('a bulk change', () => {
  it('answers accepted, refused, malformed and foreign rows each on their own', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 10 }, MAD: { [sku]: 10 } });
    const changes = [
      receipt(5),
      { kind: 'quarantine-release', warehouseId: 'BER', sku, quantity: 99 },
      receipt(5, { warehouseId: 'MAD' }),
      receipt(0),
      receipt(1, { isAdmin: true }),
      { kind: 'teleport', warehouseId: 'BER', sku },
      {},
      receipt(1, { sku: 'NOTHING' }),
      receipt(1, { occurredAt: '2027-01-01T00:00:00Z' }),
      receipt(1, { ifRevision: 0 }),
      { kind: 'register', warehouseId: 'BER', sku: 'CHAIR', onHand: 2 },
      { kind: 'set', warehouseId: 'BER', sku, onHand: 12, reason: 'count', note: 'Ada counted' },
      { kind: 'quarantine', warehouseId: 'BER', sku, quantity: 2, reason: 'wet' },
      { kind: 'quarantine-release', warehouseId: 'BER', sku, quantity: 1 },
    ];
    const before = await service.countEvents();
    const { status, body } = await service.as('sandbox-staff').post(path, { changes });
    expect(status).toBe(207);
    expect(codesOf(body)).toEqual([
      '200',
      '409 INSUFFICIENT_STOCK',
      '404 WAREHOUSE_NOT_FOUND',
      '400 VALIDATION',
      '400 VALIDATION',
      '400 VALIDATION',
      '400 VALIDATION',
      '404 STOCK_NOT_FOUND',
      '400 OCCURRED_IN_FUTURE',
      '412 REVISION_CONFLICT',
      '200',
      '200',
      '200',
      '200',
    ]);
    expect(body.results.map(({ index }: { index: number }) => index)).toEqual(changes.map((_, index) => index));
    expect(await service.countEvents()).toBe(before + 5);
    expect(body.results.at(-1)).toMatchObject({ onHand: 12, available: 11 });
  });

  it('keeps the order of the rows of one stock', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 0 } });
    const delta = (by: number): object => ({
      kind: 'adjustment',
      warehouseId: 'BER',
      sku,
      delta: by,
      reason: 'correction',
    });
    // Each step is only possible after the one before it.
    const changes = Array.from({ length: 100 }, (_, index) => delta(index % 2 === 0 ? 7 : -7));
    const { body } = await service.as('sandbox-staff').post(path, { changes });
    expect(codesOf(body)).toEqual(changes.map(() => '200'));
    expect(body.results.map(({ onHand }: { onHand: number }) => onHand)).toEqual(
      changes.map((_, i) => (i % 2 === 0 ? 7 : 0)),
    );
    expect(body.results.map(({ revision }: { revision: number }) => revision)).toEqual(changes.map((_, i) => i + 1));
  });

  it('is done once, and answered again with its rows as they were', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 0 } });
    const staff = service.as('sandbox-staff');
    const key = { 'idempotency-key': randomUUID() };
    const changes = [receipt(1), receipt(-1), receipt(2)];
    const first = await staff.post(path, { changes }, key);
    const before = await service.countEvents();
    const again = await staff.post(path, { changes }, key);
    expect(again.text).toBe(first.text);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(await service.countEvents()).toBe(before);
  });

  it('records nothing when it is tried out (B12)', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 0 } });
    const before = await service.countEvents();
    const { status, body } = await service
      .as('sandbox-staff')
      .post(`${path}?dryRun=true`, { changes: [receipt(1), receipt(0)] });
    expect([status, ...codesOf(body)]).toEqual([207, '200', '400 VALIDATION']);
    expect(await service.countEvents()).toBe(before);
  });

  it('takes 500 rows and no more', async () => {
    const service = await openService();
    await arrange(service, { BER: { [sku]: 0 } });
    const staff = service.as('sandbox-staff');
    const rows = (count: number): object => ({ changes: Array.from({ length: count }, () => receipt(1)) });
    expect((await staff.post(path, rows(500))).body.results.at(-1)).toMatchObject({ index: 499, onHand: 500 });
    expect(await staff.post(path, rows(501))).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
    expect((await staff.post(path, { changes: [] })).status).toBe(400);
  });
});

describe('a row', async () => {
  const service = await startService();
  afterAll(() => service.close());
  await arrange(service, { BER: { [sku]: 10 } });
  const admin = service.as('sandbox-admin');

  it.each(Object.entries(changeRows))(
    'of kind %s is refused for any value that is not as documented',
    async (kind, schema) => {
      const documented: JsonSchema = JSON.parse(JSON.stringify(schema));
      const spoiled = spoil(exampleOf(documented, service.document), documented, service.document);
      expect(spoiled.length).toBeGreaterThan(20);
      const before = await service.countEvents();
      for (const { what, body: row } of spoiled) {
        const { status, body } = await admin.post(path, { changes: [row] });
        // What is no object, would reach a prototype, or is read differently by others, is a fault of the whole request.
        const isReadAlike = !/__proto__|\\u(?:0000|d[89a-f]..|20[26].)|[\u202a-\u202e\u2066-\u2069]/i.test(
          JSON.stringify(row),
        );
        if (!isObject(row) || !isReadAlike) expect(status, `${kind}: ${what}`).toBe(400);
        else expect(codesOf(body), `${kind}: ${what}`).toEqual(['400 VALIDATION']);
      }
      expect(await service.countEvents()).toBe(before);
    },
  );
});
