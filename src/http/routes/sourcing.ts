/** Why an order's goods come from where they come, and where they would come from (T8). */
import type { Static } from 'typebox';
import { type SourcingStrategy, sourcingStrategies } from '../../domain/order/shapes.ts';
import { type AllocationPlan, type Demand, planAllocation } from '../../domain/policies/allocation.ts';
import { type Destination, destinationOf, distanceKm, rankCandidates } from '../../domain/policies/ranking.ts';
import { outcomeOf } from '../../domain/policies/sourcingDecision.ts';
import type { WarehouseDocument } from '../../projections/catalogue/projection.ts';
import type { DecidedSourcing } from '../../projections/orderSourcing/queries.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { answerPage, pageRequestOf } from '../reads/lists.ts';
import { findOrder, requireKnownSkus } from '../reads/orders.ts';
import { seesWarehouse } from '../reads/visibleFields.ts';
import type { Router } from '../route.ts';
import { Closed, PageOf, PageQuery, ref } from '../schemas/common.ts';
import { OrderPath } from '../schemas/orders.ts';
import { Simulation, SimulationBody, SourcingDecided } from '../schemas/sourcing.ts';

/** Without what names warehouses that the caller does not see. */
const seenBy = (sees: (warehouseId: string) => boolean, { sources, decision, ...decided }: DecidedSourcing): object => {
  const within = <T extends { readonly warehouseIds: readonly string[] }>(outcome: T): T => ({
    ...outcome,
    warehouseIds: outcome.warehouseIds.filter(sees),
  });
  return {
    ...decided,
    sources: sources.filter(({ warehouseId }) => sees(warehouseId)),
    decision: decision && {
      ...decision,
      considered: decision.considered.filter(({ warehouseId }) => sees(warehouseId)),
      chosen: within(decision.chosen),
      alternatives: decision.alternatives?.map(within) ?? null,
    },
  };
};

const farthestKmOf = (
  { sources }: AllocationPlan,
  warehouses: readonly WarehouseDocument[],
  { point }: Destination,
): number | null => {
  if (point === null || sources.length === 0) return null;
  const used = new Set(sources.map(({ warehouseId }) => warehouseId));
  const far = warehouses.filter(({ warehouseId }) => used.has(warehouseId)).map((each) => distanceKm(each, point));
  return Math.round(Math.max(...far));
};

export const registerSourcing = ({ read }: Router, ports: HttpPorts): void => {
  const { readModels, countryPoint } = ports;
  const { orders, orderSourcing, warehouses, stockLevels, skuWarehouses, items } = readModels;
  const tag = 'Orders';

  /** What each warehouse can promise, by SKU and warehouse. */
  const promisesOf = async (skus: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> => {
    const bySku = skus.map(async (sku) => {
      const warehouseIds = await skuWarehouses.queries.of(sku);
      const levels = await stockLevels.queries.getMany(warehouseIds.map((warehouseId) => ({ warehouseId, sku })));
      const active = levels.filter(({ status }) => status === 'active');
      return [sku, new Map(active.map(({ warehouseId, available }) => [warehouseId, available]))] as const;
    });
    return new Map(await Promise.all(bySku));
  };

  const simulate = async (asked: Static<typeof SimulationBody>): Promise<object> => {
    const { shipTo, lines, sourcing, preferredWarehouseId, allowSplit = true, allowBackorder = true } = asked;
    const demand = lines.map(
      ({ lineId, sku, quantity }, index): Demand => ({
        lineId: lineId ?? String(index + 1),
        sku,
        quantity,
      }),
    );
    const [all, promises] = await Promise.all([
      warehouses.queries.all(),
      promisesOf([...new Set(lines.map(({ sku }) => sku))]),
    ]);
    const open = all.filter((warehouse) => warehouse.sourcing === 'open');
    const destination = destinationOf(shipTo, open, countryPoint);
    const promise = (warehouseId: string, sku: string): number => promises.get(sku)?.get(warehouseId) ?? 0;
    const planBy = (strategy: SourcingStrategy): object => {
      const ranking = rankCandidates(open, strategy, destination, preferredWarehouseId ?? null);
      const plan = planAllocation({ demand, ranking, strategy, allowSplit, allowBackorder, promise });
      const { sources, missing: backordered } = plan;
      return {
        strategy,
        sources,
        backordered,
        ...outcomeOf(plan),
        farthestKm: farthestKmOf(plan, open, destination),
      };
    };
    return { plans: (sourcing === undefined ? sourcingStrategies : [sourcing]).map(planBy) };
  };

  read({
    operation: 'getOrderSourcing',
    url: '/v1/orders/:orderId/sourcing',
    tag,
    summary: 'Where the goods of an order come from, and what that choice has beaten',
    description: 'Each decision as it was made, oldest first. A warehouse and its partner see the part that is theirs.',
    params: OrderPath,
    query: Closed(PageQuery),
    answers: { 200: PageOf(ref(SourcingDecided)) },
    problems: ['ORDER_NOT_FOUND', 'INVALID_CURSOR'],
    models: [orders.model],
    handle: async ({ params: { orderId }, query, reach }) => {
      await findOrder(ports, orderId, reach);
      const page = await orderSourcing.decisions(orderId, pageRequestOf(query));
      return answerPage(page, (decided) => seenBy((warehouseId) => seesWarehouse(reach, warehouseId), decided));
    },
  });

  read({
    operation: 'simulateSourcing',
    url: '/v1/sourcing/simulations',
    isPrivate: true,
    tag,
    summary: 'Where the goods of an order would come from now, by each strategy',
    description:
      'Records and reserves nothing. The figures are those of the read models; orders that wait are not served first.',
    query: SimulationBody,
    answers: { 200: ref(Simulation) },
    problems: ['ORDER_LINE_REPEATED', 'SKU_UNKNOWN', 'NOT_CAUGHT_UP'],
    models: [stockLevels.model, skuWarehouses.model, warehouses.model, items.model],
    cost: 5,
    handle: async ({ query }) => {
      const named = query.lines.map(({ lineId }, index) => lineId ?? String(index + 1));
      if (new Set(named).size < named.length) {
        throw new Problem('ORDER_LINE_REPEATED', 'Each line needs a lineId of its own.');
      }
      await requireKnownSkus(readModels, query.lines);
      return simulate(query);
    },
  });
};
