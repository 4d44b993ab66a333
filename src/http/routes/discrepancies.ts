/** What left or was lost and the ledger did not have (T28): looked through until somebody has counted. */
import type { DiscrepancyDocument } from '../../projections/discrepancies/projection.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { answerPage, pageRequestOf } from '../reads/lists.ts';
import type { Router } from '../route.ts';
import { Closed, PageOf, PageQuery, ref } from '../schemas/common.ts';
import { StockDiscrepancies } from '../schemas/discrepancies.ts';
import { WarehousePath } from '../schemas/stock.ts';

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
