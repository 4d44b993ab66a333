import type { RecordedEvent } from '../../domain/message.ts';
import type { EventBatch } from '../../projections/ports.ts';

export interface Tail {
  push(events: readonly RecordedEvent[]): void;
  /** A slice after a position, or `undefined` when the tail does not reach back that far. */
  read(at: number, batchMax: number, types: ReadonlySet<string> | null): EventBatch | undefined;
}

/** Live followers are a few batches behind at most, and those that let events gather some 200 ms; older ones are read from the file. */
const eventsMax = 2_048;

/**
 * The newest events as they were committed, without gaps, shared by all live followers: without it, each of them would
 * read and parse each event again. Events are immutable, so sharing is safe.
 */
export const createTail = (): Tail => {
  let events: RecordedEvent[] = [];
  /** Position of `events[0]`. */
  let first = 0;

  const push = (committed: readonly RecordedEvent[]): void => {
    const start = Number(committed[0]?.position.commit ?? 0n);
    // Another process wrote in between: what we hold does not lead up to here.
    if (start !== first + events.length) {
      events = [];
      first = start;
    }
    events.push(...committed);
    if (events.length > 2 * eventsMax) {
      first += events.length - eventsMax;
      events = events.slice(-eventsMax);
    }
  };

  const read: Tail['read'] = (at, batchMax, types) => {
    const from = at + 1 - first;
    if (from < 0 || from >= events.length) return undefined;
    const slice = events.slice(from, from + batchMax);
    const last = slice.at(-1);
    if (last === undefined) return undefined;
    return {
      events: types === null ? slice : slice.filter(({ type }) => types.has(type)),
      upTo: last.position,
      isCaughtUp: from + slice.length === events.length,
    };
  };

  return { push, read };
};
