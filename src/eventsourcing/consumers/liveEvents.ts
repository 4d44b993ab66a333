/**
 * What happens, as it happens, to anyone in this process: the live stream (docs/openapi.json) and `Prefer: wait`.
 * One follower of the log for all of them. Nothing is kept for a listener: what it must not miss, it reads from the log.
 */
import type { Position, RecordedEvent } from '../message.ts';
import type { Checkpoints, EventSource } from '../ports.ts';
import { type Consumer, type ConsumerOptions, createConsumer, ownLeases } from './consumer.ts';
import { createConsumerProgress } from './consumerProgress.ts';

/** Called in the order of the log, for each event. Must be quick: everybody waits for it. */
export type LiveListener = (event: RecordedEvent) => void;

export interface LiveEvents extends Consumer {
  /**
   * Returns what unsubscribes. The first event may be older than the subscription, never newer than the next one in the
   * log: who subscribes first, then reads the log to its head, and skips positions it has seen, misses nothing.
   * A listener that throws is reported and left out from then on.
   */
  subscribe(listener: LiveListener): () => void;
  /**
   * The first event from now on that matches; `null` after `timeoutMs`. Ask before the event can happen.
   * A predicate that throws is reported and matches nothing any more.
   */
  waitForEvent(predicate: (event: RecordedEvent) => boolean, timeoutMs: number): Promise<RecordedEvent | null>;
}

const name = 'live_events';
/** Small, as all listeners are called for a whole batch before anything else gets its turn. */
const batchMax = 256;

/** Begins at the newest event, and after a failure where it stood: in memory, as nobody listens before the start. */
const fromHead = (source: EventSource): Checkpoints => {
  let at: Position | null | undefined;
  const get = async (): Promise<Position | null> => {
    if (at === undefined) at = await source.head();
    return at;
  };
  return {
    get,
    take: get,
    advance: async (_, { to }) => {
      at = to;
      return 'advanced';
    },
    reset: async () => {
      at = undefined;
    },
  };
};

export const createLiveEvents = (source: EventSource, onFailure: ConsumerOptions['onFailure']): LiveEvents => {
  const listeners = new Set<LiveListener>();

  const tell = (event: RecordedEvent): void => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        listeners.delete(listener);
        onFailure(name, error, 0);
      }
    }
  };

  const consumer = createConsumer({
    name,
    source,
    checkpoints: fromHead(source),
    leases: ownLeases,
    consumerProgress: createConsumerProgress(),
    batchMax,
    handle: async (events) => {
      for (const event of events) {
        if (listeners.size === 0) return;
        tell(event);
      }
    },
    onFailure,
  });

  const subscribe: LiveEvents['subscribe'] = (listener) => {
    // A function of its own, so that the same one may be subscribed twice and leaves once.
    const own: LiveListener = (event) => listener(event);
    listeners.add(own);
    return () => {
      listeners.delete(own);
    };
  };

  const waitForEvent: LiveEvents['waitForEvent'] = (predicate, timeoutMs) =>
    new Promise((resolve) => {
      const finish = (event: RecordedEvent | null): void => {
        clearTimeout(timer);
        unsubscribe();
        resolve(event);
      };
      const timer = setTimeout(() => finish(null), timeoutMs);
      const unsubscribe = subscribe((event) => {
        if (predicate(event)) finish(event);
      });
    });

  return { ...consumer, subscribe, waitForEvent };
};
