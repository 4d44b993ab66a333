/** Why an order's goods come from where they come: what there was to choose from, and what it beat (T8). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SourcingStrategy, sourcingStrategies } from '../../src/domain/order/shapes.ts';
import { type PlanRequest, planAllocation } from '../../src/domain/policies/allocation.ts';
import { decisionOf, whyBeaten } from '../../src/domain/policies/sourcingDecision.ts';

type Pieces = { readonly [warehouseId: string]: { readonly [sku: string]: number } };

const requestOf = (pieces: Pieces, changes: Partial<PlanRequest> = {}): PlanRequest => ({
  demand: [
    { lineId: '1', sku: 'TABLE', quantity: 2 },
    { lineId: '2', sku: 'CHAIR', quantity: 4 },
  ],
  ranking: Object.keys(pieces),
  strategy: 'fewest-shipments',
  allowSplit: true,
  allowBackorder: true,
  promise: (warehouseId, sku) => pieces[warehouseId]?.[sku] ?? 0,
  ...changes,
});

const decide = (request: PlanRequest, others: readonly SourcingStrategy[] = ['priority', 'balance']) =>
  decisionOf(request, planAllocation(request), others, () => request.ranking);

describe('a decision', () => {
  it('names who had any of it in the order in which they were asked, and what the choice has beaten', () => {
    const pieces = { BER: { TABLE: 2 }, PAR: { CHAIR: 4 }, MAD: { TABLE: 2, CHAIR: 4 }, OSL: {} };
    expect(decide(requestOf(pieces))).toEqual({
      pieces: 6,
      offering: 3,
      considered: [
        { warehouseId: 'BER', pieces: 2 },
        { warehouseId: 'PAR', pieces: 4 },
        { warehouseId: 'MAD', pieces: 6 },
      ],
      chosen: { warehouseIds: ['MAD'], shipments: 1, missing: 0 },
      alternatives: [{ strategy: 'priority', warehouseIds: ['BER', 'PAR'], shipments: 2, missing: 0 }],
    });
  });

  it('of an order from one place tells that each had a part, and none all of it', () => {
    const pieces = { BER: { TABLE: 2 }, PAR: { CHAIR: 4 } };
    expect(decide(requestOf(pieces, { allowSplit: false }))).toMatchObject({
      offering: 2,
      chosen: { warehouseIds: [], shipments: 0, missing: 6 },
      alternatives: [],
    });
  });

  it('where one warehouse had any of it has no alternatives', () => {
    expect(decide(requestOf({ BER: { TABLE: 1 }, PAR: {} }))).toMatchObject({ offering: 1, alternatives: [] });
  });

  it('keeps 20 warehouses, and compares nothing for an order that is too large', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`W${index}`, { TABLE: 1 }]));
    const demand = Array.from({ length: 41 }, (_, index) => ({ lineId: `${index}`, sku: 'TABLE', quantity: 1 }));
    const large = decide(requestOf(many, { demand }));
    expect(large.considered).toHaveLength(20);
    expect(large.offering).toBe(50);
    expect(large).not.toHaveProperty('alternatives');
  });

  it('agrees with the plan, and each of its alternatives is another outcome', () => {
    const skus = ['TABLE', 'CHAIR'];
    const stock = fc.record({ TABLE: fc.integer({ min: 0, max: 4 }), CHAIR: fc.integer({ min: 0, max: 4 }) });
    const shop = fc.record({
      pieces: fc.dictionary(fc.constantFrom('A', 'B', 'C', 'D', 'E'), stock),
      strategy: fc.constantFrom(...sourcingStrategies),
      allowSplit: fc.boolean(),
      quantities: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(shop, ({ pieces, strategy, allowSplit, quantities }) => {
        const demand = quantities.map((quantity, index) => ({ lineId: `${index}`, sku: skus[index % 2]!, quantity }));
        const request = requestOf(pieces, { demand, strategy, allowSplit });
        const plan = planAllocation(request);
        const { chosen, alternatives = [], considered, pieces: wanted } = decide(request, [...sourcingStrategies]);
        const sourced = plan.sources.reduce((total, { quantity }) => total + quantity, 0);
        expect(chosen.missing + sourced).toBe(wanted);
        expect(considered.map(({ warehouseId }) => warehouseId)).toEqual(
          expect.arrayContaining([...chosen.warehouseIds]),
        );
        const outcomes = [chosen, ...alternatives].map(
          ({ warehouseIds, missing }) => `${warehouseIds.join()}/${missing}`,
        );
        expect(new Set(outcomes).size).toBe(outcomes.length);
      }),
    );
  });
});

describe('an alternative was not taken', () => {
  const chosen = { warehouseIds: ['A'], shipments: 1, missing: 1 };
  it.each([
    ['leaves_more_missing', { warehouseIds: ['B'], shipments: 1, missing: 2 }],
    ['takes_more_shipments', { warehouseIds: ['B', 'C'], shipments: 2, missing: 1 }],
    ['not_asked_for', { warehouseIds: ['B'], shipments: 1, missing: 1 }],
    ['not_asked_for', { warehouseIds: ['B', 'C'], shipments: 2, missing: 0 }],
  ])('as it %s', (why, alternative) => {
    expect(whyBeaten(alternative, chosen)).toBe(why);
  });
});
