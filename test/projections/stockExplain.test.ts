import { assert, asyncProperty, constantFrom, integer } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import { stockVersions } from '../../src/domain/stock/fields.ts';
import { InvalidCursor } from '../../src/eventsourcing/projecting/page.ts';
import { explainedFields, figureOf } from '../../src/projections/stockHistory/explain.ts';
import { createStockHistory, type Explanation } from '../../src/projections/stockHistory/queries.ts';
import { sealed } from '../support/samples.ts';
import { stockHistories } from './stockHistories.ts';
import { arrayReader, chairs, logOf, move, openSource, registered, stockEvents, timeAt, uuidAt } from './stockLog.ts';

const claim = { reservationId: 'r1', orderId: 'order1', lineId: '1' };

/** Seven events, not one of which moves all of the figures. */
const week = logOf(
  ...stockEvents(
    registered(10, 3),
    move('StockReceived', { quantity: 5, purchaseOrder: 'PO-1', asn: 'ASN-1', supplier: 'Oak & Co' }),
    move('StockReserved', { ...claim, quantity: 4, expiresAt: timeAt(900) }),
    move('StockShipped', { ...claim, quantity: 3, shipmentId: 's1' }),
    move('StockReservationReleased', { ...claim, quantity: 1, reason: 'order_cancelled' }),
    move('StockAdjusted', { delta: -2, reason: 'damaged', note: sealed('v1.secret'), reference: 'DMG-7' }),
    move('StockPolicySet', { safetyStock: 20 }),
  ),
);

const explained = async (field: Explanation['field'], limit = 50) =>
  createStockHistory(await openSource(week)).explain({ ...chairs, field }, { limit });

const shared = { commandId: 'command-2', actor: { subject: 'anna', kind: 'person', client: 'scanner' } };

describe('a figure explained (B3)', () => {
  it('names every event that moved it, by how much, by whom and for what', async () => {
    const { items, ...page } = await explained('onHand');
    expect(page).toEqual({ field: 'onHand', before: 0, after: 10, nextCursor: null });
    expect(items.map(({ type, delta, after }) => [type, delta, after])).toEqual([
      ['StockRegistered', 10, 10],
      ['StockReceived', 5, 15],
      ['StockShipped', -3, 12],
      ['StockAdjusted', -2, 10],
    ]);
    expect(items[1]).toEqual({
      ...shared,
      revision: 1,
      eventId: uuidAt(2),
      type: 'StockReceived',
      occurredAt: timeAt(1),
      recordedAt: timeAt(1),
      delta: 5,
      after: 15,
      purchaseOrder: 'PO-1',
      asn: 'ASN-1',
      supplier: 'Oak & Co',
    });
    expect(items[2]).toMatchObject({ ...claim, shipmentId: 's1' });
  });

  it('hands out no personal data, not even sealed (docs/architecture.md, "Personal data")', async () => {
    const { items } = await explained('onHand');
    expect(items[3]).toMatchObject({ reason: 'damaged', reference: 'DMG-7' });
    expect(JSON.stringify(items)).not.toContain('secret');
  });

  it('leaves out what did not move it', async () => {
    const moved = async (field: Explanation['field']) => {
      const { items, after } = await explained(field);
      return [after, ...items.map(({ revision, delta }) => [revision, delta])];
    };
    expect(await moved('reserved')).toEqual([0, [2, 4], [3, -3], [4, -1]]);
    expect(await moved('safetyStock')).toEqual([20, [0, 3], [6, 17]]);
    expect(await moved('quarantined')).toEqual([0]);
    // A shipment takes from the shelf what was claimed already, and the last event leaves less than nothing to promise.
    expect(await moved('available')).toEqual([0, [0, 7], [1, 5], [2, -4], [4, 1], [5, -2], [6, -7]]);
  });

  it('is nothing for a stock that was never registered', async () => {
    const history = createStockHistory(await openSource(week));
    const nowhere = { warehouseId: 'PAR', sku: 'CHAIR', field: 'onHand' } as const;
    expect(await history.explain(nowhere, { limit: 5 })).toEqual({
      items: [],
      nextCursor: null,
      field: 'onHand',
      before: 0,
      after: 0,
    });
  });

  it('goes on where the page before ended, also across what did not move it', async () => {
    const history = createStockHistory(await openSource(week));
    const first = await history.explain({ ...chairs, field: 'onHand' }, { limit: 2 });
    expect(first).toMatchObject({ before: 0, after: 15, items: [{ revision: 0 }, { revision: 1 }] });
    const cursor = first.nextCursor ?? '';
    const second = await history.explain({ ...chairs, field: 'onHand' }, { limit: 2, cursor });
    expect(second).toMatchObject({ before: 15, after: 10, nextCursor: null });
    expect(second.items.map(({ revision }) => revision)).toEqual([3, 5]);
  });

  it('stops at ten thousand events, and goes on from there', async () => {
    const received = Array.from({ length: 10_400 }, () => move('StockReceived', { quantity: 1 }));
    const last = move('StockPolicySet', { safetyStock: 9 });
    const history = createStockHistory(arrayReader(logOf(...stockEvents(registered(0, 2), ...received, last))));
    const first = await history.explain({ ...chairs, field: 'safetyStock' }, { limit: 5 });
    expect(first).toMatchObject({ before: 0, after: 2, items: [{ revision: 0 }] });
    const cursor = first.nextCursor ?? '';
    const second = await history.explain({ ...chairs, field: 'safetyStock' }, { limit: 5, cursor });
    expect(second).toMatchObject({ before: 2, after: 9, items: [{ revision: 10_401, delta: 7 }], nextCursor: null });
  });

  it.each(['x', Buffer.from('["1","stock-BER.CHAIR"]').toString('base64url')])(
    'refuses the cursor %s',
    async (cursor) => {
      const history = createStockHistory(await openSource(week));
      const ask = history.explain({ ...chairs, field: 'onHand' }, { limit: 2, cursor });
      await expect(ask).rejects.toThrow(InvalidCursor);
    },
  );

  it('refuses the cursor of another stock, and one beyond the end', async () => {
    const history = createStockHistory(await openSource(week));
    const cursorAt = (revision: number, stream: string) =>
      Buffer.from(JSON.stringify([revision, stream])).toString('base64url');
    const ask = (cursor: string) => history.explain({ ...chairs, field: 'onHand' }, { limit: 2, cursor });
    await expect(ask(cursorAt(1, 'stock-PAR.CHAIR'))).rejects.toThrow(InvalidCursor);
    await expect(ask(cursorAt(7, 'stock-BER.CHAIR'))).rejects.toThrow(InvalidCursor);
    await expect(ask(cursorAt(-1, 'stock-BER.CHAIR'))).rejects.toThrow(InvalidCursor);
    await expect(ask(cursorAt(0.5, 'stock-BER.CHAIR'))).rejects.toThrow(InvalidCursor);
    expect(await ask(cursorAt(6, 'stock-BER.CHAIR'))).toMatchObject({ items: [], before: 10, after: 10 });
  });

  it('sums to the figure exactly, for any history of all that can happen, any field and size of page', async () => {
    const met = new Set<string>();
    const fields = constantFrom(...explainedFields);
    await assert(
      asyncProperty(stockHistories, fields, integer({ min: 1, max: 6 }), async (events, field, limit) => {
        const stock = events.reduce(stockDecider.evolve, stockDecider.initialState);
        if (stock.phase === 'absent') throw new Error('the first event registers');
        const history = createStockHistory(arrayReader(logOf(...events)));
        for (const { type } of events) met.add(type);
        let sum = 0;
        let cursor: string | null | undefined;
        let seen = -1;
        let pages = 0;
        while (cursor !== null && pages <= events.length) {
          pages += 1;
          const page: Explanation = await history.explain(
            { ...chairs, field },
            { limit, ...(cursor === undefined ? {} : { cursor }) },
          );
          expect(page.before).toBe(sum);
          expect(page.items.length).toBeLessThanOrEqual(limit);
          for (const { delta, after, revision } of page.items) {
            sum += delta;
            expect([after, delta === 0, revision > seen]).toEqual([sum, false, true]);
            seen = revision;
          }
          expect(page.after).toBe(sum);
          cursor = page.nextCursor;
        }
        expect(cursor).toBeNull();
        expect(sum).toBe(figureOf(stock.balance, field));
      }),
      { numRuns: 1_000 },
    );
    // A new event gets a line in `stockHistories.ts`.
    expect([...met].sort()).toEqual(Object.keys(stockVersions).sort());
  });
});
