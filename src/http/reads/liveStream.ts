/** From the log to one client of the live stream, then live: nothing is missed, nothing is sent twice. */
import type { ServerResponse } from 'node:http';
import type { Reach } from '../../domain/access/authorize.ts';
import type { LiveEvents } from '../../eventsourcing/consumers/liveEvents.ts';
import { comparePositions, formatPosition, type Position, type RecordedEvent } from '../../eventsourcing/message.ts';
import type { EventSource } from '../../eventsourcing/ports.ts';
import type { Pace } from '../../eventsourcing/projecting/builtReadModels.ts';
import type { PublicEvent } from '../../projections/publicEvent.ts';
import type { LiveFilter } from './liveFilter.ts';
import { viewEvent } from './visibleFields.ts';

/** Large events weigh a megabyte: a client that is further behind than this reads the rest from the log, at its own pace. */
const queuedMax = 256;

/** What a live stream has still to send. Filtered first, bounded, and dropped where the client reads too slowly. */
interface LiveInbox {
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

const createLiveInbox = (filter: LiveFilter): LiveInbox => {
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

/** A client that reads nothing for so long only holds a socket and buffers: it is cut off, and may resume. */
const drainMaxMs = 30_000;

/** The socket of a live stream: messages as Server-Sent Events; a client that does not read them is cut off. */
export interface LiveOutlet {
  /** Resolves when the client has room for the next. */
  send(event: RecordedEvent): Promise<void>;
  /**
   * A comment that keeps the connection, with the id up to where nothing else was for this client: it resumes there. By
   * the standard a block without data sets the last id and is no message.
   */
  sayHere(upTo: Position | null): void;
}

const message = ({ position, type, ...rest }: PublicEvent): string =>
  `id: ${position}\nevent: ${type}\ndata: ${JSON.stringify({ ...rest, type, position })}\n\n`;

interface OutletOptions {
  readonly signal: AbortSignal;
  /** Of the listener: an event goes out as a read would show it. */
  readonly reach: Reach;
  readonly drainWaitMs?: number;
}

export const createLiveOutlet = (
  response: ServerResponse,
  { signal, reach, drainWaitMs = drainMaxMs }: OutletOptions,
): LiveOutlet => {
  /** Resolves when the client has room again, or is gone. A socket that does not drain is destroyed. */
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => response.destroy(), drainWaitMs);
      const done = (): void => {
        clearTimeout(timer);
        response.off('drain', done);
        response.off('close', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      response.on('drain', done);
      response.on('close', done);
      signal.addEventListener('abort', done);
      if (signal.aborted || response.destroyed) done();
    });

  return {
    send: async (event) => {
      if (signal.aborted) return;
      const seen = viewEvent(event, reach);
      if (seen !== null && !response.write(message(seen))) await drained();
    },
    sayHere: (upTo) => {
      // A client that does not read what it has needs no heartbeat.
      if (response.writableNeedDrain || signal.aborted) return;
      response.write(`: still here\n${upTo === null ? '' : `id: ${formatPosition(upTo)}\n`}\n`);
    },
  };
};

/** Below the idle limits of common proxies. */
const heartbeatMs = 15_000;
/** How often a client is told its place while no event is for it: so much reading a lost connection costs. */
const progressEveryMs = 1_000;

interface LivePumpOptions {
  readonly source: Pick<EventSource, 'scan'>;
  readonly live: Pick<LiveEvents, 'subscribe' | 'position'>;
  readonly pace: Pace;
  readonly filter: LiveFilter;
  /** Narrows what is read; the filter decides. */
  readonly hint: Parameters<EventSource['scan']>[1];
  readonly outlet: LiveOutlet;
  readonly signal: AbortSignal;
}

/** Runs until aborted. */
export const pumpLive = async (pump: LivePumpOptions, from: Position | null): Promise<void> => {
  const { source, live, pace, filter, hint, outlet, signal } = pump;
  const inbox = createLiveInbox(filter);
  let at = from;
  let isLive = false;

  const sendAll = async (events: readonly RecordedEvent[]): Promise<void> => {
    for (const event of events) if (filter(event)) await outlet.send(event);
  };

  /** In slices, each in a turn of its own. */
  const catchUp = async (): Promise<void> => {
    let toldAtMs = performance.now();
    for (;;) {
      await pace();
      if (signal.aborted) return;
      const { events, upTo, isCaughtUp } = await source.scan(at, hint);
      await sendAll(events);
      at = upTo;
      if (isCaughtUp) return;
      if (performance.now() - toldAtMs < progressEveryMs) continue;
      toldAtMs = performance.now();
      outlet.sayHere(at);
    }
  };

  const listen = async (): Promise<void> => {
    while (!signal.aborted && !inbox.isBehind()) {
      const event = inbox.take();
      if (event === undefined) await inbox.news();
      else if (at === null || comparePositions(event.position, at) > 0) {
        await outlet.send(event);
        at = event.position;
      }
    }
  };

  /** All up to where the live events have come was looked at, where nothing waits. */
  const beat = (): void => {
    const seen = live.position();
    if (isLive && inbox.isEmpty() && seen !== null && (at === null || comparePositions(seen, at) > 0)) at = seen;
    outlet.sayHere(at);
  };

  const unsubscribe = live.subscribe(inbox.push);
  const heartbeat = setInterval(beat, heartbeatMs);
  signal.addEventListener('abort', inbox.wake);
  try {
    while (!signal.aborted) {
      inbox.restart();
      await catchUp();
      if (inbox.isBehind()) continue;
      // The id of this place spares a client that resumes reading the same part of the log again.
      outlet.sayHere(at);
      isLive = true;
      await listen();
      isLive = false;
    }
  } finally {
    clearInterval(heartbeat);
    unsubscribe();
  }
};
