/**
 * Plans where an order's goods come from. Pure: the caller brings what each warehouse can promise, and the plan
 * that is checked is the plan that is committed (DESIGN §5, §6).
 */
import type { LineQuantity, SourcingStrategy } from '../order/events.ts';

export interface Candidate {
  readonly warehouseId: string;
  readonly priority: number;
  readonly countryCode: string;
  readonly postalCode: string;
}

export interface Destination {
  readonly countryCode: string;
  /** `null` when it is not known or was erased. */
  readonly postalCode: string | null;
}

export interface Demand extends LineQuantity {
  readonly sku: string;
}
export interface Source extends Demand {
  readonly warehouseId: string;
}
export interface Plan {
  readonly sources: readonly Source[];
  readonly missing: readonly LineQuantity[];
}

/** Combinations of warehouses that `fewest-shipments` looks at before it falls back to greedy: a plan stays quick. */
const combinationsMax = 1_000;
/** More shipments than this for one order are bad enough that one more or less matters little. */
const shipmentsTriedMax = 3;

const sharedPrefix = (a: string, b: string): number => {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length += 1;
  return length;
};

/**
 * Best first. Postal codes are hierarchical, so a longer shared prefix in the same country means nearer; without
 * a geocoder that is what an address tells.
 */
export const rankCandidates = (
  candidates: readonly Candidate[],
  strategy: SourcingStrategy,
  destination: Destination,
  preferredWarehouseId: string | null,
): readonly string[] => {
  const nearness = ({ countryCode, postalCode }: Candidate): number =>
    countryCode === destination.countryCode ? 1 + sharedPrefix(postalCode, destination.postalCode ?? '') : 0;
  const preferred = ({ warehouseId }: Candidate): number => (warehouseId === preferredWarehouseId ? 1 : 0);
  const byId = (a: Candidate, b: Candidate): number => (a.warehouseId < b.warehouseId ? -1 : 1);
  const differences = (a: Candidate, b: Candidate): readonly number[] => [
    preferred(b) - preferred(a),
    strategy === 'nearest' ? nearness(b) - nearness(a) : 0,
    a.priority - b.priority,
  ];
  const compare = (a: Candidate, b: Candidate): number =>
    differences(a, b).find((difference) => difference !== 0) ?? byId(a, b);
  return [...candidates].sort(compare).map(({ warehouseId }) => warehouseId);
};

type Promises = (warehouseId: string, sku: string) => number;

/** Takes what is there, line by line, in the order of the warehouses; never the same piece twice. */
const take = (demand: readonly Demand[], warehouses: readonly string[], promise: Promises): Plan => {
  const left = new Map<string, number>();
  const leftOf = (warehouseId: string, sku: string): number =>
    left.get(`${warehouseId}.${sku}`) ?? promise(warehouseId, sku);
  const sources: Source[] = [];
  const missing: LineQuantity[] = [];
  for (const { lineId, sku, quantity } of demand) {
    let open = quantity;
    for (const warehouseId of warehouses) {
      if (open === 0) break;
      const there = leftOf(warehouseId, sku);
      const taken = Math.min(open, there);
      if (taken <= 0) continue;
      left.set(`${warehouseId}.${sku}`, there - taken);
      open -= taken;
      sources.push({ lineId, sku, warehouseId, quantity: taken });
    }
    if (open > 0) missing.push({ lineId, quantity: open });
  }
  return { sources, missing };
};

function* combinations(of: readonly string[], size: number): Generator<readonly string[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (const [index, first] of of.entries()) {
    for (const rest of combinations(of.slice(index + 1), size - 1)) yield [first, ...rest];
  }
}

/** Fewest warehouses first; within a size, the ranking decides. */
function* smallCombinations(ranking: readonly string[]): Generator<readonly string[]> {
  let tried = 0;
  for (let size = 1; size <= Math.min(shipmentsTriedMax, ranking.length); size += 1) {
    for (const warehouses of combinations(ranking, size)) {
      if (tried === combinationsMax) return;
      tried += 1;
      yield warehouses;
    }
  }
}

const pieces = (lines: readonly LineQuantity[]): number => lines.reduce((sum, { quantity }) => sum + quantity, 0);

const fewestShipments = (demand: readonly Demand[], ranking: readonly string[], promise: Promises): Plan => {
  // All warehouses together give the most there is; the fewest that give as much are looked for.
  const { missing } = take(demand, ranking, promise);
  const missingOf = new Map(missing.map(({ lineId, quantity }) => [lineId, quantity]));
  const reachable = demand.map((line) => ({ ...line, quantity: line.quantity - (missingOf.get(line.lineId) ?? 0) }));
  for (const warehouses of smallCombinations(ranking)) {
    const plan = take(reachable, warehouses, promise);
    if (plan.missing.length === 0) return { sources: plan.sources, missing };
  }
  const covered = new Map(ranking.map((id) => [id, pieces(take(reachable, [id], promise).sources)]));
  const greedy = [...ranking].sort((a, b) => (covered.get(b) ?? 0) - (covered.get(a) ?? 0));
  return { sources: take(reachable, greedy, promise).sources, missing };
};

/** Where most is left goes first, so that no warehouse runs dry before the others. */
const balance = (demand: readonly Demand[], ranking: readonly string[], promise: Promises): Plan => {
  const stock = new Map(
    ranking.map((warehouseId) => [warehouseId, demand.reduce((sum, { sku }) => sum + promise(warehouseId, sku), 0)]),
  );
  return take(
    demand,
    [...ranking].sort((a, b) => (stock.get(b) ?? 0) - (stock.get(a) ?? 0)),
    promise,
  );
};

export interface PlanRequest {
  readonly demand: readonly Demand[];
  readonly ranking: readonly string[];
  readonly strategy: SourcingStrategy;
  readonly allowSplit: boolean;
  readonly allowBackorder: boolean;
  readonly promise: Promises;
}

/** Sources for all of the demand, or for what can be had where the order allows it; sources + missing = demand. */
export const planAllocation = ({
  demand,
  ranking,
  strategy,
  allowSplit,
  allowBackorder,
  promise,
}: PlanRequest): Plan => {
  const nothing: Plan = { sources: [], missing: demand.map(({ lineId, quantity }) => ({ lineId, quantity })) };
  if (!allowSplit) {
    for (const warehouseId of ranking) {
      const plan = take(demand, [warehouseId], promise);
      if (plan.missing.length === 0) return plan;
    }
    return nothing;
  }
  const plan =
    strategy === 'fewest-shipments'
      ? fewestShipments(demand, ranking, promise)
      : strategy === 'balance'
        ? balance(demand, ranking, promise)
        : take(demand, ranking, promise);
  return plan.missing.length === 0 || allowBackorder ? plan : nothing;
};
