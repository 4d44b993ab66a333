/**
 * Whose turn it is (W16). One lane an endpoint: at most so many attempts at once, and one at a time where the receiver is
 * slow or silent, which goes to a room of its own. In each room an owner has its share. A delivery waits for its turn when
 * that comes soon; otherwise it goes back to a queue until its turn may come.
 */
import { createPace, type Pace, type RoomName, rooms } from './rooms.ts';

/** Attempts at one endpoint at once, within a process. */
export const laneWidth = 8;
/** The same before the first one has ended: of many that hang, few are to find it out. */
export const firstWidth = 2;
/** A worker that waits does nothing else: longer than this, and the job is better off in the queue. */
export const patienceMs = 1_000;
/** However long the line: a receiver that has become fast again is noticed within this time. */
export const setAsideMaxMs = 30_000;
/** The same where attempts are slow: one at a time notices, and the rest costs less the seldomer it comes. */
export const slowSetAsideMaxMs = 5 * 60_000;
/** A receiver that is slower than this on the average, or takes longer right now, holds up others. */
export const slowMs = 3_000;
/** One that is quicker than this holds up nobody, however much it gets. */
const quickMs = 250;
/** Lanes that are remembered before the idle ones are let go: as many as there may be endpoints. */
const lanesMax = 10_000;

/** With how long the receiver took; `null` when it was not asked. Repeating it changes nothing. */
export type Leave = (durationMs: number | null) => void;

export type Turn =
  | { readonly kind: 'mine'; readonly leave: Leave }
  | { readonly kind: 'later'; readonly delayMs: number }
  | { readonly kind: 'elsewhere'; readonly room: RoomName };

export interface Lanes {
  /** Resolves at once, or within `patienceMs`. Who got a turn must leave. */
  enter(endpoint: { readonly endpointId: string; readonly ownerId: string }, room: RoomName): Promise<Turn>;
}

interface Lane {
  readonly pace: Pace;
  readonly waiting: Set<() => void>;
}

/** What one owner has of one room: what runs there and what waits. */
interface Share {
  readonly pace: Pace;
  held: number;
}

const isSlow = (pace: Pace): boolean => pace.meanMs() > slowMs;
const setAsideMostMs = (pace: Pace): number => (isSlow(pace) ? slowSetAsideMaxMs : setAsideMaxMs);
const widthOf = ({ pace }: Lane): number => (isSlow(pace) ? 1 : pace.isKnown() ? laneWidth : firstWidth);

/** Whether its turn is likely to come while a worker waits for it. */
const isSoon = ({ pace, waiting }: Lane): boolean => {
  if (isSlow(pace)) return false;
  if (!pace.isKnown() && pace.running() + waiting.size >= laneWidth) return false;
  return (pace.meanMs() * (waiting.size + 1)) / laneWidth <= patienceMs;
};

/** Remembered by name; those that are idle are let go when there are too many: what is known of them can be learnt again. */
const createShelf = <T>(create: () => T, isIdle: (kept: T) => boolean): ((name: string) => T) => {
  const shelf = new Map<string, T>();
  const forgetIdle = (): void => {
    if (shelf.size < lanesMax) return;
    for (const [name, kept] of shelf) if (isIdle(kept)) shelf.delete(name);
  };
  return (name) => {
    const known = shelf.get(name);
    if (known !== undefined) return known;
    forgetIdle();
    const made = create();
    shelf.set(name, made);
    return made;
  };
};

/** `nowMs`: ms since 1970. */
export const createLanes = (nowMs: () => number): Lanes => {
  const laneOf = createShelf<Lane>(
    () => ({ pace: createPace(nowMs), waiting: new Set() }),
    ({ pace }) => pace.running() === 0,
  );
  const shareOf = createShelf<Share>(
    () => ({ pace: createPace(nowMs), held: 0 }),
    ({ held }) => held === 0,
  );

  /** `share` has counted it already. */
  const mine = (lane: Lane, share: Share): Turn => {
    const [endAtLane, endAtShare] = [lane.pace.begin(), share.pace.begin()];
    return {
      kind: 'mine',
      leave: (durationMs) => {
        if (!endAtLane(durationMs)) return;
        endAtShare(durationMs);
        share.held -= 1;
        for (const next of lane.waiting) {
          if (lane.pace.running() >= widthOf(lane)) return;
          next();
        }
      },
    };
  };

  /** Behind the others of its lane, or of its owner: at the pace that they have. */
  const turnAway = (room: RoomName, pace: Pace, width: number): Turn =>
    room === 'prompt'
      ? { kind: 'elsewhere', room: 'backlog' }
      : { kind: 'later', delayMs: pace.setAside({ width, leastMs: patienceMs, mostMs: setAsideMostMs(pace) }) };

  const wait = (lane: Lane, share: Share, room: RoomName): Promise<Turn> =>
    new Promise((resolve) => {
      const come = (): void => {
        clearTimeout(timer);
        lane.waiting.delete(come);
        resolve(mine(lane, share));
      };
      const timer = setTimeout(() => {
        lane.waiting.delete(come);
        share.held -= 1;
        resolve(turnAway(room, lane.pace, widthOf(lane)));
      }, patienceMs);
      lane.waiting.add(come);
    });

  return {
    enter: async ({ endpointId, ownerId }, room) => {
      const lane = laneOf(endpointId);
      if (isSlow(lane.pace) && room !== 'slow') return { kind: 'elsewhere', room: 'slow' };
      const isFree = lane.pace.running() < widthOf(lane);
      if (!isFree && !isSoon(lane)) return turnAway(room, lane.pace, widthOf(lane));
      const share = shareOf(`${room} ${ownerId}`);
      // Beyond the first room, who is quick may have all that is free: it gives it back before anybody notices.
      const mustShare = room === 'prompt' || !lane.pace.isKnown() || lane.pace.meanMs() > quickMs;
      const { perOwnerMax } = rooms[room];
      if (mustShare && share.held >= perOwnerMax) return turnAway(room, share.pace, perOwnerMax);
      share.held += 1;
      return isFree ? mine(lane, share) : wait(lane, share, room);
    },
  };
};
