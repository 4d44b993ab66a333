/**
 * Stocks with facts that were about more pieces than the ledger knew of (T28), a document for each stock. It goes
 * once a count, or another registration with goods, has said what is there.
 */
import type { StockCounted, StockDiscrepancyRecorded, StockRegistered } from '../../domain/stock/events.ts';
import { unreachable } from '../../eventsourcing/message.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import type { Projection, Recorded } from '../../eventsourcing/projecting/projection.ts';
import { stockLevelId } from '../stockLevels/projection.ts';

interface Discrepancy extends Omit<StockDiscrepancyRecorded['data'], 'warehouseId' | 'sku' | 'after'> {
  /** Of its event, in the stream of the stock. */
  readonly revision: number;
  /** Business time and ours, ISO 8601 UTC. */
  readonly occurredAt: string;
  readonly recordedAt: string;
}

export interface DiscrepancyDocument {
  readonly warehouseId: string;
  readonly sku: string;
  /** Pieces of all of them. */
  readonly missing: number;
  readonly count: number;
  /** When the newest was recorded, ISO 8601 UTC. */
  readonly latestAt: string;
  /** The newest first, at most `newestMax`. */
  readonly newest: readonly Discrepancy[];
}

/** A stock that nobody counts goes on gathering them; the history of the stock has all. */
export const newestMax = 20;

const discrepancyOf = ({ revision, occurredAt, recordedAt, data }: Recorded<StockDiscrepancyRecorded>): Discrepancy => {
  const { warehouseId: _, sku: __, after: ___, ...about } = data;
  return { ...about, revision, occurredAt, recordedAt };
};

export const discrepancies: Projection<DiscrepancyDocument, StockDiscrepancyRecorded | StockCounted | StockRegistered> =
  {
    name: 'discrepancies_v2',
    handles: ['StockDiscrepancyRecorded', 'StockCounted', 'StockRegistered'],
    indexes: [['warehouseId', 'latestAt']],
    idsOf: ({ data: { warehouseId, sku } }) => [stockLevelId(warehouseId, sku)],
    apply: (document, event) => {
      switch (event.type) {
        case 'StockDiscrepancyRecorded': {
          const { warehouseId, sku, missing } = event.data;
          return {
            warehouseId,
            sku,
            missing: (document?.missing ?? 0) + missing,
            count: (document?.count ?? 0) + 1,
            latestAt: event.recordedAt,
            newest: [discrepancyOf(event), ...(document?.newest ?? [])].slice(0, newestMax),
          };
        }
        case 'StockCounted':
          return null;
        case 'StockRegistered':
          // A fact opens a retired stock with nothing: that says nothing of what is missing.
          return event.data.onHand > 0 ? null : document;
        default:
          return unreachable(event);
      }
    },
  };

interface DiscrepancyQueries {
  /** The stocks of a warehouse with open ones, that with the newest first. @throws InvalidCursor */
  list(query: PageRequest & { readonly warehouseId: string }): Promise<Page<DiscrepancyDocument>>;
}

export const createDiscrepancyQueries = (documents: Documents, collection: () => string): DiscrepancyQueries => ({
  list: ({ warehouseId, ...page }) => {
    const where = { warehouseId: { equals: warehouseId } };
    return pageOf(documents, collection(), { where, orderBy: { field: 'latestAt', direction: 'descending' } }, page);
  },
});
