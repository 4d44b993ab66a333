import { describe, expect, it } from 'vitest';
import {
  type Candidate,
  type Demand,
  type PlanRequest,
  planAllocation,
  rankCandidates,
} from '../../src/domain/policies/allocation.ts';

const candidates: readonly Candidate[] = [
  { warehouseId: 'PAR', priority: 1, countryCode: 'FR', postalCode: '75001' },
  { warehouseId: 'MUC', priority: 2, countryCode: 'DE', postalCode: '80331' },
  { warehouseId: 'BER', priority: 3, countryCode: 'DE', postalCode: '10115' },
  { warehouseId: 'AMS', priority: 3, countryCode: 'NL', postalCode: '10115' },
];
const berlin = { countryCode: 'DE', postalCode: '10999' };

describe('ranking warehouses', () => {
  it('goes by priority, then by id', () =>
    expect(rankCandidates(candidates, 'priority', berlin, null)).toEqual(['PAR', 'MUC', 'AMS', 'BER']));
  it('goes by country and shared postal digits when the nearest is asked for', () =>
    expect(rankCandidates(candidates, 'nearest', berlin, null)).toEqual(['BER', 'MUC', 'PAR', 'AMS']));
  it('still knows the country when the postal code was erased', () =>
    expect(rankCandidates(candidates, 'nearest', { countryCode: 'DE', postalCode: null }, null)).toEqual([
      'MUC',
      'BER',
      'PAR',
      'AMS',
    ]));
  it('tries the preferred warehouse first, whatever the strategy', () => {
    expect(rankCandidates(candidates, 'nearest', berlin, 'AMS')).toEqual(['AMS', 'BER', 'MUC', 'PAR']);
    expect(rankCandidates(candidates, 'priority', berlin, 'nowhere')).toEqual(['PAR', 'MUC', 'AMS', 'BER']);
  });
});

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
  it('begin with the fullest warehouse when four or more are needed', () => {
    const shelves = { A: { CHAIR: 1 }, B: { CHAIR: 1 }, C: { CHAIR: 1 }, D: { CHAIR: 1 }, E: { CHAIR: 5 } };
    expect(plan(shelves, [chair(8)], { strategy })).toMatchObject({
      sources: [{ warehouseId: 'E' }, {}, {}, {}],
      missing: [],
    });
  });
  it('give up the search after a bounded number of combinations', () => {
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
    expect(asked).toBeLessThan(10_000);
  });
});
