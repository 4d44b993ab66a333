/**
 * An index over the whole log, for auditors (S7, R13.3): a document for each tenth of a second in which something was
 * recorded, as one for each event would cost more than the event itself. It holds only what is searched for, and where
 * to find the events; they themselves stay in the log.
 */
import { eventVersions, type LedgerEvent, type LedgerEventType } from '../../domain/events.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { formatCursor, InvalidCursor, parseCursor } from '../../eventsourcing/projecting/page.ts';
import type { Projection, Recorded } from '../../eventsourcing/projecting/projection.ts';

/** An event of the slice. The numbers point into the lists of its document. */
export interface EventHistoryEntry {
  readonly stream: string;
  readonly revision: number;
  readonly type: number;
  readonly actor: number;
  readonly correlation: number;
  /** Digits of the time that the slice leaves open: hundredths and thousandths of a second. */
  readonly recorded: string;
}

export interface EventHistoryDocument {
  readonly types: readonly string[];
  /** Subjects of the actors. */
  readonly actors: readonly string[];
  /** One that comes back after another may be there twice. */
  readonly correlationIds: readonly string[];
  /** In the order of the log; only ever added to, so that the place of an entry stays what it is. */
  readonly entries: readonly EventHistoryEntry[];
}

/** `2026-03-01T08:00:00.0`: the texts of slices are in the order of time. */
const sliceLength = 21;
const sliceMs = 100;
const slicePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d$/;

/** Whether a text from outside names a slice: of the form, and a time that there is. */
const isSlice = (text: string): boolean => slicePattern.test(text) && !Number.isNaN(Date.parse(`${text}00Z`));

/** `recordedAt` is ISO 8601 UTC with milliseconds, as our clock gives it. */
export const sliceOf = (recordedAt: string): string => recordedAt.slice(0, sliceLength);

/** The last slice that ends before this one begins. */
export const sliceBefore = (slice: string): string =>
  sliceOf(new Date(Date.parse(`${slice}00Z`) - sliceMs).toISOString());

export const recordedAtOf = (slice: string, { recorded }: EventHistoryEntry): string => `${slice}${recorded}Z`;

/** Where the value stands in the list, looked for at `from` and after; it is added when it is not there. */
const placeIn = (list: string[], value: string, from = 0): number => {
  const at = list.indexOf(value, from);
  return at < 0 ? list.push(value) - 1 : at;
};

/** All at once: a document for each event in between would copy these lists for each of them. */
const add = (before: EventHistoryDocument | null, events: readonly Recorded<LedgerEvent>[]): EventHistoryDocument => {
  const types = [...(before?.types ?? [])];
  const actors = [...(before?.actors ?? [])];
  const correlationIds = [...(before?.correlationIds ?? [])];
  const entries = [...(before?.entries ?? [])];
  for (const { stream, revision, type, metadata, recordedAt } of events) {
    entries.push({
      stream,
      revision,
      type: placeIn(types, type),
      actor: placeIn(actors, metadata.actor.subject),
      // There are as many of them as commands, and events of one command stand together: looking further is not worth it.
      correlation: placeIn(correlationIds, metadata.$correlationId, Math.max(0, correlationIds.length - 1)),
      recorded: recordedAt.slice(sliceLength, -1),
    });
  }
  return { types, actors, correlationIds, entries };
};

export const eventHistory: Projection<EventHistoryDocument, LedgerEvent> = {
  name: 'event_history_v1',
  handles: Object.keys(eventVersions) as readonly LedgerEventType[],
  indexes: [],
  lists: ['types', 'actors', 'correlationIds'],
  // Gathered, so that a slice is written once or twice.
  everyMs: 200,
  idsOf: ({ recordedAt }) => [sliceOf(recordedAt)],
  apply: (document, event) => add(document, [event]),
  applyAll: add,
};

// Where a page of the history ended, and where the next one begins.

export interface HistoryPlace {
  readonly slice: string;
  readonly index: number;
}

/** The slice after which to look; `null`: from the beginning. */
export const startOf = (place: HistoryPlace | null, from: string | undefined): string | null => {
  if (place !== null) return sliceBefore(place.slice);
  // A year of more than four digits has no slice: nothing was recorded then.
  return from === undefined || !isSlice(sliceOf(from)) ? null : sliceBefore(sliceOf(from));
};

export const cursorOf = ({ slice, index }: HistoryPlace): string => formatCursor({ value: index, id: slice });

/** @throws InvalidCursor */
export const placeOf = (cursor: string): HistoryPlace => {
  const { value, id } = parseCursor(cursor);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || !isSlice(id)) {
    throw new InvalidCursor('a cursor of another list');
  }
  return { slice: id, index: value };
};

/** How many events of ours the log holds: on a server, its positions don't tell. */

interface LogCount {
  readonly events: number;
}

/** Its only document. */
const logCountId = 'log';

export const logCount: Projection<LogCount, LedgerEvent> = {
  name: 'log_count_v1',
  handles: Object.keys(eventVersions) as readonly LedgerEventType[],
  indexes: [],
  // Gathered: its readers look every few seconds.
  everyMs: 200,
  idsOf: () => [logCountId],
  apply: (document) => ({ events: (document?.events ?? 0) + 1 }),
};

export const createLogCountQueries = (documents: Documents, collection: () => string) => ({
  /** As of a moment ago. */
  events: async (): Promise<number> => (await documents.get<LogCount>(collection(), logCountId))?.document.events ?? 0,
});
