import { describe, expect, it } from 'vitest';
import { InvalidCursor } from '../../src/eventsourcing/projecting/page.ts';
import { createStockHistory } from '../../src/projections/stockHistory/queries.ts';
import { sealed } from '../support/samples.ts';
import { chairs, logOf, move, openSource, registered, stockEvents, timeAt, uuidAt } from './stockLog.ts';

const log = logOf(
  ...stockEvents(
    registered(10),
    move('StockAdjusted', { delta: -2, reason: 'damaged', note: sealed('v1.secret') }),
    move('StockReceived', { quantity: 5 }),
  ),
);

describe('the history of a stock', () => {
  it('is its events, the oldest first', async () => {
    const { items, nextCursor } = await createStockHistory(await openSource(log)).history(chairs, { limit: 3 });
    expect(nextCursor).toBeNull();
    expect(items.map(({ revision, type }) => [revision, type])).toEqual([
      [0, 'StockRegistered'],
      [1, 'StockAdjusted'],
      [2, 'StockReceived'],
    ]);
    expect(items[1]).toMatchObject({ id: uuidAt(2), stream: 'stock-BER.CHAIR', recordedAt: timeAt(1) });
  });

  it('comes in pages', async () => {
    const history = createStockHistory(await openSource(log));
    const first = await history.history(chairs, { limit: 2 });
    expect(first.items.map(({ revision }) => revision)).toEqual([0, 1]);
    const second = await history.history(chairs, { limit: 2, cursor: first.nextCursor ?? '' });
    expect([second.items.map(({ revision }) => revision), second.nextCursor]).toEqual([[2], null]);
    const other = history.history({ warehouseId: 'PAR', sku: 'CHAIR' }, { limit: 2, cursor: first.nextCursor ?? '' });
    await expect(other).rejects.toThrow(InvalidCursor);
  });

  it('is empty for a stock that was never registered', async () => {
    const history = createStockHistory(await openSource(log));
    const nothing = { items: [], nextCursor: null };
    expect(await history.history({ warehouseId: 'PAR', sku: 'CHAIR' }, { limit: 2 })).toEqual(nothing);
  });
});
