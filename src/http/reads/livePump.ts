/** From the log to one client of the live stream, then live: nothing missed, nothing twice, whatever it was behind. */
import type { LiveEvents } from '../../eventsourcing/consumers/liveEvents.ts';
import type { Position, RecordedEvent } from '../../eventsourcing/message.ts';
import { comparePositions } from '../../eventsourcing/message.ts';
import type { EventSource } from '../../eventsourcing/ports.ts';
import type { Pace } from '../../eventsourcing/projecting/builtReadModels.ts';
import type { LiveFilter } from './liveFilter.ts';
import { createLiveInbox } from './liveInbox.ts';
import type { LiveOutlet } from './liveOutlet.ts';

/** Below the idle limits of common proxies. */
const heartbeatMs = 15_000;
/** While nothing of the log is for this client: how much of the reading a lost connection costs. */
const progressEveryMs = 1_000;

export interface Pump {
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
export const pumpLive = async (pump: Pump, from: Position | null): Promise<void> => {
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
      // A client that resumes need not read all that again, though none of it was for them.
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
