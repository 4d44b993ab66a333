import type { Documents } from '../ports.ts';
import { type LogCount, logCountId } from './projection.ts';

export const createLogCountQueries = (documents: Documents, collection: () => string) => ({
  /** A second behind at the most. */
  events: async (): Promise<number> => (await documents.get<LogCount>(collection(), logCountId))?.document.events ?? 0,
});
