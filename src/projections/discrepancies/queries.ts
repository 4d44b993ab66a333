import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import type { DiscrepancyDocument } from './projection.ts';

export interface DiscrepancyQueries {
  /** The stocks of a warehouse with open ones, that with the newest first. @throws InvalidCursor */
  list(query: PageRequest & { readonly warehouseId: string }): Promise<Page<DiscrepancyDocument>>;
}

export const createDiscrepancyQueries = (documents: Documents, collection: () => string): DiscrepancyQueries => ({
  list: ({ warehouseId, ...page }) => {
    const where = { warehouseId: { equals: warehouseId } };
    return pageOf(documents, collection(), { where, orderBy: { field: 'latestAt', direction: 'descending' } }, page);
  },
});
