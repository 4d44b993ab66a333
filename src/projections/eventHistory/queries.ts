/**
 * Search in the log (API.md `GET /v1/audit/events`): the oldest first, by the tenth of a second in which they were
 * recorded, and within it by the log. It only grows at its end but for the clocks of several processes, so a page that
 * was read stays as it is, and costs the same however long a time is asked for. Up to a time that lies more than some
 * seconds back it is complete; whoever follows the log as it grows reads the feed, which is in log order.
 */
import type { RecordedEvent } from '../../domain/message.ts';
import { formatCursor, InvalidCursor, type Page, type PageRequest, parseCursor } from '../page.ts';
import type { DocumentQuery, Documents, EventSource, StoredDocument } from '../ports.ts';
import { revisionAfter, revisionCursor } from '../stockHistory/pages.ts';
import {
  type EventHistoryDocument,
  type EventHistoryEntry,
  isSlice,
  recordedAtOf,
  sliceBefore,
  sliceOf,
} from './projection.ts';

export interface EventHistoryQuery extends PageRequest {
  /** The name of one stream, which is then read itself, in its own order: it has events that the index has not seen yet. */
  readonly stream?: string;
  readonly type?: string;
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

/** Reads of single events at once: enough to hide the way to the store, too few to keep others from it. */
const loadsAtOnce = 16;
/** A slice of a stream that is read at once, and how many of them one request may look at. */
const eventsPerSlice = 500;
const slicesMax = 10;

/** Slices that are read at once, and how many of them one request may look at. */
const slicesAtOnce = 20;
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
interface Found {
  readonly entry: EventHistoryEntry;
  readonly slice: string;
  readonly index: number;
}

const matchesIn = (
  { id: slice, document }: StoredDocument<EventHistoryDocument>,
  query: EventHistoryQuery,
): readonly Found[] => {
  const { types, actors, correlationIds, entries } = document;
  return entries
    .map((entry, index) => ({ entry, slice, index }))
    .filter(
      ({ entry }) =>
        isWanted(query.type, types[entry.type]) &&
        isWanted(query.actor, actors[entry.actor]) &&
        isWanted(query.correlationId, correlationIds[entry.correlation]) &&
        isWithin(query, recordedAtOf(slice, entry)),
    );
};

interface Place {
  readonly slice: string;
  readonly index: number;
}

/** The slice after which to look; `null`: from the beginning. */
const startOf = (place: Place | null, from: string | undefined): string | null => {
  if (place !== null) return sliceBefore(place.slice);
  // A year of more than four digits has no slice: nothing was recorded then.
  return from === undefined || !isSlice(sliceOf(from)) ? null : sliceBefore(sliceOf(from));
};

const cursorOf = ({ slice, index }: Place): string => formatCursor({ value: index, id: slice });

/** @throws InvalidCursor */
const placeOf = (cursor: string): Place => {
  const { value, id } = parseCursor(cursor);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || !isSlice(id)) {
    throw new InvalidCursor('a cursor of another list');
  }
  return { slice: id, index: value };
};

const matches =
  (query: EventHistoryQuery) =>
  ({ type, metadata, recordedAt }: RecordedEvent): boolean =>
    isWanted(query.type, type) &&
    isWanted(query.actor, metadata.actor.subject) &&
    isWanted(query.correlationId, metadata.$correlationId) &&
    isWithin(query, recordedAt);

export const createEventHistoryQueries = (
  documents: Documents,
  collection: () => string,
  source: Pick<EventSource, 'readStream'>,
): EventHistoryQueries => {
  /** @throws Error when the index names what the log does not have: one of them was restored without the other. */
  const load = async ({ entry: { stream, revision } }: Found): Promise<RecordedEvent> => {
    const [event] = await source.readStream(stream, revision, 1);
    if (event?.revision !== revision)
      throw new Error(`${collection()} names ${stream}@${revision}, which is not in the log`);
    return event;
  };

  const loadAll = async (found: readonly Found[]): Promise<readonly RecordedEvent[]> => {
    const events: RecordedEvent[] = [];
    for (let from = 0; from < found.length; from += loadsAtOnce) {
      events.push(...(await Promise.all(found.slice(from, from + loadsAtOnce).map(load))));
    }
    return events;
  };

  /** The matches of the next slices, and where these end; `null` when there are no more. */
  const look = async (query: EventHistoryQuery, after: string | null) => {
    const { to } = query;
    const slices = await documents.find<EventHistoryDocument>(collection(), {
      where: whereOf(query),
      ...(after === null ? {} : { after: { value: null, id: after } }),
      limit: slicesAtOnce,
    });
    const last = slices.at(-1);
    const isOver = last === undefined || slices.length < slicesAtOnce || (to !== undefined && last.id >= sliceOf(to));
    const end: Place | null = isOver ? null : { slice: last.id, index: last.document.entries.length - 1 };
    return { matches: slices.flatMap((slice) => matchesIn(slice, query)), end };
  };

  const findByIndex = async (query: EventHistoryQuery): Promise<Page<RecordedEvent>> => {
    const { limit, cursor, from } = query;
    const place = cursor === undefined ? null : placeOf(cursor);
    const start = startOf(place, from);
    const isAhead = ({ slice, index }: Found): boolean => slice !== place?.slice || index > place.index;
    const found: Found[] = [];
    let end: Place | null = null;
    for (let looked = 0; looked < historySlicesMax; looked += slicesAtOnce) {
      const next = await look(query, end?.slice ?? start);
      found.push(...next.matches.filter(isAhead));
      ({ end } = next);
      const last = found[limit - 1];
      // One more than asked for tells that there is a next page.
      if (last !== undefined && found.length > limit) {
        return { items: await loadAll(found.slice(0, limit)), nextCursor: cursorOf(last) };
      }
      if (end === null) break;
    }
    return { items: await loadAll(found), nextCursor: end === null ? null : cursorOf(end) };
  };

  const findInStream = async (stream: string, query: EventHistoryQuery): Promise<Page<RecordedEvent>> => {
    const { limit, cursor } = query;
    const isMatch = matches(query);
    const found: RecordedEvent[] = [];
    let next = (revisionAfter(stream, cursor) ?? -1) + 1;
    for (let slices = 0; slices < slicesMax; slices += 1) {
      const slice = await source.readStream(stream, next, eventsPerSlice);
      found.push(...slice.filter(isMatch));
      const [items, beyond] = [found.slice(0, limit), found[limit]];
      // One more than asked for tells that there is a next page.
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
