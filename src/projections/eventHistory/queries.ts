/**
 * Search in the log (API.md `GET /v1/audit/events`): the oldest first, in the order in which events were recorded, which
 * is the order of the log but for the clocks of several processes. It only grows at its end, so a page that was read
 * stays as it is, and goes from page to page by an index however long a time is asked for. Up to a time that lies more
 * than some seconds back it is complete; whoever follows the log as it grows reads the feed, which is in log order.
 */
import type { RecordedEvent } from '../../domain/message.ts';
import { type Page, type PageRequest, pageOf } from '../page.ts';
import type { DocumentQuery, Documents, EventSource } from '../ports.ts';
import { revisionAfter, revisionCursor } from '../stockHistory/pages.ts';
import type { EventHistoryDocument } from './projection.ts';

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

const oldestFirst = { field: 'recordedAt', direction: 'ascending' } as const;

const whereOf = ({ type, actor, correlationId, from, to }: EventHistoryQuery): DocumentQuery['where'] => ({
  ...(correlationId === undefined ? {} : { correlationId: { equals: correlationId } }),
  ...(actor === undefined ? {} : { actor: { equals: actor } }),
  ...(type === undefined ? {} : { type: { equals: type } }),
  ...(from === undefined && to === undefined
    ? {}
    : { recordedAt: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { below: to }) } }),
});

const matches = ({ type, actor, correlationId, from, to }: EventHistoryQuery) => {
  const isWanted = (wanted: string | undefined, value: string): boolean => wanted === undefined || wanted === value;
  return (event: RecordedEvent): boolean =>
    isWanted(type, event.type) &&
    isWanted(actor, event.metadata.actor.subject) &&
    isWanted(correlationId, event.metadata.$correlationId) &&
    (from === undefined || event.recordedAt >= from) &&
    (to === undefined || event.recordedAt < to);
};

export const createEventHistoryQueries = (
  documents: Documents,
  collection: () => string,
  source: Pick<EventSource, 'readStream'>,
): EventHistoryQueries => {
  /** @throws Error when the index names what the log does not have: one of them was restored without the other. */
  const load = async ({ stream, revision }: EventHistoryDocument): Promise<RecordedEvent> => {
    const [event] = await source.readStream(stream, revision, 1);
    if (event?.revision !== revision)
      throw new Error(`${collection()} names ${stream}@${revision}, which is not in the log`);
    return event;
  };

  const findByIndex = async (query: EventHistoryQuery): Promise<Page<RecordedEvent>> => {
    const search = { where: whereOf(query), orderBy: oldestFirst };
    const found = await pageOf<EventHistoryDocument>(documents, collection(), search, query);
    const items: RecordedEvent[] = [];
    for (let from = 0; from < found.items.length; from += loadsAtOnce) {
      items.push(...(await Promise.all(found.items.slice(from, from + loadsAtOnce).map(load))));
    }
    return { items, nextCursor: found.nextCursor };
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
