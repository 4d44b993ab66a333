/**
 * An index over the whole log, for auditors (S7, R13.3). A document is written for every event, so it holds only what
 * is searched for, and where to find the event; the event itself stays in the log.
 */
import { eventVersions, type LedgerEvent, type LedgerEventType } from '../../domain/events.ts';
import { positionKey } from '../positionKey.ts';
import type { Projection } from '../projection.ts';

export interface EventHistoryDocument {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  /** The subject of whoever did it. */
  readonly actor: string;
  readonly correlationId: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly recordedAt: string;
}

/** Ids are positions, so that events of the same moment are in the order of the log. */
export const eventHistory: Projection<EventHistoryDocument, LedgerEvent> = {
  name: 'event_history_v1',
  handles: Object.keys(eventVersions) as readonly LedgerEventType[],
  // Each in the order of time, so that a page costs the same however long a time is asked for. The most telling one last:
  // of several that would do, SQLite takes the one that was made last.
  indexes: [['recordedAt'], ['type', 'recordedAt'], ['actor', 'recordedAt'], ['correlationId', 'recordedAt']],
  // Written for every event, into five indexes: gathered, their pages are written once for many.
  everyMs: 200,
  idsOf: ({ position }) => [positionKey(position)],
  apply: (_, { stream, revision, type, metadata, recordedAt }) => ({
    stream,
    revision,
    type,
    actor: metadata.actor.subject,
    correlationId: metadata.$correlationId,
    recordedAt,
  }),
};
