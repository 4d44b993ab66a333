/** Over- and under-allocation are what shops are cursed with: for any shelves and any demand a plan adds up. */
import { array, assert, boolean, constantFrom, integer, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourcingStrategies } from '../../src/domain/order/shapes.ts';
import { type AllocationPlan, type PlanRequest, planAllocation } from '../../src/domain/policies/allocation.ts';

const skus = ['CHAIR', 'LAMP', 'TABLE'];

/** Lines repeat SKUs more often than not. */
const requests = record({
  shelves: array(array(nat(6), { minLength: skus.length, maxLength: skus.length }), { maxLength: 7 }),
  wanted: array(record({ sku: constantFrom(...skus), quantity: integer({ min: 1, max: 8 }) }), {
    minLength: 1,
    maxLength: 5,
  }),
  strategy: constantFrom(...sourcingStrategies),
  allowSplit: boolean(),
  allowBackorder: boolean(),
}).map(({ shelves, wanted, ...how }): PlanRequest => {
  const stock = new Map<string, number>(
    shelves.flatMap((shelf, index) => skus.map((sku, at) => [`W${index}.${sku}`, shelf[at] ?? 0] as const)),
  );
  return {
    ...how,
    demand: wanted.map((line, index) => ({ lineId: `${index}`, ...line })),
    ranking: shelves.map((_, index) => `W${index}`),
    promise: (warehouseId, sku) => stock.get(`${warehouseId}.${sku}`) ?? 0,
  };
});

const sumBy = <T extends { readonly quantity: number }>(
  of: readonly T[],
  keyOf: (each: T) => string,
): Map<string, number> => {
  const sums = new Map<string, number>();
  for (const each of of) sums.set(keyOf(each), (sums.get(keyOf(each)) ?? 0) + each.quantity);
  return sums;
};
const warehousesOf = ({ sources }: AllocationPlan): number =>
  new Set(sources.map(({ warehouseId }) => warehouseId)).size;

/** The most that these warehouses can give together, by SKU: what several lines ask for is asked for once. */
const coveredBy = (warehouses: readonly string[], { demand, promise }: PlanRequest): number =>
  [...sumBy(demand, ({ sku }) => sku)].reduce((pieces, [sku, wanted]) => {
    const there = warehouses.reduce((sum, warehouseId) => sum + promise(warehouseId, sku), 0);
    return pieces + Math.min(wanted, there);
  }, 0);

const subsetsOf = (of: readonly string[]): string[][] => {
  const [first, ...rest] = of;
  if (first === undefined) return [[]];
  return subsetsOf(rest).flatMap((subset) => [subset, [first, ...subset]]);
};

describe('any plan', () => {
  it('covers the demand of each line: what has a source and what is missing add up', () => {
    assert(
      property(requests, (request) => {
        const { sources, missing } = planAllocation(request);
        const covered = sumBy([...sources, ...missing], ({ lineId }) => lineId);
        expect([...covered].sort()).toEqual(request.demand.map(({ lineId, quantity }) => [lineId, quantity]));
        expect(sources.every(({ quantity }) => quantity > 0) && missing.every(({ quantity }) => quantity > 0)).toBe(
          true,
        );
      }),
      { numRuns: 10_000 },
    );
  });

  it('takes no more of a SKU from a warehouse than was promised, over all its lines', () => {
    assert(
      property(requests, (request) => {
        const { sources } = planAllocation(request);
        const skuOf = new Map(request.demand.map(({ lineId, sku }) => [lineId, sku]));
        for (const [place, quantity] of sumBy(sources, ({ warehouseId, sku }) => `${warehouseId}.${sku}`)) {
          const [warehouseId = '', sku = ''] = place.split('.');
          expect(quantity).toBeLessThanOrEqual(request.promise(warehouseId, sku));
        }
        expect(sources.every(({ lineId, sku }) => skuOf.get(lineId) === sku)).toBe(true);
      }),
      { numRuns: 10_000 },
    );
  });

  it('leaves nothing missing that could be had, and takes all or nothing where the order says so', () => {
    assert(
      property(requests, (request) => {
        const { sources, missing } = planAllocation(request);
        const taken = sources.reduce((sum, { quantity }) => sum + quantity, 0);
        const wanted = request.demand.reduce((sum, { quantity }) => sum + quantity, 0);
        const together = coveredBy(request.ranking, request);
        const alone = Math.max(0, ...request.ranking.map((id) => coveredBy([id], request)));
        if (!request.allowSplit) expect(taken).toBe(alone === wanted ? wanted : 0);
        else expect(taken).toBe(together === wanted || request.allowBackorder ? together : 0);
        if (!request.allowBackorder || !request.allowSplit)
          expect(missing.length === 0 || sources.length === 0).toBe(true);
      }),
      { numRuns: 10_000 },
    );
  });

  it('comes from one warehouse when the order may not be split', () => {
    assert(
      property(requests, (request) => {
        expect(warehousesOf(planAllocation({ ...request, allowSplit: false }))).toBeLessThanOrEqual(1);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is of the fewest shipments that give as much, whatever their number', () => {
    let split = 0;
    assert(
      property(requests, (any) => {
        const request: PlanRequest = { ...any, strategy: 'fewest-shipments', allowSplit: true, allowBackorder: true };
        const most = coveredBy(request.ranking, request);
        const enough = subsetsOf(request.ranking).filter((subset) => coveredBy(subset, request) === most);
        const fewest = Math.min(...enough.map((subset) => subset.length));
        expect(warehousesOf(planAllocation(request))).toBe(fewest);
        if (fewest > 3) split += 1;
      }),
      { numRuns: 5_000 },
    );
    expect(split).toBeGreaterThan(100);
  });
});
