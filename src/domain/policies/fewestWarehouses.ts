/**
 * The fewest warehouses that together have all that is asked for. This is set cover with quantities, which nobody can
 * solve quickly for every input: branch and bound finds the fewest within a bounded number of steps, and after that the
 * best found so far is taken. How far that is off is measured by `bench/sourcing.ts`.
 */
import {
  type CoverRequest,
  createSearch,
  gainOf,
  isCovered,
  isCoveredWith,
  move,
  range,
  type Search,
  supplyOf,
} from './coverSearch.ts';

export interface Cover {
  /** In the order of the ranking. */
  readonly warehouses: readonly number[];
  /** No fewer would do. `false`: the steps ran out before that was known. */
  readonly isFewest: boolean;
}

/**
 * A step looks at one figure of one warehouse. So many take some 10 ms of one core, well below the 50 ms that anything
 * may hold the main thread for (CONTRIBUTING.md), and are enough to be sure of 20 lines over 50 warehouses.
 */
export const planStepsMax = 1_000_000;

/** The one that brings most; when the steps have run out, the next of the ranking. */
const nextOf = (search: Search, chosen: readonly number[]): number => {
  const open = range(search.supplies.length).filter((warehouse) => !chosen.includes(warehouse));
  let [best, most] = [open[0] ?? 0, -1];
  for (const warehouse of open) {
    if (search.steps > search.stepsMax) break;
    const gain = gainOf(search, warehouse);
    if (gain > most) [best, most] = [warehouse, gain];
  }
  return best;
};

/** The one that brings most, again and again; then without those that the later ones made needless. */
const greedy = (search: Search): readonly number[] => {
  const chosen: number[] = [];
  while (!isCovered(search)) {
    const best = nextOf(search, chosen);
    chosen.push(best);
    move(search, best, 1);
  }
  const kept = chosen
    .toSorted((a, b) => b - a)
    .filter((warehouse) => {
      const isNeedless = isCoveredWith(search, warehouse, -1);
      if (isNeedless) move(search, warehouse, -1);
      return !isNeedless;
    });
  for (const warehouse of kept) move(search, warehouse, -1);
  return kept.toSorted((a, b) => a - b);
};

interface Takers {
  /** How many warehouses a SKU alone still takes; infinite when there is not enough of it. */
  readonly count: number;
  /** How many could bring some. */
  readonly open: number;
}

const takersOf = (search: Search, sku: number): Takers => {
  let left = search.left[sku] ?? 0;
  let [count, open] = [0, 0];
  const suppliers = search.suppliers[sku] ?? [];
  search.steps += suppliers.length;
  for (const warehouse of suppliers) {
    if (search.isDecided[warehouse] === 1) continue;
    open += 1;
    if (left <= 0) continue;
    left -= supplyOf(search, warehouse)[sku] ?? 0;
    count += 1;
  }
  return { count: left > 0 ? Number.POSITIVE_INFINITY : count, open };
};

interface Outlook {
  /** At least so many more are needed. */
  readonly atLeast: number;
  /** The SKU that the fewest can bring: one of them is part of any solution. */
  readonly scarcest: number;
}

const isApart = (search: Search, sku: number, seen: Uint8Array): boolean => {
  const suppliers = search.suppliers[sku] ?? [];
  for (const warehouse of suppliers) if (search.isDecided[warehouse] !== 1 && seen[warehouse] === 1) return false;
  for (const warehouse of suppliers) seen[warehouse] = 1;
  return true;
};

/** SKUs that share no supplier need their warehouses each for itself, so their counts add up. */
const outlookOf = (search: Search): Outlook => {
  const seen = new Uint8Array(search.supplies.length);
  let [most, apart, scarcest, fewestOpen] = [0, 0, -1, Number.POSITIVE_INFINITY];
  for (let sku = 0; sku < search.left.length; sku += 1) {
    search.steps += 1;
    if ((search.left[sku] ?? 0) <= 0) continue;
    const { count, open } = takersOf(search, sku);
    most = Math.max(most, count);
    if (isApart(search, sku, seen)) apart += count;
    if (open < fewestOpen) [scarcest, fewestOpen] = [sku, open];
  }
  return { atLeast: Math.max(most, apart), scarcest };
};

/** Goes through all choices that could still beat the best; stops when the steps have run out. */
const branch = (search: Search, chosen: readonly number[], best: readonly number[]): readonly number[] => {
  const { atLeast, scarcest } = outlookOf(search);
  if (scarcest < 0) return chosen.length < best.length ? chosen : best;
  let found = best;
  const tried: number[] = [];
  for (const warehouse of search.suppliers[scarcest] ?? []) {
    if (search.steps > search.stepsMax || chosen.length + atLeast >= found.length) break;
    if (search.isDecided[warehouse] === 1) continue;
    search.isDecided[warehouse] = 1;
    move(search, warehouse, 1);
    found = branch(search, [...chosen, warehouse], found);
    move(search, warehouse, -1);
    tried.push(warehouse);
  }
  for (const warehouse of tried) search.isDecided[warehouse] = 0;
  return found;
};

/** As many, but none of them can be exchanged for one that ranks higher. */
const preferRanking = (search: Search, chosen: readonly number[]): readonly number[] => {
  const kept = new Set(chosen);
  for (const warehouse of chosen) move(search, warehouse, 1);
  for (const warehouse of chosen.toReversed()) {
    move(search, warehouse, -1);
    const isBetter = (other: number): boolean => !kept.has(other) && isCoveredWith(search, other, 1);
    const better = range(warehouse).find(isBetter) ?? warehouse;
    kept.delete(warehouse);
    kept.add(better);
    move(search, better, 1);
  }
  return [...kept].sort((a, b) => a - b);
};

/** @param stepsMax More than the default is for measuring how far off that is. */
export const fewestWarehouses = (request: CoverRequest, stepsMax = planStepsMax): Cover => {
  const search = createSearch(request, stepsMax);
  const found = branch(search, [], greedy(search));
  const isFewest = search.steps <= search.stepsMax;
  return { warehouses: preferRanking(search, found), isFewest };
};
