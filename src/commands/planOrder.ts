/** What an order's plan is made of: where it goes, and which warehouses there are. */

import type { Position } from '../domain/message.ts';
import type { PlacedOrder } from '../domain/order/state.ts';
import { type Plan, planAllocation, rankCandidates } from '../domain/policies/allocation.ts';
import { shipToContext } from './orders.ts';
import type { AllocationFacts, PersonalData } from './ports.ts';
import { type Look, promiseOf, shelfOf } from './shelves.ts';

export interface PlanPorts {
  readonly facts: AllocationFacts;
  readonly personalData: Pick<PersonalData, 'open'>;
}

export type PlanOrder = (look: Look, since: Position) => Promise<Plan>;

export const createPlanOrder = ({ facts, personalData }: PlanPorts): PlanOrder => {
  const postalCodeOf = async ({ orderId, shipTo, sourcing }: PlacedOrder): Promise<string | null> => {
    if (sourcing !== 'nearest') return null;
    const address = await personalData.open(shipTo, shipToContext(orderId));
    const isKnown = typeof address === 'object' && address !== null && 'postalCode' in address;
    return isKnown ? String(address.postalCode) : null;
  };

  return async ({ order, shelves, demand }, since) => {
    if (demand.length === 0) return { sources: [], missing: [] };
    const { sourcing: strategy, allowSplit, allowBackorder } = order;
    const destination = { countryCode: order.destinationCountry, postalCode: await postalCodeOf(order) };
    const warehouses = await facts.warehouses(since);
    const ranked = rankCandidates(warehouses, strategy, destination, order.preferredWarehouseId);
    // What lapsed of an order that comes from one place comes from there again.
    const place = allowSplit ? undefined : order.allocations[0]?.warehouseId;
    const ranking = place === undefined ? ranked : [place];
    const promise = (warehouseId: string, sku: string): number => promiseOf(shelfOf(shelves, warehouseId, sku)?.stock);
    // An order that was promised once waits for the rest, whatever it said about backorders.
    const mayWait = allowBackorder || order.phase === 'open';
    return planAllocation({ demand, ranking, strategy, allowSplit, allowBackorder: mayWait, promise });
  };
};
