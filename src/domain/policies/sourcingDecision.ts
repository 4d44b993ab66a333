/** Why an order's goods come from where they come: what there was to choose from, and what it beat (T8). Pure. */
import type { SourcingDecision, SourcingOutcome, SourcingStrategy } from '../order/shapes.ts';
import { type AllocationPlan, type PlanRequest, planAllocation } from './allocation.ts';

/** Kept with every order: the first ones tell why, the rest only that there are more. */
const consideredMax = 20;
/** Lines times warehouses. What is left out of a larger one would hold up the orders beside it for longer than its plan. */
const comparedMax = 2_000;

const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);

export const outcomeOf = ({ sources, missing }: AllocationPlan): SourcingOutcome => {
  const warehouseIds = [...new Set(sources.map(({ warehouseId }) => warehouseId))].sort();
  return { warehouseIds, shipments: warehouseIds.length, missing: sum(missing.map(({ quantity }) => quantity)) };
};

const isSame = (a: SourcingOutcome, b: SourcingOutcome): boolean =>
  a.missing === b.missing && a.warehouseIds.join(' ') === b.warehouseIds.join(' ');

/** Each with another outcome than the chosen one, and than those before it. */
const alternativesTo = (
  chosen: SourcingOutcome,
  request: PlanRequest,
  others: readonly SourcingStrategy[],
  rankingBy: (strategy: SourcingStrategy) => readonly string[],
): NonNullable<SourcingDecision['alternatives']> => {
  const found: { readonly strategy: SourcingStrategy; readonly outcome: SourcingOutcome }[] = [];
  for (const strategy of others) {
    const outcome = outcomeOf(planAllocation({ ...request, strategy, ranking: rankingBy(strategy) }));
    if (![chosen, ...found.map((each) => each.outcome)].some((known) => isSame(known, outcome))) {
      found.push({ strategy, outcome });
    }
  }
  return found.map(({ strategy, outcome }) => ({ strategy, ...outcome }));
};

/**
 * @param others strategies to compare with
 * @param rankingBy the order in which that strategy would have asked
 */
export const decisionOf = (
  request: PlanRequest,
  plan: AllocationPlan,
  others: readonly SourcingStrategy[],
  rankingBy: (strategy: SourcingStrategy) => readonly string[],
): SourcingDecision => {
  const { demand, ranking, promise } = request;
  const wanted = new Map<string, number>();
  for (const { sku, quantity } of demand) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
  const givenBy = (warehouseId: string): number =>
    sum([...wanted].map(([sku, pieces]) => Math.min(pieces, Math.max(0, promise(warehouseId, sku)))));
  const offers = ranking
    .map((warehouseId) => ({ warehouseId, pieces: givenBy(warehouseId) }))
    .filter(({ pieces }) => pieces > 0);
  const chosen = outcomeOf(plan);
  const isTooLarge = offers.length > 1 && demand.length * ranking.length > comparedMax;
  const compared = offers.length > 1 ? others : [];
  return {
    pieces: sum([...wanted.values()]),
    offering: offers.length,
    considered: offers.slice(0, consideredMax),
    chosen,
    ...(isTooLarge ? {} : { alternatives: alternativesTo(chosen, request, compared, rankingBy) }),
  };
};

/** Why an alternative was not taken: it leaves more pieces without a source, takes more shipments, or was not asked for. */
export type Beaten = 'leaves_more_missing' | 'takes_more_shipments' | 'not_asked_for';

export const whyBeaten = (alternative: SourcingOutcome, chosen: SourcingOutcome): Beaten => {
  if (alternative.missing > chosen.missing) return 'leaves_more_missing';
  return alternative.missing === chosen.missing && alternative.shipments > chosen.shipments
    ? 'takes_more_shipments'
    : 'not_asked_for';
};
