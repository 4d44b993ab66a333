/** What an order's plan is made of: where it goes, and which warehouses there are. */
import { type Address, shipToContext } from '../commands/orders.ts';
import type { CountryPoint, PersonalData } from '../commands/ports.ts';
import type { PlacedOrder } from '../domain/order/state.ts';
import { type AllocationPlan, planAllocation } from '../domain/policies/allocation.ts';
import { type Candidate, type Destination, destinationOf, rankCandidates } from '../domain/policies/ranking.ts';
import type { Position } from '../eventsourcing/message.ts';
import type { AllocationFacts } from './ports.ts';
import type { Hold, Look, Shelves } from './stockCandidates.ts';

export interface PlanPorts {
  readonly facts: AllocationFacts;
  readonly countryPoint: CountryPoint;
  readonly personalData: Pick<PersonalData, 'open'>;
}

/** `holds`: what is reserved under the order's id already, and so is there for it. */
export type PlanOrder = (look: Look, holds: readonly Hold[], since: Position) => Promise<AllocationPlan>;

/** What each shelf can promise, by SKU and warehouse. */
const promisesOf = (shelves: Shelves, holds: readonly Hold[]): ReadonlyMap<string, ReadonlyMap<string, number>> => {
  const promises = new Map(
    [...shelves].map(([sku, each]) => [sku, new Map(each.map(({ warehouseId, promise }) => [warehouseId, promise]))]),
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
    const address = (await personalData.open(shipTo, shipToContext(orderId))) as Address | null;
    return destinationOf({ ...address, countryCode }, warehouses, countryPoint);
  };

  return async ({ order, shelves, demand, held }, holds, since) => {
    if (demand.length === 0) return { sources: [], missing: [] };
    const { sourcing: strategy, allowSplit, allowBackorder } = order;
    const warehouses = await facts.warehouses(since);
    const destination = await destinationFor(order, warehouses);
    const ranked = rankCandidates(warehouses, strategy, destination, order.preferredWarehouseId);
    // What lapsed of an order that comes from one place comes from there again; where that is closed, it waits.
    const place = allowSplit ? undefined : [...order.allocations, ...held][0]?.warehouseId;
    // Somebody chose where they are, be it a warehouse that is closed to sourcing.
    const asked =
      holds.length === 0 ? ranked : [...new Set([...holds.map(({ warehouseId }) => warehouseId), ...ranked])];
    const ranking = place === undefined ? asked : asked.filter((warehouseId) => warehouseId === place);
    const promises = promisesOf(shelves, holds);
    const promise = (warehouseId: string, sku: string): number => promises.get(sku)?.get(warehouseId) ?? 0;
    // An order that was promised once waits for the rest, whatever it said about backorders.
    const mayWait = allowBackorder || order.phase === 'open';
    const reservePartial = order.reservePartial === true;
    return planAllocation({ demand, ranking, strategy, allowSplit, reservePartial, allowBackorder: mayWait, promise });
  };
};
