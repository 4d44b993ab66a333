/** Warehouses and items. */
import Type, { type Static } from 'typebox';
import type { CountryPoint } from '../../commands/ports.ts';
import { reachesWarehouse } from '../../domain/access/authorize.ts';
import { destinationOf, rankCandidates } from '../../domain/policies/ranking.ts';
import { answerOutcome } from '../commands/answers.ts';
import { showResource } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { levelBy, showExpected } from '../reads/availability.ts';
import { createCachedReads, type Holdings } from '../reads/cachedReads.ts';
import { answerPage, pageRequestOf } from '../reads/lists.ts';
import type { Router } from '../route.ts';
import {
  Availability,
  AvailabilityQuery,
  Item,
  ItemBody,
  ItemPath,
  Warehouse,
  WarehouseBody,
} from '../schemas/catalogue.ts';
import { Closed, DryRun, NotModified, PageOf, PageQuery, ref } from '../schemas/common.ts';
import { WarehousePath } from '../schemas/stock.ts';

export const registerWarehouses = ({ read, command }: Router, { useCases, readModels }: HttpPorts): void => {
  const { warehouses } = readModels;
  const cached = createCachedReads(readModels);
  const tag = 'Warehouses';

  command({
    operation: 'putWarehouse',
    method: 'PUT',
    url: '/v1/warehouses/:warehouseId',
    tag,
    summary: 'Describe a warehouse; the same again changes nothing',
    params: WarehousePath,
    body: WarehouseBody,
    answers: { 200: Type.Union([ref(Warehouse), ref(DryRun)]) },
    problems: [],
    handle: async ({ params: { warehouseId }, body, context, reply }) => {
      const description = { ...body, sourcing: body.sourcing ?? 'open' };
      const outcome = await useCases.defineWarehouse(warehouseId, description, context);
      return answerOutcome(outcome, reply, {
        status: 200,
        body: ({ revision, updatedAt }) => ({ warehouseId, ...description, revision, updatedAt }),
      });
    },
  });

  read({
    operation: 'getWarehouse',
    url: '/v1/warehouses/:warehouseId',
    tag,
    summary: 'One warehouse',
    params: WarehousePath,
    answers: { 200: ref(Warehouse), 304: NotModified },
    problems: ['WAREHOUSE_NOT_FOUND'],
    models: [warehouses.model],
    isCached: true,
    handle: async ({ params: { warehouseId }, request, reply, cachedRead }) => {
      const warehouse = await cachedRead(cached.warehouse(warehouseId));
      if (warehouse === null) throw new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
      return showResource(warehouse, { request, reply });
    },
  });

  read({
    operation: 'listWarehouses',
    url: '/v1/warehouses',
    tag,
    summary: 'The warehouses that the caller may see, by id',
    query: Closed(PageQuery),
    answers: { 200: PageOf(ref(Warehouse)) },
    problems: ['INVALID_CURSOR'],
    models: [warehouses.model],
    handle: async ({ query, reach }) => {
      const scope = reach.warehouses === 'all' ? {} : { warehouseIds: reach.warehouses };
      const page = await warehouses.queries.list({ ...pageRequestOf(query), ...scope });
      return answerPage(page, (warehouse) => warehouse);
    },
  });
};

/** Warehouse ids, the nearest to the address first; without an address, the order in which they are asked first. */
type Rank = (warehouses: Holdings['warehouses']) => readonly string[];

const rankFor =
  ({ countryCode, postalCode }: Static<typeof AvailabilityQuery>, countryPoint: CountryPoint): Rank =>
  (warehouses) => {
    if (countryCode === undefined)
      return rankCandidates(warehouses, 'priority', { countryCode: '', point: null }, null);
    const nearTo = destinationOf({ countryCode, postalCode: postalCode ?? null }, warehouses, countryPoint);
    return rankCandidates(warehouses, 'nearest', nearTo, null);
  };

const availabilityOf = (
  sku: string,
  { levels, warehouses }: Pick<Holdings, 'levels' | 'warehouses'>,
  rank: Rank,
  at?: string,
): object => {
  const byId = new Map(levels.map((level) => [level.warehouseId, at === undefined ? level : levelBy(level, at)]));
  const known = warehouses.filter(({ warehouseId }) => byId.has(warehouseId));
  const ranking = rank(known);
  const described = new Map(known.map((warehouse) => [warehouse.warehouseId, warehouse]));
  const expectedAt = (warehouseId: string): object => {
    const level = byId.get(warehouseId);
    return at === undefined || level === undefined ? {} : { expected: showExpected(level) };
  };
  const rows = ranking.map((warehouseId) => ({
    warehouseId,
    available: byId.get(warehouseId)?.available ?? 0,
    onHand: byId.get(warehouseId)?.onHand ?? 0,
    countryCode: described.get(warehouseId)?.countryCode ?? '',
    name: described.get(warehouseId)?.name ?? '',
    sourcing: described.get(warehouseId)?.sourcing ?? 'open',
    ...expectedAt(warehouseId),
  }));
  const open = rows.filter(({ sourcing }) => sourcing === 'open');
  return { sku, available: open.reduce((sum, { available }) => sum + available, 0), warehouses: rows };
};

export const registerItems = ({ read, command }: Router, { useCases, readModels, countryPoint }: HttpPorts): void => {
  const { items, stockLevels, skuWarehouses, warehouses } = readModels;
  const cached = createCachedReads(readModels);
  const tag = 'Items';

  command({
    operation: 'putItem',
    method: 'PUT',
    url: '/v1/items/:sku',
    tag,
    summary: 'Describe an item; the same again changes nothing',
    params: ItemPath,
    body: ItemBody,
    answers: { 200: Type.Union([ref(Item), ref(DryRun)]) },
    problems: ['BOX_CODE_REPEATED'],
    handle: async ({ params: { sku }, body, context, reply }) => {
      const outcome = await useCases.defineItem(sku, body, context);
      return answerOutcome(outcome, reply, {
        status: 200,
        body: ({ revision, updatedAt }) => ({ sku, ...body, revision, updatedAt }),
      });
    },
  });

  read({
    operation: 'getItem',
    url: '/v1/items/:sku',
    tag,
    summary: 'One item',
    params: ItemPath,
    answers: { 200: ref(Item), 304: NotModified },
    problems: ['ITEM_NOT_FOUND'],
    models: [items.model],
    isCached: true,
    handle: async ({ params: { sku }, request, reply, cachedRead }) => {
      const item = await cachedRead(cached.item(sku));
      if (item === null) throw new Problem('ITEM_NOT_FOUND', 'No such item.');
      return showResource(item, { request, reply });
    },
  });

  read({
    operation: 'listItems',
    url: '/v1/items',
    tag,
    summary: 'Items, by SKU',
    query: Closed(PageQuery),
    answers: { 200: PageOf(ref(Item)) },
    problems: ['INVALID_CURSOR'],
    models: [items.model],
    handle: async ({ query }) => answerPage(await items.queries.list(pageRequestOf(query)), (item) => item),
  });

  read({
    operation: 'getAvailability',
    url: '/v1/items/:sku/availability',
    tag,
    summary: 'What can be sold of an item: in each warehouse, and in all',
    description:
      'With `at`, also what inbound shipments are to bring by then, with the lines that are counted. What is late counts as ' +
      'long as it is expected; orders that wait are not taken off.',
    params: ItemPath,
    query: AvailabilityQuery,
    answers: { 200: ref(Availability) },
    problems: ['ITEM_NOT_FOUND'],
    models: [stockLevels.model, skuWarehouses.model, warehouses.model, items.model],
    isCached: true,
    handle: async ({ params: { sku }, query, reach, cachedRead }) => {
      const holdings = await cachedRead(cached.holdings(sku));
      const levels = holdings?.levels.filter(({ warehouseId }) => reachesWarehouse(reach, warehouseId)) ?? [];
      if (holdings === null || (levels.length === 0 && !holdings.hasItem)) {
        throw new Problem('ITEM_NOT_FOUND', 'No such item.');
      }
      return availabilityOf(sku, { ...holdings, levels }, rankFor(query, countryPoint), query.at);
    },
  });
};
