import type { Documents } from '../ports.ts';
import type { OpenReservationDocument } from './projection.ts';

export interface OpenReservationQueries {
  /** Those that are past their time at `now` (ISO 8601 UTC with milliseconds), the longest overdue first. */
  dueAt(now: string, limit: number): Promise<readonly OpenReservationDocument[]>;
}

export const createOpenReservationQueries = (
  documents: Documents,
  collection: () => string,
): OpenReservationQueries => ({
  dueAt: async (now, limit) => {
    // What is due comes first, so the oldest are read and the rest is cut off; `below` would leave out `now` itself,
    // at which the decider already lets a reservation expire.
    const oldest = await documents.find<OpenReservationDocument>(collection(), {
      where: {},
      orderBy: { field: 'expiresAt', direction: 'ascending' },
      limit,
    });
    return oldest.map(({ document }) => document).filter(({ expiresAt }) => expiresAt <= now);
  },
});
