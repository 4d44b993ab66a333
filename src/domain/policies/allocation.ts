/**
 * Plans where an order's goods come from. Pure: the caller brings what each warehouse can promise, and the plan
 * that is checked is the plan that is committed (docs/architecture.md, "Facts and promises").
 */
import type { LineQuantity, SourcingStrategy } from '../order/shapes.ts';
import { fewestWarehouses } from './fewestWarehouses.ts';

export interface Demand extends LineQuantity {
  readonly sku: string;
}
export interface Source extends Demand {
  readonly warehouseId: string;
}
export interface AllocationPlan {
  readonly sources: readonly Source[];
  readonly missing: readonly LineQuantity[];
}

export interface PlanRequest {
  readonly demand: readonly Demand[];
  readonly ranking: readonly string[];
  readonly strategy: SourcingStrategy;
  readonly allowSplit: boolean;
  /** Without a split: a part of it is taken where not all of it can be had. */
  readonly reservePartial?: boolean;
  readonly allowBackorder: boolean;
  /** Asked once for each warehouse and SKU. */
  readonly promise: (warehouseId: string, sku: string) => number;
}

/** Warehouses are numbered in the order of the ranking. */
interface Shop {
  readonly demand: readonly Demand[];
  readonly ranking: readonly string[];
  /** Pieces of each SKU, by warehouse. */
  readonly pieces: ReadonlyMap<string, readonly number[]>;
  /** Pieces of each SKU that all lines ask for together. */
  readonly wanted: ReadonlyMap<string, number>;
}

const shopOf = ({ demand, ranking, promise }: PlanRequest): Shop => {
  const wanted = new Map<string, number>();
  for (const { sku, quantity } of demand) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
  const piecesOf = (sku: string): readonly number[] => ranking.map((id) => Math.max(0, promise(id, sku)));
  return { demand, ranking, wanted, pieces: new Map([...wanted.keys()].map((sku) => [sku, piecesOf(sku)])) };
};

const everyWarehouse = ({ ranking }: Shop): readonly number[] => [...ranking.keys()];

/** Takes what is there, line by line, in the order of the warehouses; never the same piece twice. */
const take = ({ demand, ranking, pieces }: Shop, warehouses: readonly number[]): AllocationPlan => {
  const left = new Map([...pieces].map(([sku, each]) => [sku, [...each]]));
  const sources: Source[] = [];
  const missing: LineQuantity[] = [];
  for (const { lineId, sku, quantity } of demand) {
    const there = left.get(sku) ?? [];
    let open = quantity;
    for (const warehouse of warehouses) {
      if (open === 0) break;
      const taken = Math.min(open, there[warehouse] ?? 0);
      if (taken === 0) continue;
      there[warehouse] = (there[warehouse] ?? 0) - taken;
      open -= taken;
      sources.push({ lineId, sku, warehouseId: ranking[warehouse] ?? '', quantity: taken });
    }
    if (open > 0) missing.push({ lineId, quantity: open });
  }
  return { sources, missing };
};

const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);

/** All warehouses together give the most there is; the fewest that give as much are looked for. */
const fewestShipments = (shop: Shop): AllocationPlan => {
  const rows = [...shop.wanted]
    .map(([sku, wanted]) => ({ pieces: shop.pieces.get(sku) ?? [], wanted }))
    .map(({ pieces, wanted }) => ({ pieces, need: Math.min(wanted, sum(pieces)) }))
    .filter(({ need }) => need > 0);
  const needs = rows.map(({ need }) => need);
  const supplies = everyWarehouse(shop).map((warehouse) => rows.map(({ pieces }) => pieces[warehouse] ?? 0));
  return take(shop, fewestWarehouses({ needs, supplies }).warehouses);
};

/** Where most is left goes first, so that no warehouse runs dry before the others. */
const balance = (shop: Shop): AllocationPlan => {
  const stock = everyWarehouse(shop).map((warehouse) =>
    sum(shop.demand.map(({ sku }) => shop.pieces.get(sku)?.[warehouse] ?? 0)),
  );
  return take(
    shop,
    everyWarehouse(shop).toSorted((a, b) => (stock[b] ?? 0) - (stock[a] ?? 0)),
  );
};

/** The first that has all of it. */
const fromOnePlace = (shop: Shop): AllocationPlan | null => {
  const isEnough = (warehouse: number): boolean =>
    [...shop.wanted].every(([sku, wanted]) => (shop.pieces.get(sku)?.[warehouse] ?? 0) >= wanted);
  const place = everyWarehouse(shop).find(isEnough);
  return place === undefined ? null : take(shop, [place]);
};

/** The one that has most of it, the first of those; nothing where none has any. */
const mostFromOnePlace = (shop: Shop): AllocationPlan => {
  const givenBy = (warehouse: number): number =>
    sum([...shop.wanted].map(([sku, wanted]) => Math.min(wanted, shop.pieces.get(sku)?.[warehouse] ?? 0)));
  const [best] = everyWarehouse(shop)
    .map((warehouse) => ({ warehouse, pieces: givenBy(warehouse) }))
    .toSorted((a, b) => b.pieces - a.pieces);
  return take(shop, best === undefined ? [] : [best.warehouse]);
};

const split = (shop: Shop, strategy: SourcingStrategy): AllocationPlan => {
  if (strategy === 'fewest-shipments') return fewestShipments(shop);
  return strategy === 'balance' ? balance(shop) : take(shop, everyWarehouse(shop));
};

/** Sources for all of the demand, or for what can be had where the order allows it; sources + missing = demand. */
export const planAllocation = (request: PlanRequest): AllocationPlan => {
  const { demand, strategy, allowSplit, allowBackorder, reservePartial = false } = request;
  const nothing: AllocationPlan = {
    sources: [],
    missing: demand.map(({ lineId, quantity }) => ({ lineId, quantity })),
  };
  const shop = shopOf(request);
  if (!allowSplit) return fromOnePlace(shop) ?? (reservePartial && allowBackorder ? mostFromOnePlace(shop) : nothing);
  const plan = split(shop, strategy);
  return plan.missing.length === 0 || allowBackorder ? plan : nothing;
};
