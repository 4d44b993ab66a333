import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type LogCount, logCountId } from './projection.ts';

export const createLogCountQueries = (documents: Documents, collection: () => string) => ({
  /** As of a moment ago. */
  events: async (): Promise<number> => (await documents.get<LogCount>(collection(), logCountId))?.document.events ?? 0,
});
