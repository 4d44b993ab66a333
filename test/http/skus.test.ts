/** Shops name their goods as they like: a SKU of any characters works wherever a plain one does (docs/openapi.json). */
import { afterAll, describe, expect, it } from 'vitest';
import { stockStream } from '../../src/domain/values.ts';
import { startService } from '../support/service.ts';
import { arrange, line, placeOrder, since } from './arrange.ts';

const service = await startService();
afterAll(() => service.close());
const admin = service.as('sandbox-admin');

const oddSkus = [
  'SOFA BLAU 3-Sitzer',
  'A/B/../C',
  '50%25',
  'a?b#c&d=e+f',
  'Möbel Größe',
  '椅子・青',
  'كرسي ١',
  '🪑👨‍👩‍👧',
  '~2f~',
  '"quoted" \\ \'it\'',
  '__proto__',
  '-leading',
  '{"$gt":""}',
  '椅'.repeat(100),
  '🪑'.repeat(100),
] as const;

const item = {
  name: 'Chair',
  attributes: {},
  boxes: [{ boxCode: 'A', lengthMm: 1, widthMm: 1, heightMm: 1, weightGrams: 1 }],
};

describe('a SKU of any printable characters', () => {
  it.each(oddSkus.map((sku, index) => [sku, `W${index}`] as const))(
    '%s is found, listed, reserved, explained, ordered, audited and cached as any other',
    async (sku, warehouseId) => {
      await arrange(service, { [warehouseId]: { [sku]: 10, 'PLAIN-1': 1 } });
      const path = `/v1/warehouses/${warehouseId}/inventory/${encodeURIComponent(sku)}`;

      const described = await admin.put(`/v1/items/${encodeURIComponent(sku)}`, item);
      expect(described, described.text).toMatchObject({ status: 200, body: { sku } });
      expect((await admin.get(`/v1/items/${encodeURIComponent(sku)}`, since(described))).body).toEqual(described.body);
      expect((await admin.get('/v1/items', since(described))).body.items).toContainEqual(described.body);

      const adjusted = await admin.post(`${path}/adjustments`, { delta: 5, reason: 'found' });
      expect(adjusted).toMatchObject({ status: 201, body: { sku, onHand: 15 } });
      const reserved = await admin.post(`${path}/reservations`, { quantity: 2, expiresInSeconds: 600 });
      expect(reserved.status, reserved.text).toBe(201);
      const { reservationId } = reserved.body;
      expect(reserved.headers.location).toBe(`${path}/reservations/${reservationId}`);
      // With capitals in its id, the same reservation.
      const released = await admin.request('DELETE', `${path}/reservations/${String(reservationId).toUpperCase()}`);
      expect(released, released.text).toMatchObject({ status: 200, body: { sku, reserved: 0 } });

      const bulk = await admin.post('/v1/inventory/changes', {
        changes: [{ kind: 'receipt', warehouseId, sku, quantity: 1 }],
      });
      expect(bulk.body.results).toEqual([expect.objectContaining({ status: 200, onHand: 16 })]);

      await service.settled();
      const { body: stock } = await admin.get(path);
      expect(stock).toMatchObject({ sku, name: 'Chair', onHand: 16, available: 16 });
      const q = encodeURIComponent([...sku].slice(0, 2).join('').trimEnd());
      for (const query of [`sku=${encodeURIComponent(sku)}`, `q=${q}`]) {
        expect((await admin.get(`/v1/warehouses/${warehouseId}/inventory?${query}`)).body.items).toEqual([stock]);
      }
      expect((await admin.get(`/v1/items/${encodeURIComponent(sku)}/availability`)).body).toMatchObject({
        sku,
        available: 16,
      });
      expect((await admin.get(`${path}/explain`)).body).toMatchObject({ after: 16 });
      expect((await admin.get(`${path}/history?limit=2`)).body.items).toHaveLength(2);

      const order = await placeOrder(admin, [line(sku, 3)]);
      expect(order.body.lines).toMatchObject([{ sku, allocated: [{ warehouseId, quantity: 3 }] }]);
      const audit = await admin.get(
        `/v1/audit/events?stream=${encodeURIComponent(stockStream(warehouseId, sku))}&limit=500`,
        since(order),
      );
      expect(audit.body.items.at(-1)).toMatchObject({ type: 'StockReserved', data: { sku } });

      // What is cached is made useless by the change of just this SKU.
      const later = await admin.post(`${path}/adjustments`, { delta: -1, reason: 'lost' });
      expect((await admin.get(path, since(later))).body.onHand).toBe(15);
      const location = await admin.post(`/v1/warehouses/${warehouseId}/inventory`, { sku: `${sku.slice(0, 90)}x` });
      expect((await admin.get(String(location.headers.location), since(location))).status).toBe(200);
    },
  );

  it('is listed page by page, however long it is in bytes', async () => {
    const long = ['a', 'b', 'c'].map((end) => '🪑'.repeat(99) + end);
    await arrange(service, { LONG: Object.fromEntries(long.map((sku) => [sku, 1])) });
    const found: string[] = [];
    let cursor = '';
    do {
      const { status, body, text } = await admin.get(
        `/v1/warehouses/LONG/inventory?limit=1${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      expect(status, text).toBe(200);
      found.push(...body.items.map(({ sku }: { sku: string }) => sku));
      cursor = body.nextCursor ?? '';
    } while (cursor !== '');
    expect(found).toEqual(long);
  });

  it.each([
    ['in another normal form', 'Mo\u0308bel', 'NFC'],
    ['with a blank at its end', 'A ', 'blank'],
    ['with a line break', 'A\nB', 'printable'],
    ['that changes the direction of writing', 'A\u202eB', 'direction'],
    ['that a path cannot end in', '..', '".."'],
    ['of 101 characters', 'x'.repeat(101), '100'],
  ])('is refused %s, with the reason', async (_, sku, reason) => {
    await arrange(service, { BER: {} });
    const answer = await admin.post('/v1/warehouses/BER/inventory', { sku });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
    expect(answer.body.errors[0].pointer).toBe('/sku');
    expect(answer.body.detail).toContain(reason);
  });

  it('is matched exactly: another case is another SKU', async () => {
    await arrange(service, { BER: { Möbel: 1 } });
    expect((await admin.get(`/v1/warehouses/BER/inventory/${encodeURIComponent('MÖBEL')}`)).status).toBe(404);
  });
});
