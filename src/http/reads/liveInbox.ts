/** What a live stream has still to send. Filtered first, bounded, and dropped where the client reads too slowly. */
import type { RecordedEvent } from '../../eventsourcing/message.ts';
import type { LiveFilter } from './liveFilter.ts';

/** Large events weigh a megabyte: a client that is further behind than this reads the rest from the log, at its own pace. */
const queuedMax = 256;

export interface LiveInbox {
  push(event: RecordedEvent): void;
  /** The oldest; `undefined` when there is none. */
  take(): RecordedEvent | undefined;
  isEmpty(): boolean;
  /** Something was dropped: what comes next is in the log. */
  isBehind(): boolean;
  /** Empties it; nothing counts as dropped. */
  restart(): void;
  /** Resolves when there is something to take, something was dropped, or `wake` was called. */
  news(): Promise<void>;
  wake(): void;
}

export const createLiveInbox = (filter: LiveFilter): LiveInbox => {
  let queue: RecordedEvent[] = [];
  let hasDropped = false;
  let ring: () => void = () => undefined;
  const wake = (): void => ring();
  return {
    push: (event) => {
      if (hasDropped || !filter(event)) return;
      if (queue.length >= queuedMax) {
        queue = [];
        hasDropped = true;
      } else queue.push(event);
      wake();
    },
    take: () => queue.shift(),
    isEmpty: () => queue.length === 0,
    isBehind: () => hasDropped,
    restart: () => {
      queue = [];
      hasDropped = false;
    },
    news: () =>
      new Promise((resolve) => {
        ring = resolve;
        if (queue.length > 0 || hasDropped) resolve();
      }),
    wake,
  };
};
