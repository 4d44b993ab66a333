import type { Clock } from '../eventsourcing/ports.ts';

export interface SystemClock extends Clock {
  /** It is at least this time now, ISO 8601 UTC: events of the log were recorded by then. */
  notBefore(time: string): void;
}

export interface TimeSources {
  /** The time of the system, which a person or a server of times may set. */
  readonly wallMs?: () => number;
  /** Only ever goes on. */
  readonly elapsedMs?: () => number;
}

/**
 * How fast our time goes while it is ahead of the system's: slower, so that an hour is made up for in ten; hardly slower, so
 * that what waits for a time waits a tenth longer at most.
 */
const paceAhead = 0.9;

/**
 * The system's time, which never goes back within a log: where the system's clock was set back, ours goes on from the newest
 * event, until the system's has come up with it. Many ask within one millisecond, and the text is made once for all of them.
 */
export const createSystemClock = ({
  wallMs = Date.now,
  elapsedMs = () => performance.now(),
}: TimeSources = {}): SystemClock => {
  let atMs = wallMs();
  let seenMs = elapsedMs();
  let told = { ms: Number.NaN, text: '' };

  const nowMs = (): number => {
    const elapsed = elapsedMs();
    atMs = Math.max(wallMs(), atMs + paceAhead * (elapsed - seenMs));
    seenMs = elapsed;
    return atMs;
  };

  return {
    now: () => {
      const ms = Math.floor(nowMs());
      if (ms !== told.ms) told = { ms, text: new Date(ms).toISOString() };
      return told.text;
    },
    notBefore: (time) => {
      atMs = Math.max(nowMs(), Date.parse(time));
    },
  };
};
