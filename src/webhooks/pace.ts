/** How quick a receiver is, or those of one owner together, and when the next in line may come. Times are ms since 1970. */

/** What an attempt is taken to last before the first one has ended. */
const firstGuessMs = 50;
/** Weight of the newest attempt in the running mean: one bad moment must not send a whole backlog away. */
const newestShare = 0.1;

export interface Line {
  /** Attempts at once. */
  readonly width: number;
  readonly leastMs: number;
  readonly mostMs: number;
}

export interface Pace {
  running(): number;
  /** Whether an attempt has ended. */
  isKnown(): boolean;
  /** What an attempt lasts on the average, or longer where one that runs has lasted longer already. */
  meanMs(): number;
  /** @returns what ends it, with how long the receiver took (`null`: it was not asked), once; repeating it is `false`. */
  begin(): (durationMs: number | null) => boolean;
  /** How long to stay away: each gets the turn after the one before it. */
  setAside(line: Line): number;
}

export const createPace = (nowMs: () => number): Pace => {
  /** When each that runs began; the oldest first. */
  const running = new Set<{ readonly atMs: number }>();
  let endedMeanMs = firstGuessMs;
  let isKnown = false;
  /** When the last of those that were set aside may come. */
  let lineEndsAtMs = 0;

  const meanMs = (): number => {
    for (const { atMs } of running) return Math.max(endedMeanMs, nowMs() - atMs);
    return endedMeanMs;
  };

  return {
    running: () => running.size,
    isKnown: () => isKnown,
    meanMs,
    begin: () => {
      const run = { atMs: nowMs() };
      running.add(run);
      return (durationMs) => {
        if (!running.delete(run)) return false;
        if (durationMs === null) return true;
        endedMeanMs += newestShare * (durationMs - endedMeanMs);
        isKnown = true;
        return true;
      };
    },
    setAside: ({ width, leastMs, mostMs }) => {
      const now = nowMs();
      lineEndsAtMs = Math.min(Math.max(lineEndsAtMs, now) + Math.max(1, meanMs() / width), now + mostMs);
      return Math.max(leastMs, Math.round(lineEndsAtMs - now));
    },
  };
};
