/** Stocks: now, as of a time, their history, why a figure is what it is, and what the ledger did not have. */
import type { DiscrepancyDocument } from '../../projections/discrepancies/projection.ts';
import { momentOf } from '../../projections/moment.ts';
import { showStock } from '../commands/answers.ts';
import { showResource } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { createCachedReads } from '../reads/cachedReads.ts';
import { answerPage, answerPageOf, pageRequestOf } from '../reads/lists.ts';
import { showHistory } from '../reads/visibleFields.ts';
import type { Router } from '../route.ts';
import { Closed, NotModified, PageOf, PageQuery, PublicEvent, ref } from '../schemas/common.ts';
import { AsOfQuery, ExplainQuery, Explanation, StockDiscrepancies } from '../schemas/history.ts';
import { InventoryQuery, StockLevel, StockPath, WarehousePath } from '../schemas/stock.ts';

const tag = 'Inventory';
const url = '/v1/warehouses/:warehouseId/inventory/:sku';

const noStock = (): Problem => new Problem('STOCK_NOT_FOUND', 'This SKU is not registered in this warehouse.');

export const registerInventoryReads = ({ read }: Router, { readModels, personalData }: HttpPorts): void => {
  const { stockLevels, items, warehouses, stockHistory } = readModels;
  const cached = createCachedReads(readModels);

  read({
    operation: 'getInventory',
    url,
    tag,
    summary: 'One stock: now, or as of a time',
    description:
      '`asOf` counts what had happened by then, `knownAt` only what had been recorded by then. Such an answer has ' +
      'the revision of the last event that counted.',
    params: StockPath,
    query: AsOfQuery,
    answers: { 200: ref(StockLevel), 304: NotModified },
    problems: ['STOCK_NOT_FOUND'],
    models: [stockLevels.model, items.model],
    isCached: true,
    isExpensive: ({ asOf, knownAt }) => asOf !== undefined || knownAt !== undefined,
    handle: async ({ params: { warehouseId, sku }, query: { asOf, knownAt }, request, reply, cachedRead }) => {
      if (asOf === undefined && knownAt === undefined) {
        const stock = await cachedRead(cached.stock(warehouseId, sku));
        if (stock === null) throw noStock();
        const { level, item } = stock;
        return showResource(showStock(level, item), { request, reply }, item?.revision);
      }
      const level = await stockHistory.asOf({ warehouseId, sku }, momentOf({ asOf, knownAt }));
      if (level === null) throw noStock();
      return showStock(level, await items.queries.description(sku));
    },
  });

  read({
    operation: 'listInventory',
    url: '/v1/warehouses/:warehouseId/inventory',
    tag,
    summary: 'The stocks of a warehouse, by SKU',
    params: WarehousePath,
    query: InventoryQuery,
    answers: { 200: PageOf(ref(StockLevel)) },
    problems: ['WAREHOUSE_NOT_FOUND', 'INVALID_CURSOR'],
    models: [stockLevels.model, items.model, warehouses.model],
    handle: async ({ params: { warehouseId }, query }) => {
      if ((await warehouses.queries.get(warehouseId)) === null) {
        throw new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
      }
      const { sku, q, belowSafetyStock } = query;
      const page = await stockLevels.queries.list({
        warehouseId,
        ...pageRequestOf(query),
        ...(sku === undefined ? {} : { sku }),
        ...(q === undefined ? {} : { skuPrefix: q }),
        ...(belowSafetyStock === undefined ? {} : { belowSafetyStock }),
      });
      const known = await items.queries.getMany(page.items.map((level) => level.sku));
      return answerPage(page, (level) => showStock(level, known.get(level.sku) ?? null));
    },
  });

  read({
    operation: 'getInventoryHistory',
    url: `${url}/history`,
    tag,
    summary: 'The events of a stock, in their order',
    params: StockPath,
    query: Closed(PageQuery),
    answers: { 200: PageOf(ref(PublicEvent)) },
    problems: ['STOCK_NOT_FOUND', 'INVALID_CURSOR'],
    models: [stockLevels.model],
    handle: async ({ params: { warehouseId, sku }, query, reach }) => {
      if ((await stockLevels.queries.get(warehouseId, sku)) === null) throw noStock();
      const page = await stockHistory.history({ warehouseId, sku }, pageRequestOf(query));
      return answerPageOf(page, (event) => showHistory(event, reach, personalData));
    },
  });

  read({
    operation: 'explainInventory',
    url: `${url}/explain`,
    tag,
    summary: 'Why a figure is what it is: the causes, whose differences add up to it',
    params: StockPath,
    query: ExplainQuery,
    isExpensive: () => true,
    cost: 5,
    answers: { 200: ref(Explanation) },
    problems: ['STOCK_NOT_FOUND', 'INVALID_CURSOR'],
    models: [stockLevels.model],
    handle: async ({ params: { warehouseId, sku }, query }) => {
      const field = query.field ?? 'available';
      if ((await stockLevels.queries.get(warehouseId, sku)) === null) throw noStock();
      const explained = await stockHistory.explain({ warehouseId, sku, field }, pageRequestOf(query));
      const { before, after } = explained;
      return { field, before, after, ...answerPage(explained, (cause) => cause) };
    },
  });
};

const show = ({ warehouseId, sku, missing, count, latestAt, newest }: DiscrepancyDocument): object => ({
  warehouseId,
  sku,
  missing,
  count,
  latestAt,
  newest: newest.map(({ revision, occurredAt, recordedAt, ...about }) => ({
    revision,
    occurredAt,
    recordedAt,
    missing: about.missing,
    cause: about.cause,
    reason: about.reason ?? null,
    reference: about.reference ?? null,
    shipmentId: about.shipmentId ?? null,
    reservationId: about.reservationId ?? null,
    orderId: about.orderId ?? null,
    lineId: about.lineId ?? null,
  })),
});

/** Stocks from which more left or was lost than the ledger had (T28), until they are counted. */
export const registerDiscrepancies = ({ read }: Router, { readModels }: HttpPorts): void => {
  const { discrepancies, warehouses } = readModels;

  read({
    operation: 'listDiscrepancies',
    url: '/v1/warehouses/:warehouseId/discrepancies',
    tag: 'Inventory',
    summary: 'Stocks from which more was taken than the ledger had, the latest first',
    description:
      'A stock is listed from the first such fact until it is counted (`PUT …/inventory/{sku}`), or registered anew after ' +
      'it was retired.',
    params: WarehousePath,
    query: Closed(PageQuery),
    answers: { 200: PageOf(ref(StockDiscrepancies)) },
    problems: ['WAREHOUSE_NOT_FOUND', 'INVALID_CURSOR'],
    models: [discrepancies.model, warehouses.model],
    handle: async ({ params: { warehouseId }, query }) => {
      if ((await warehouses.queries.get(warehouseId)) === null) {
        throw new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
      }
      return answerPage(await discrepancies.queries.list({ warehouseId, ...pageRequestOf(query) }), show);
    },
  });
};
