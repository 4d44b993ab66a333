import type { Position, RecordedEvent } from '../../domain/message.ts';
import type { EventBatch, FollowOptions } from '../../projections/ports.ts';

export interface Tail {
  push(events: readonly RecordedEvent[]): void;
  /** A slice after a position, or `undefined` when the tail does not reach back that far. */
  read(at: number, options: FollowOptions): EventBatch | undefined;
  /** Resolves at the next push, on abort, or after `timeoutMs`. */
  next(signal: AbortSignal, timeoutMs: number): Promise<void>;
}

/** Live followers are a few batches behind at most; older events are read from the file. */
const eventsMax = 4_096;

/**
 * The newest events as they were committed, shared by all live followers: without it, each of them would read and
 * parse each event again. Events are immutable, so sharing is safe.
 */
export const createTail = (): Tail => {
  let events: RecordedEvent[] = [];
  let waiting = new Set<() => void>();

  const push = (committed: readonly RecordedEvent[]): void => {
    const last = events.at(-1);
    // Another process wrote in between: what we hold is no longer without gaps.
    if (last !== undefined && committed[0]?.position.commit !== last.position.commit + 1n) events = [];
    events.push(...committed);
    if (events.length > 2 * eventsMax) events = events.slice(-eventsMax);
    const awake = waiting;
    waiting = new Set();
    for (const wake of awake) wake();
  };

  const read = (at: number, { types, batchMax }: FollowOptions): EventBatch | undefined => {
    const first = events[0];
    if (first === undefined || Number(first.position.commit) > at + 1) return undefined;
    const slice = events.slice(at + 1 - Number(first.position.commit)).slice(0, batchMax);
    const upTo: Position | undefined = slice.at(-1)?.position;
    if (upTo === undefined) return undefined;
    return { events: types === undefined ? slice : slice.filter(({ type }) => types.includes(type)), upTo };
  };

  const next = (signal: AbortSignal, timeoutMs: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      waiting.add(done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });

  return { push, read, next };
};
