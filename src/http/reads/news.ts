/** Waiting for what the policies make of a command, for `Prefer: wait` (RFC 7240 §4.3). */
import type { LiveEvents } from '../../eventsourcing/consumers/liveEvents.ts';
import type { Position } from '../../eventsourcing/message.ts';

export interface PlanNews {
  /** The position of the first event of one of the types; `null` when the time is up. */
  readonly arrived: Promise<Position | null>;
  readonly stop: () => void;
}

/** Listens from now on to one stream for at most `timeoutMs`, or until it is stopped. */
export const listenFor = (
  live: LiveEvents,
  stream: string,
  types: ReadonlySet<string>,
  timeoutMs: number,
): PlanNews => {
  let stop: (position: Position | null) => void = () => undefined;
  const arrived = new Promise<Position | null>((resolve) => {
    const unsubscribe = live.subscribe((event) => {
      if (event.stream === stream && types.has(event.type)) stop(event.position);
    });
    const timer = setTimeout(() => stop(null), timeoutMs);
    stop = (position) => {
      clearTimeout(timer);
      unsubscribe();
      resolve(position);
    };
  });
  return { arrived, stop: () => stop(null) };
};
