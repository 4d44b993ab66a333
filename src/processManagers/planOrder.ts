/** The plan of an order: from which warehouses, which holds become its sources, and which lines may not wait. */
import { type PostalAddress, shipToContext } from '../commands/orders.ts';
import type { CountryPoint, PersonalData } from '../commands/ports.ts';
import type { Item } from '../domain/item/decider.ts';
import {
  type LineQuantity,
  type SourcingDecision,
  type SourcingStrategy,
  sourcingStrategies,
} from '../domain/order/shapes.ts';
import type { PlacedOrder } from '../domain/order/state.ts';
import { type AllocationPlan, type Demand, planAllocation, type Source } from '../domain/policies/allocation.ts';
import { type Candidate, type Destination, destinationOf, rankCandidates } from '../domain/policies/ranking.ts';
import { decisionOf } from '../domain/policies/sourcingDecision.ts';
import { stockStream } from '../domain/values.ts';
import type { Loaded } from '../eventsourcing/commandHandling/stateCache.ts';
import { eachLimited } from '../eventsourcing/concurrency.ts';
import type { AllocationFacts } from './allocationIndex.ts';
import type { Cause } from './cause.ts';
import type { OrderClaims } from './orderClaims.ts';
import type { AllocationSnapshot, Hold, StockCandidates } from './stockCandidates.ts';

interface PlanPorts {
  readonly facts: AllocationFacts;
  readonly countryPoint: CountryPoint;
  readonly personalData: Pick<PersonalData, 'open'>;
}

/** `holds`: what is reserved under the order's id already, and so is there for it. */
type PlanOrder = (snapshot: AllocationSnapshot, holds: readonly Hold[]) => Promise<DecidedPlan>;

/** `decision`: absent where nothing was left to decide. */
export interface DecidedPlan extends AllocationPlan {
  readonly decision?: SourcingDecision;
}

/** What each candidate can promise, by SKU and warehouse. */
const promisesOf = (
  candidates: StockCandidates,
  holds: readonly Hold[],
): ReadonlyMap<string, ReadonlyMap<string, number>> => {
  const promises = new Map(
    [...candidates].map(([sku, each]) => [
      sku,
      new Map(each.map(({ warehouseId, promise }) => [warehouseId, promise])),
    ]),
  );
  for (const { warehouseId, sku, quantity } of holds) {
    const of = promises.get(sku);
    of?.set(warehouseId, (of.get(warehouseId) ?? 0) + quantity);
  }
  return promises;
};

export const createPlanOrder = ({ facts, countryPoint, personalData }: PlanPorts): PlanOrder => {
  /** The address is opened only where it decides. Erased, it is anywhere in its country. */
  const destinationFor = async (order: PlacedOrder, warehouses: readonly Candidate[]): Promise<Destination> => {
    const { orderId, shipTo, sourcing, destinationCountry: countryCode } = order;
    if (sourcing !== 'nearest') return { countryCode, point: null };
    const address = (await personalData.open(shipTo, shipToContext(orderId))) as PostalAddress | null;
    return destinationOf({ ...address, countryCode }, warehouses, countryPoint);
  };

  return async ({ order, candidates, demand, held }, holds) => {
    if (demand.length === 0) return { sources: [], missing: [] };
    const { sourcing: strategy, allowSplit, allowBackorder } = order;
    const warehouses = await facts.warehouses();
    const destination = await destinationFor(order, warehouses);
    // An order from one warehouse gets what lapsed from the same one again. Where that is closed, it waits.
    const place = allowSplit ? undefined : [...order.allocations, ...held][0]?.warehouseId;
    // A person chose the warehouses of the holds, so one that is closed to sourcing counts too.
    const holding = holds.map(({ warehouseId }) => warehouseId);
    const rankingBy = (by: SourcingStrategy): readonly string[] => {
      const ranked = rankCandidates(warehouses, by, destination, order.preferredWarehouseId);
      const asked = holding.length === 0 ? ranked : [...new Set([...holding, ...ranked])];
      return place === undefined ? asked : asked.filter((warehouseId) => warehouseId === place);
    };
    const ranking = rankingBy(strategy);
    const promises = promisesOf(candidates, holds);
    const promise = (warehouseId: string, sku: string): number => promises.get(sku)?.get(warehouseId) ?? 0;
    // An order that was promised once waits for the rest, whatever it said about backorders.
    const mayWait = allowBackorder || order.phase === 'open';
    const reservePartial = order.reservePartial === true;
    const request = { demand, ranking, strategy, allowSplit, reservePartial, allowBackorder: mayWait, promise };
    const plan = planAllocation(request);
    // What is nearest is known where the address was opened only.
    const others = sourcingStrategies.filter((other) => other !== strategy && other !== 'nearest');
    return { ...plan, decision: decisionOf(request, plan, others, rankingBy) };
  };
};

/** Stocks that are worked on side by side; one after another at each. */
const concurrency = 32;

interface Adoption {
  readonly hold: Hold;
  /** What becomes of its pieces, line by line; the rest of it is not needed. */
  readonly sources: readonly Source[];
}

/** The line that a hold names comes first, then the other lines of its SKU. Pure. */
const planAdoptions = (holds: readonly Hold[], demand: readonly Demand[]): readonly Adoption[] => {
  const needed = new Map(demand.map(({ lineId, quantity }) => [lineId, quantity]));
  // Holds that name their line go first, so that one without does not take it from them.
  const inOrder = holds.toSorted((a, b) => Number(a.lineId === undefined) - Number(b.lineId === undefined));
  return inOrder.map((hold) => {
    const { warehouseId, sku } = hold;
    const rank = ({ lineId }: Demand): number => (lineId === hold.lineId ? 0 : 1);
    let left = hold.quantity;
    const sources: Source[] = [];
    for (const { lineId } of demand.filter((line) => line.sku === sku).toSorted((a, b) => rank(a) - rank(b))) {
      const quantity = Math.min(left, needed.get(lineId) ?? 0);
      if (quantity === 0) continue;
      left -= quantity;
      needed.set(lineId, (needed.get(lineId) ?? 0) - quantity);
      sources.push({ lineId, sku, warehouseId, quantity });
    }
    return { hold, sources };
  });
};

/**
 * Reservations that were made under an order's id become its sources. Each passes to one of the order's own, with its
 * time to live, in one append; what the order does not need of it is given back.
 * @param place the one warehouse that the order is to come from; absent: from any.
 * @returns whether there was anything to do.
 */
export const adoptHolds = async (
  snapshot: AllocationSnapshot,
  { holds, place }: { readonly holds: readonly Hold[]; readonly place?: string | null },
  { exchange, release }: Pick<OrderClaims, 'exchange' | 'release'>,
  cause: Cause,
): Promise<boolean> => {
  const isWanted = ({ warehouseId }: Hold): boolean => place === undefined || warehouseId === place;
  const needless = holds.filter((hold) => !isWanted(hold)).map((hold): Adoption => ({ hold, sources: [] }));
  const all = [...planAdoptions(holds.filter(isWanted), snapshot.demand), ...needless];
  // A later plan leaves what it can not use: the rest of the order may still come to this warehouse.
  const adoptions = snapshot.order.phase === 'pending' ? all : all.filter(({ sources }) => sources.length > 0);
  const byStock = Map.groupBy(adoptions, ({ hold: { warehouseId, sku } }) => stockStream(warehouseId, sku));
  await eachLimited([...byStock.values()], concurrency, async (atOneStock) => {
    for (const { hold, sources } of atOneStock) {
      let left = hold.quantity;
      for (const source of sources) {
        // The hold ended, or got smaller, a moment ago: the next plan sees it.
        if (!(await exchange(snapshot, source, hold.reservationId, cause))) return;
        left -= source.quantity;
      }
      if (left > 0) await release([hold], cause);
    }
  });
  return adoptions.length > 0;
};

/** Items that are read side by side for the lines of one order. */
const loadsAtOnce = 8;

/** Of the lines that a first plan lacks pieces of, those whose item may not be backordered (`backorderAllowed: false`). */
export const linesThatMayNotWait = async (
  load: (sku: string) => Promise<Loaded<Item>>,
  { phase, lines }: PlacedOrder,
  missing: readonly LineQuantity[],
): Promise<readonly string[]> => {
  if (phase !== 'pending' || missing.length === 0) return [];
  const skuOf = new Map(lines.map(({ lineId, sku }) => [lineId, sku]));
  const found: string[] = [];
  await eachLimited(missing, loadsAtOnce, async ({ lineId }) => {
    const { state: item } = await load(skuOf.get(lineId) ?? '');
    if (item.phase === 'defined' && item.description.backorderAllowed === false) found.push(lineId);
  });
  return found;
};
