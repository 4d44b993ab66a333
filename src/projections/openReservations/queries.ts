import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import { type OpenReservationDocument, openReservationId } from './projection.ts';

export interface OpenReservationQueries {
  /** Those that are past their time at `now` (ISO 8601 UTC with milliseconds), the longest overdue first; `after`: those that follow it. */
  dueAt(now: string, limit: number, after?: OpenReservationDocument): Promise<readonly OpenReservationDocument[]>;
  /** All that are open, by id. @throws InvalidCursor */
  all(page: PageRequest): Promise<Page<OpenReservationDocument>>;
}

export const createOpenReservationQueries = (
  documents: Documents,
  collection: () => string,
): OpenReservationQueries => ({
  dueAt: async (now, limit, after) => {
    // `below` leaves out its bound, and at `now` itself the decider already lets a reservation expire. A range reads only
    // what is due: without it, all that was there and is gone would be walked over where it is kept for a while.
    const due = await documents.find<OpenReservationDocument>(collection(), {
      where: { expiresAt: { below: `${now}~` } },
      orderBy: { field: 'expiresAt', direction: 'ascending' },
      ...(after === undefined ? {} : { after: { value: after.expiresAt, id: openReservationId(after) } }),
      limit,
    });
    return due.map(({ document }) => document);
  },
  all: (page) => pageOf(documents, collection(), { where: {} }, page),
});
