/**
 * Search in the log (docs/openapi.json, `GET /v1/audit/events`): the oldest first, by the tenth of a second in which
 * they were recorded, and within it by the log. It only grows at its end but for the clocks of several processes, so a
 * page that was read stays as it is, and costs the same however long a time is asked for. Up to a time that lies more
 * than some seconds back it is complete; a reader that follows the log as it grows takes the feed, which is in log
 * order.
 */
import type { RecordedEvent } from '../../eventsourcing/message.ts';
import type { EventSource } from '../../eventsourcing/ports.ts';
import type { Pace } from '../../eventsourcing/projecting/builtReadModels.ts';
import type { DocumentQuery, Documents, StoredDocument } from '../../eventsourcing/projecting/documents.ts';
import { countWithin, type Page, type PageRequest, pageCharsMax } from '../../eventsourcing/projecting/page.ts';
import { revisionAfter, revisionCursor } from '../stockHistory/explain.ts';
import {
  cursorOf,
  type EventHistoryDocument,
  type EventHistoryEntry,
  type HistoryPlace,
  placeOf,
  recordedAtOf,
  sliceOf,
  startOf,
} from './projection.ts';

export interface EventHistoryQuery extends PageRequest {
  /** The name of one stream, which is then read itself, in its own order: it has events that the index has not seen yet. */
  readonly stream?: string;
  readonly type?: string;
  /** Any of these; beside `type`, both must be so. */
  readonly types?: ReadonlySet<string>;
  /** A subject. */
  readonly actor?: string;
  readonly correlationId?: string;
  /** Recorded at this time or later, ISO 8601 UTC with milliseconds. */
  readonly from?: string;
  /** Recorded before this time. */
  readonly to?: string;
}

export interface EventHistoryQueries {
  /**
   * The events that match all filters. A page may be short, even empty, and still have a next one: one request looks
   * at a bounded part of a stream. @throws InvalidCursor
   */
  find(query: EventHistoryQuery): Promise<Page<RecordedEvent>>;
}

/** Reads of single events at once: enough to hide the way to the store; each may have half a megabyte. */
const loadsAtOnce = 8;
/** A slice of a stream that is read at once, and how many of them one request may look at. */
const eventsPerSlice = 25;
const slicesMax = 200;

/** Slices that are read at once, each with some thousand entries; and how many of them one request may look at. */
const slicesAtOnce = 2;
const historySlicesMax = 500;

const whereOf = ({ type, actor, correlationId }: EventHistoryQuery): DocumentQuery['where'] => ({
  ...(correlationId === undefined ? {} : { correlationIds: { has: correlationId } }),
  ...(actor === undefined ? {} : { actors: { has: actor } }),
  ...(type === undefined ? {} : { types: { has: type } }),
});

const isWanted = (wanted: string | undefined, value: string | undefined): boolean =>
  wanted === undefined || wanted === value;
const isWithin = ({ from, to }: EventHistoryQuery, recordedAt: string): boolean =>
  (from === undefined || recordedAt >= from) && (to === undefined || recordedAt < to);

/** An entry and its place: that of its slice, and in it. */
interface FoundEntry {
  readonly entry: EventHistoryEntry;
  readonly slice: string;
  readonly index: number;
}

const matchesIn = (
  { id: slice, document }: StoredDocument<EventHistoryDocument>,
  query: EventHistoryQuery,
): readonly FoundEntry[] => {
  const { types, actors, correlationIds, entries } = document;
  return entries
    .map((entry, index) => ({ entry, slice, index }))
    .filter(
      ({ entry }) =>
        isWanted(query.type, types[entry.type]) &&
        query.types?.has(types[entry.type] ?? '') !== false &&
        isWanted(query.actor, actors[entry.actor]) &&
        isWanted(query.correlationId, correlationIds[entry.correlation]) &&
        isWithin(query, recordedAtOf(slice, entry)),
    );
};

const charsOf = ({ data }: RecordedEvent): number => JSON.stringify(data).length;
const matches =
  (query: EventHistoryQuery) =>
  ({ type, metadata, recordedAt }: RecordedEvent): boolean =>
    isWanted(query.type, type) &&
    query.types?.has(type) !== false &&
    isWanted(query.actor, metadata.actor.subject) &&
    isWanted(query.correlationId, metadata.$correlationId) &&
    isWithin(query, recordedAt);

export const createEventHistoryQueries = (
  documents: Documents,
  collection: () => string,
  { source, pace }: { readonly source: Pick<EventSource, 'readStream'>; readonly pace: Pace },
): EventHistoryQueries => {
  /** @throws Error when the index names what the log does not have: one of them was restored without the other. */
  const load = async ({ entry: { stream, revision } }: FoundEntry): Promise<RecordedEvent> => {
    const [event] = await source.readStream(stream, revision, 1);
    if (event?.revision !== revision)
      throw new Error(`${collection()} names ${stream}@${revision}, which is not in the log`);
    return event;
  };

  /** Those that fit on a page: fewer than were found where they are large. */
  const loadPage = async (found: readonly FoundEntry[]): Promise<readonly RecordedEvent[]> => {
    const events: RecordedEvent[] = [];
    let chars = 0;
    for (let from = 0; from < found.length; from += loadsAtOnce) {
      await pace();
      for (const event of await Promise.all(found.slice(from, from + loadsAtOnce).map(load))) {
        events.push(event);
        chars += charsOf(event);
        if (chars >= pageCharsMax) return events;
      }
    }
    return events;
  };

  /** The matches of the next slices, and where these end; `null` when there are no more. */
  const look = async (query: EventHistoryQuery, after: string | null) => {
    const { to } = query;
    await pace();
    const slices = await documents.find<EventHistoryDocument>(collection(), {
      where: whereOf(query),
      ...(after === null ? {} : { after: { value: null, id: after } }),
      limit: slicesAtOnce,
    });
    const last = slices.at(-1);
    const isOver = last === undefined || slices.length < slicesAtOnce || (to !== undefined && last.id >= sliceOf(to));
    const end: HistoryPlace | null = isOver ? null : { slice: last.id, index: last.document.entries.length - 1 };
    return { matches: slices.flatMap((slice) => matchesIn(slice, query)), end };
  };

  /** Ends where it had no more room, or at `end`. */
  const pageOfFound = async (found: readonly FoundEntry[], end: HistoryPlace | null): Promise<Page<RecordedEvent>> => {
    const items = await loadPage(found);
    const last = items.length < found.length ? found[items.length - 1] : end;
    return { items, nextCursor: last === null || last === undefined ? null : cursorOf(last) };
  };

  const findByIndex = async (query: EventHistoryQuery): Promise<Page<RecordedEvent>> => {
    const { limit, cursor, from } = query;
    const place = cursor === undefined ? null : placeOf(cursor);
    const start = startOf(place, from);
    const isAhead = ({ slice, index }: FoundEntry): boolean => slice !== place?.slice || index > place.index;
    const found: FoundEntry[] = [];
    let end: HistoryPlace | null = null;
    for (let looked = 0; looked < historySlicesMax; looked += slicesAtOnce) {
      const next = await look(query, end?.slice ?? start);
      found.push(...next.matches.filter(isAhead));
      ({ end } = next);
      const last = found[limit - 1];
      // One more than asked for tells that there is a next page.
      if (last !== undefined && found.length > limit) {
        return pageOfFound(found.slice(0, limit), last);
      }
      if (end === null) break;
    }
    return pageOfFound(found, end);
  };

  const findInStream = async (stream: string, query: EventHistoryQuery): Promise<Page<RecordedEvent>> => {
    const { limit, cursor } = query;
    const isMatch = matches(query);
    const found: RecordedEvent[] = [];
    let next = (revisionAfter(stream, cursor) ?? -1) + 1;
    for (let slices = 0; slices < slicesMax; slices += 1) {
      await pace();
      const slice = await source.readStream(stream, next, eventsPerSlice);
      found.push(...slice.filter(isMatch));
      const fitting = Math.min(limit, countWithin(found, charsOf));
      const [items, beyond] = [found.slice(0, fitting), found[fitting]];
      // One more than has room tells that there is a next page.
      if (beyond !== undefined) return { items, nextCursor: revisionCursor(stream, beyond.revision - 1) };
      if (slice.length < eventsPerSlice) return { items, nextCursor: null };
      next += slice.length;
    }
    return { items: found, nextCursor: revisionCursor(stream, next - 1) };
  };

  return {
    find: (query) => (query.stream === undefined ? findByIndex(query) : findInStream(query.stream, query)),
  };
};
