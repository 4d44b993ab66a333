/** What the search for the fewest warehouses counts on: what is left to cover, moved by one warehouse at a time. */

/** Quantities are pieces; warehouses are numbered in the order of the ranking, best first. */
export interface CoverRequest {
  /** What is needed of each SKU: positive, and no more than all warehouses have together. */
  readonly needs: readonly number[];
  /** What each warehouse has, by warehouse and SKU. */
  readonly supplies: readonly (readonly number[])[];
}

export interface Search {
  readonly supplies: readonly Int32Array[];
  /** By SKU: the warehouses that have it, those with the most first. */
  readonly suppliers: readonly (readonly number[])[];
  /** What is still needed, by SKU. Below zero: there is more than enough. */
  readonly left: Int32Array;
  /** 1: chosen, or left out in this branch, by warehouse. */
  readonly isDecided: Uint8Array;
  /** The search ends with what it has when it has taken more. */
  readonly stepsMax: number;
  steps: number;
}

export const range = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);
const nothing = new Int32Array();
export const supplyOf = ({ supplies }: Search, warehouse: number): Int32Array => supplies[warehouse] ?? nothing;

/** Pieces of what is still needed that one more warehouse would bring. */
export const gainOf = (search: Search, warehouse: number): number => {
  const supply = supplyOf(search, warehouse);
  const { left } = search;
  search.steps += left.length;
  let gain = 0;
  for (let sku = 0; sku < left.length; sku += 1) {
    gain += Math.max(0, Math.min(left[sku] ?? 0, supply[sku] ?? 0));
  }
  return gain;
};

/** Adds a warehouse, or takes it back. */
export const move = (search: Search, warehouse: number, sign: 1 | -1): void => {
  const supply = supplyOf(search, warehouse);
  const { left } = search;
  search.steps += left.length;
  for (let sku = 0; sku < left.length; sku += 1) left[sku] = (left[sku] ?? 0) - sign * (supply[sku] ?? 0);
};

/** Whether nothing is missing, with one more warehouse or with one less. */
export const isCoveredWith = (search: Search, warehouse: number, sign: 1 | -1): boolean => {
  const supply = supplyOf(search, warehouse);
  const { left } = search;
  for (let sku = 0; sku < left.length; sku += 1) {
    search.steps += 1;
    if ((left[sku] ?? 0) - sign * (supply[sku] ?? 0) > 0) return false;
  }
  return true;
};

export const isCovered = ({ left }: Search): boolean => left.every((pieces) => pieces <= 0);

const suppliersOf = (supplies: readonly Int32Array[], sku: number): readonly number[] => {
  const found: number[] = [];
  for (let warehouse = 0; warehouse < supplies.length; warehouse += 1) {
    if ((supplies[warehouse]?.[sku] ?? 0) > 0) found.push(warehouse);
  }
  return found.sort((a, b) => (supplies[b]?.[sku] ?? 0) - (supplies[a]?.[sku] ?? 0));
};

/** More than is needed of a SKU is worth no more than that. */
const capped = (supply: readonly number[], needs: readonly number[]): Int32Array => {
  const figures = new Int32Array(needs.length);
  for (let sku = 0; sku < needs.length; sku += 1) figures[sku] = Math.min(supply[sku] ?? 0, needs[sku] ?? 0);
  return figures;
};

export const createSearch = ({ needs, supplies }: CoverRequest, stepsMax: number): Search => {
  const worth = supplies.map((supply) => capped(supply, needs));
  return {
    supplies: worth,
    suppliers: needs.map((_, sku) => suppliersOf(worth, sku)),
    left: Int32Array.from(needs),
    isDecided: new Uint8Array(supplies.length),
    stepsMax,
    steps: 0,
  };
};
