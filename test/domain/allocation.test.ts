import { describe, expect, it } from 'vitest';
import {
  type AllocationPlan,
  type Demand,
  type PlanRequest,
  planAllocation,
} from '../../src/domain/policies/allocation.ts';
import { fewestWarehouses } from '../../src/domain/policies/fewestWarehouses.ts';

type Shelves = Readonly<Record<string, Readonly<Record<string, number>>>>;
const chair = (quantity: number, lineId = '1'): Demand => ({ lineId, sku: 'CHAIR', quantity });
const lamp = (quantity: number, lineId = '2'): Demand => ({ lineId, sku: 'LAMP', quantity });
const plan = (shelves: Shelves, demand: readonly Demand[], changes: Partial<PlanRequest> = {}): unknown =>
  planAllocation({
    demand,
    ranking: Object.keys(shelves),
    strategy: 'priority',
    allowSplit: true,
    allowBackorder: true,
    promise: (warehouseId, sku) => shelves[warehouseId]?.[sku] ?? 0,
    ...changes,
  });

describe('planning an allocation', () => {
  it('takes from the best warehouse first and fills up from the next', () =>
    expect(plan({ BER: { CHAIR: 2 }, PAR: { CHAIR: 9 } }, [chair(3)])).toEqual({
      sources: [
        { ...chair(2), warehouseId: 'BER' },
        { ...chair(1), warehouseId: 'PAR' },
      ],
      missing: [],
    }));
  it('never promises one piece to two lines of the same SKU', () =>
    expect(plan({ BER: { CHAIR: 3 } }, [chair(2), chair(2, '3')])).toEqual({
      sources: [
        { ...chair(2), warehouseId: 'BER' },
        { ...chair(1, '3'), warehouseId: 'BER' },
      ],
      missing: [{ lineId: '3', quantity: 1 }],
    }));
  it('takes nothing at all when an order may neither wait nor go short', () =>
    expect(plan({ BER: { CHAIR: 2 } }, [chair(3)], { allowBackorder: false })).toEqual({
      sources: [],
      missing: [{ lineId: '1', quantity: 3 }],
    }));
  it('keeps an order that may not be split in one warehouse', () => {
    const shelves = { BER: { CHAIR: 2 }, PAR: { CHAIR: 3, LAMP: 1 } };
    expect(plan(shelves, [chair(2), lamp(1)], { allowSplit: false })).toEqual({
      sources: [
        { ...chair(2), warehouseId: 'PAR' },
        { ...lamp(1), warehouseId: 'PAR' },
      ],
      missing: [],
    });
    expect(plan(shelves, [chair(4)], { allowSplit: false })).toEqual({
      sources: [],
      missing: [{ lineId: '1', quantity: 4 }],
    });
  });
  it('takes no negative promise for a source', () =>
    expect(plan({ BER: { CHAIR: -2 } }, [chair(1)])).toEqual({
      sources: [],
      missing: [{ lineId: '1', quantity: 1 }],
    }));
  it('takes from where most is left when balance is asked for', () =>
    expect(plan({ BER: { CHAIR: 3 }, PAR: { CHAIR: 9 } }, [chair(2)], { strategy: 'balance' })).toMatchObject({
      sources: [{ warehouseId: 'PAR', quantity: 2 }],
    }));
});

describe('the fewest shipments', () => {
  const strategy = 'fewest-shipments';
  it('prefer one warehouse that has all to two that rank higher', () =>
    expect(
      plan({ BER: { CHAIR: 1 }, PAR: { LAMP: 1 }, ROM: { CHAIR: 1, LAMP: 1 } }, [chair(1), lamp(1)], { strategy }),
    ).toMatchObject({ sources: [{ warehouseId: 'ROM' }, { warehouseId: 'ROM' }] }));
  it('are looked for among what can be had when not all can be', () =>
    expect(plan({ BER: { LAMP: 2 }, PAR: { CHAIR: 3, LAMP: 2 } }, [lamp(2), chair(4)], { strategy })).toEqual({
      sources: [
        { ...lamp(2), warehouseId: 'PAR' },
        { ...chair(3), warehouseId: 'PAR' },
      ],
      missing: [{ lineId: '1', quantity: 1 }],
    }));
  it('are found where four are needed, and the fullest does not belong to them', () => {
    const shelves = {
      FULL: { A: 1, B: 1, C: 1, D: 1, E: 0, F: 0, G: 0, H: 0 },
      W1: { A: 1, E: 1 },
      W2: { B: 1, F: 1 },
      W3: { C: 1, G: 1 },
      W4: { D: 1, H: 1 },
    };
    const demand = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'].map((sku) => ({ lineId: sku, sku, quantity: 1 }));
    const { sources } = plan(shelves, demand, { strategy }) as AllocationPlan;
    expect([...new Set(sources.map(({ warehouseId }) => warehouseId))].sort()).toEqual(['W1', 'W2', 'W3', 'W4']);
  });
  it('come from those that rank higher, where as many others would do', () =>
    expect(
      plan(
        { A: { CHAIR: 1 }, B: { CHAIR: 2 }, C: { LAMP: 1 }, D: { CHAIR: 2, LAMP: 0 }, E: { LAMP: 1 } },
        [chair(2), lamp(1)],
        {
          strategy,
        },
      ),
    ).toMatchObject({ sources: [{ warehouseId: 'B' }, { warehouseId: 'C' }] }));
  it('are looked for within a number of steps: then the best so far is taken, and is not called the fewest (8)', () => {
    const shelf = (skus: readonly number[]) => Array.from({ length: 14 }, (_, sku) => Number(skus.includes(sku)));
    const halves = [
      [0, 1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10, 11, 12, 13],
    ];
    const tempting = [
      [0, 1, 2, 3, 7, 8, 9, 10],
      [4, 5, 11, 12],
      [6, 13],
    ];
    const shop = { needs: Array.from({ length: 14 }, () => 1), supplies: [...tempting, ...halves].map(shelf) };
    expect(fewestWarehouses(shop)).toEqual({ warehouses: [3, 4], isFewest: true });
    expect(fewestWarehouses(shop, 0)).toEqual({ warehouses: [0, 1, 2], isFewest: false });
  });
  it('are planned by asking each figure once, however many warehouses and lines there are', () => {
    const ids = Array.from({ length: 400 }, (_, index) => `W${index}`);
    let asked = 0;
    const promise = (): number => {
      asked += 1;
      return 1;
    };
    const found = planAllocation({
      demand: [chair(400)],
      ranking: ids,
      strategy,
      allowSplit: true,
      allowBackorder: true,
      promise,
    });
    expect(found.sources).toHaveLength(400);
    expect(asked).toBe(400);
  });
});
