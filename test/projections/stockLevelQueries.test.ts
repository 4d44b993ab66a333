import { describe, expect, it } from 'vitest';
import type { StockMovement } from '../../src/domain/stock/balance.ts';
import { InvalidCursor } from '../../src/eventsourcing/projecting/page.ts';
import {
  createStockLevelQueries,
  type StockLevelDocument,
  stockLevels,
} from '../../src/projections/stockLevels/projection.ts';
import { logOf, move, projected, stockEvents, timeAt } from './stockLog.ts';

const at = (warehouseId: string, sku: string, onHand: number, safetyStock = 0): StockMovement =>
  move('StockRegistered', { warehouseId, sku, onHand, safetyStock, registeredAt: timeAt(0) });

const shelves = [
  at('BER', 'CHAIR', 1, 2),
  at('BER', 'CHAIR.OAK', 5, 2),
  at('BER', 'chair', 0, 1),
  at('BER', 'LAMP', 9),
  at('BER', 'TABLE', 0, 4),
  at('BER_2', 'CHAIR', 3),
  at('PAR', 'CHAIR', 7),
];

const openQueries = async () => {
  const documents = await projected(stockLevels, logOf(...stockEvents(...shelves)));
  return createStockLevelQueries(documents, () => stockLevels.name);
};

const skusOf = (levels: readonly StockLevelDocument[]): readonly string[] => levels.map(({ sku }) => sku);

describe('queries for stock levels', () => {
  it('find one, and tell when there is none', async () => {
    const queries = await openQueries();
    expect(await queries.get('PAR', 'CHAIR')).toMatchObject({ warehouseId: 'PAR', sku: 'CHAIR', onHand: 7 });
    expect(await queries.get('PAR', 'LAMP')).toBeNull();
  });

  it('find many at once, each once, in the order they were asked for', async () => {
    const queries = await openQueries();
    const keys = ['TABLE', 'CHAIR', 'NOTHING', 'TABLE'].map((sku) => ({ warehouseId: 'BER', sku }));
    expect(skusOf(await queries.getMany(keys))).toEqual(['TABLE', 'CHAIR']);
  });

  it('list a warehouse by SKU, page by page, and no other warehouse (R3.1)', async () => {
    const queries = await openQueries();
    const first = await queries.list({ warehouseId: 'BER', limit: 2 });
    expect(skusOf(first.items)).toEqual(['CHAIR', 'CHAIR.OAK']);
    const second = await queries.list({ warehouseId: 'BER', limit: 3, cursor: first.nextCursor! });
    expect(skusOf(second.items)).toEqual(['LAMP', 'TABLE', 'chair']);
    expect(second.nextCursor).toBeNull();
  });

  it('list one SKU, or those that begin alike, in this case of letters', async () => {
    const queries = await openQueries();
    const list = async (filter: object) =>
      skusOf((await queries.list({ warehouseId: 'BER', limit: 9, ...filter })).items);
    expect(await list({ sku: 'CHAIR' })).toEqual(['CHAIR']);
    expect(await list({ skuPrefix: 'CHAIR' })).toEqual(['CHAIR', 'CHAIR.OAK']);
    expect(await list({ skuPrefix: 'cha' })).toEqual(['chair']);
    expect(await list({ sku: 'LAMP', skuPrefix: 'CHAIR' })).toEqual(['LAMP']);
  });

  it('list what must be ordered, page by page, and what need not', async () => {
    const queries = await openQueries();
    const query = { warehouseId: 'BER', belowSafetyStock: true, limit: 2 };
    const first = await queries.list(query);
    expect(skusOf(first.items)).toEqual(['CHAIR', 'TABLE']);
    const second = await queries.list({ ...query, cursor: first.nextCursor! });
    expect([skusOf(second.items), second.nextCursor]).toEqual([['chair'], null]);
    const { items } = await queries.list({ warehouseId: 'BER', belowSafetyStock: false, limit: 9 });
    expect(skusOf(items)).toEqual(['CHAIR.OAK', 'LAMP']);
  });

  it('refuse a cursor that is none', async () => {
    const queries = await openQueries();
    await expect(queries.list({ warehouseId: 'BER', limit: 2, cursor: 'x' })).rejects.toThrow(InvalidCursor);
  });
});
