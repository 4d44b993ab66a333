/** How many events of ours the log holds: on a server, its positions don't tell. */
import { eventVersions, type LedgerEvent, type LedgerEventType } from '../../domain/events.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

interface LogCount {
  readonly events: number;
}

/** Its only document. */
const logCountId = 'log';

export const logCount: Projection<LogCount, LedgerEvent> = {
  name: 'log_count_v1',
  handles: Object.keys(eventVersions) as readonly LedgerEventType[],
  indexes: [],
  // Gathered: for whoever watches, who looks every few seconds.
  everyMs: 200,
  idsOf: () => [logCountId],
  apply: (document) => ({ events: (document?.events ?? 0) + 1 }),
};

export const createLogCountQueries = (documents: Documents, collection: () => string) => ({
  /** As of a moment ago. */
  events: async (): Promise<number> => (await documents.get<LogCount>(collection(), logCountId))?.document.events ?? 0,
});
