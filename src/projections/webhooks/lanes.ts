/**
 * One lane an endpoint: at most so many attempts at once, so that a slow receiver can't hold all the workers (W16).
 * A delivery waits for its turn when that comes soon; otherwise it goes back to the queue until its turn may come.
 */

/** Attempts at one endpoint at once, within a process. */
export const laneWidth = 8;
/** A worker that waits does nothing else: longer than this, and the job is better off in the queue. */
export const patienceMs = 1_000;
/** However long the line: a receiver that has become fast again is noticed within this time. */
export const setAsideMaxMs = 30_000;
/** What an attempt is taken to last before the first one has ended. */
const firstGuessMs = 50;
/** Weight of the newest attempt in the running mean: one bad moment must not send a whole backlog away. */
const newestShare = 0.1;
/** Lanes that are remembered before the idle ones are let go. */
const lanesMax = 1_000;

export type Turn =
  | { readonly kind: 'mine'; readonly leave: (durationMs: number) => void }
  | { readonly kind: 'later'; readonly delayMs: number };

export interface Lanes {
  /** Resolves at once, or within `patienceMs`. Who got a turn must leave, with how long the receiver took. */
  enter(endpointId: string): Promise<Turn>;
}

interface Lane {
  running: number;
  meanMs: number;
  /** When the last of those that were set aside may come, ms since 1970. */
  lineEndsAtMs: number;
  readonly waiting: Set<() => void>;
}

/** `nowMs`: ms since 1970. */
export const createLanes = (nowMs: () => number): Lanes => {
  const lanes = new Map<string, Lane>();

  /** What is known of the pace of an idle endpoint can be learnt again. */
  const forgetIdle = (): void => {
    if (lanes.size < lanesMax) return;
    for (const [endpointId, { running }] of lanes) if (running === 0) lanes.delete(endpointId);
  };

  const laneOf = (endpointId: string): Lane => {
    const known = lanes.get(endpointId);
    if (known !== undefined) return known;
    forgetIdle();
    const lane: Lane = { running: 0, meanMs: firstGuessMs, lineEndsAtMs: 0, waiting: new Set() };
    lanes.set(endpointId, lane);
    return lane;
  };

  const mine = (lane: Lane): Turn => {
    lane.running += 1;
    return {
      kind: 'mine',
      leave: (durationMs) => {
        lane.running -= 1;
        lane.meanMs += newestShare * (durationMs - lane.meanMs);
        for (const next of lane.waiting) {
          next();
          return;
        }
      },
    };
  };

  /** Each that is set aside gets the turn after the one before it, at the pace the receiver has. */
  const setAside = (lane: Lane): Turn => {
    const now = nowMs();
    const lineEndsAtMs = Math.max(lane.lineEndsAtMs, now) + Math.max(1, lane.meanMs / laneWidth);
    lane.lineEndsAtMs = Math.min(lineEndsAtMs, now + setAsideMaxMs);
    return { kind: 'later', delayMs: Math.max(patienceMs, Math.round(lane.lineEndsAtMs - now)) };
  };

  const wait = (lane: Lane): Promise<Turn> =>
    new Promise((resolve) => {
      const come = (): void => {
        clearTimeout(timer);
        lane.waiting.delete(come);
        resolve(mine(lane));
      };
      const timer = setTimeout(() => {
        lane.waiting.delete(come);
        resolve(setAside(lane));
      }, patienceMs);
      lane.waiting.add(come);
    });

  return {
    enter: (endpointId) => {
      const lane = laneOf(endpointId);
      if (lane.running < laneWidth) return Promise.resolve(mine(lane));
      const expectedMs = (lane.meanMs * (lane.waiting.size + 1)) / laneWidth;
      return expectedMs > patienceMs ? Promise.resolve(setAside(lane)) : wait(lane);
    },
  };
};
