/** Transfers as they stand, for who reaches one of their ends. */
import { showResource } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { answerPage, pageRequestOf } from '../reads/lists.ts';
import { ifReached, requireWarehouses, showTransfer } from '../reads/transfers.ts';
import type { Router } from '../route.ts';
import { NotModified, PageOf, ref } from '../schemas/common.ts';
import { Transfer, TransferPath, TransfersQuery } from '../schemas/transfers.ts';

const tag = 'Transfers';

export const registerTransferReads = ({ read }: Router, { readModels: { transfers } }: HttpPorts): void => {
  read({
    operation: 'getTransfer',
    url: '/v1/transfers/:transferId',
    tag,
    summary: 'One transfer, with what of it is on its way',
    params: TransferPath,
    answers: { 200: ref(Transfer), 304: NotModified },
    problems: ['TRANSFER_NOT_FOUND'],
    models: [transfers.model],
    handle: async ({ params: { transferId }, reach, request, reply }) => {
      const transfer = ifReached(await transfers.queries.get(transferId), reach);
      return showResource(showTransfer(transfer, reach), { request, reply });
    },
  });

  read({
    operation: 'listTransfers',
    url: '/v1/transfers',
    tag,
    summary: 'Transfers from and to warehouses in reach, the newest first',
    query: TransfersQuery,
    answers: { 200: PageOf(ref(Transfer)) },
    problems: ['INVALID_CURSOR', 'WAREHOUSE_NOT_FOUND'],
    models: [transfers.model],
    handle: async ({ query, reach }) => {
      const { warehouseId, sku, status } = query;
      if (warehouseId !== undefined) requireWarehouses(reach, warehouseId);
      const own = reach.warehouses === 'all' ? undefined : reach.warehouses;
      const warehouseIds = warehouseId === undefined ? own : [warehouseId];
      const page = await transfers.queries.list({
        ...pageRequestOf(query),
        ...(warehouseIds === undefined ? {} : { warehouseIds }),
        ...(sku === undefined ? {} : { sku }),
        ...(status === undefined ? {} : { status }),
      });
      return answerPage(page, (transfer) => showTransfer(transfer, reach));
    },
  });
};
