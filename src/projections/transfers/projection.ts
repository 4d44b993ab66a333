/** Each transfer as it stands. The document carries the domain's own fold, so that what is read and what is decided agree. */

import type { TransferEvent } from '../../domain/transfer/events.ts';
import { transferVersions } from '../../domain/transfer/events.ts';
import { evolveTransfer, type KnownTransfer, statusOf, type TransferStatus } from '../../domain/transfer/state.ts';
import type { Pace } from '../../eventsourcing/projecting/builtReadModels.ts';
import type { DocumentQuery, Documents } from '../../eventsourcing/projecting/documents.ts';
import { newestOfAny } from '../../eventsourcing/projecting/mergedPages.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

export interface TransferDocument extends KnownTransfer {
  readonly status: TransferStatus;
  /** Both ends. */
  readonly warehouseIds: readonly string[];
  readonly skus: readonly string[];
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
  /** When it was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

export const transferDocument = (
  transfer: KnownTransfer,
  { revision, updatedAt }: Pick<TransferDocument, 'revision' | 'updatedAt'>,
): TransferDocument => ({
  ...transfer,
  status: statusOf(transfer),
  warehouseIds: [transfer.fromWarehouseId, transfer.toWarehouseId],
  skus: [...new Set(transfer.lines.map(({ sku }) => sku))],
  revision,
  updatedAt,
});

export const transfers: Projection<TransferDocument, TransferEvent> = {
  name: 'transfers_v1',
  handles: Object.keys(transferVersions) as readonly TransferEvent['type'][],
  indexes: [['plannedAt'], ['status', 'plannedAt']],
  lists: ['warehouseIds', 'skus'],
  idsOf: ({ data: { transferId } }) => [transferId],
  apply: (document, event) => {
    const { revision, recordedAt: updatedAt } = event;
    const transfer = evolveTransfer(document ?? { phase: 'absent' }, event);
    return transfer.phase === 'absent' ? null : transferDocument(transfer, { revision, updatedAt });
  },
};

export interface TransfersQuery extends PageRequest {
  /** From or to any of these; absent: of all. */
  readonly warehouseIds?: readonly string[];
  readonly sku?: string;
  readonly status?: TransferStatus;
}

interface TransferQueries {
  get(transferId: string): Promise<TransferDocument | null>;
  /** Newest first by `plannedAt`. @throws InvalidCursor */
  list(query: TransfersQuery): Promise<Page<TransferDocument>>;
}

const newestFirst = { field: 'plannedAt', direction: 'descending' } as const;

export const createTransferQueries = (documents: Documents, collection: () => string, pace: Pace): TransferQueries => {
  const newest = (where: DocumentQuery['where'], page: PageRequest): Promise<Page<TransferDocument>> =>
    pageOf(documents, collection(), { where, orderBy: newestFirst }, page);

  return {
    get: async (transferId) => (await documents.get<TransferDocument>(collection(), transferId))?.document ?? null,
    list: ({ warehouseIds, sku, status, ...page }) => {
      const where = {
        ...(status === undefined ? {} : { status: { equals: status } }),
        ...(sku === undefined ? {} : { skus: { has: sku } }),
      };
      if (warehouseIds === undefined) return newest(where, page);
      const conditions = [...new Set(warehouseIds)].map((id) => ({ ...where, warehouseIds: { has: id } }));
      const placeOf = ({ plannedAt, transferId }: TransferDocument) => ({ time: plannedAt, id: transferId });
      return newestOfAny({ conditions, newest, placeOf, pace }, page);
    },
  };
};
