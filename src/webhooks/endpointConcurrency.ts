/**
 * Whose turn it is (W16). For each endpoint: at most so many attempts at once, and one at a time where the receiver is
 * slow or silent, which goes to a room of its own. In each room an owner has its share. A delivery waits for its turn when
 * that comes soon; otherwise it goes back to a queue until its turn may come.
 */
import { type AttemptPace, createPace, type RoomName, rooms } from './rooms.ts';

/** Attempts at one endpoint at once, within a process. */
export const attemptsPerEndpointMax = 8;
/** The same before the first one has ended: of many that hang, few are to find it out. */
export const firstAttemptsMax = 2;
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
/** Endpoints that are remembered before the idle ones are let go: as many as there may be endpoints. */
const endpointsRememberedMax = 10_000;

/** With how long the receiver took; `null` when it was not asked. Repeating it changes nothing. */
export type Leave = (durationMs: number | null) => void;

export type AttemptTurn =
  | { readonly kind: 'mine'; readonly leave: Leave }
  | { readonly kind: 'later'; readonly delayMs: number }
  | { readonly kind: 'elsewhere'; readonly room: RoomName };

export interface EndpointConcurrency {
  /** Resolves at once, or within `patienceMs`. Who got a turn must leave. */
  enter(endpoint: { readonly endpointId: string; readonly ownerId: string }, room: RoomName): Promise<AttemptTurn>;
}

interface EndpointSlots {
  readonly pace: AttemptPace;
  readonly waiting: Set<() => void>;
}

/** What one owner has of one room: what runs there and what waits. */
interface OwnerShare {
  readonly pace: AttemptPace;
  held: number;
}

const isSlow = (pace: AttemptPace): boolean => pace.meanMs() > slowMs;
const setAsideMostMs = (pace: AttemptPace): number => (isSlow(pace) ? slowSetAsideMaxMs : setAsideMaxMs);
const widthOf = ({ pace }: EndpointSlots): number =>
  isSlow(pace) ? 1 : pace.isKnown() ? attemptsPerEndpointMax : firstAttemptsMax;

/** Whether its turn is likely to come while a worker waits for it. */
const isSoon = ({ pace, waiting }: EndpointSlots): boolean => {
  if (isSlow(pace)) return false;
  if (!pace.isKnown() && pace.running() + waiting.size >= attemptsPerEndpointMax) return false;
  return (pace.meanMs() * (waiting.size + 1)) / attemptsPerEndpointMax <= patienceMs;
};

/** Remembered by name; those that are idle are let go when there are too many: what is known of them can be learnt again. */
const createIdleMap = <T>(create: () => T, isIdle: (kept: T) => boolean): ((name: string) => T) => {
  const known = new Map<string, T>();
  const forgetIdle = (): void => {
    if (known.size < endpointsRememberedMax) return;
    for (const [name, kept] of known) if (isIdle(kept)) known.delete(name);
  };
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    forgetIdle();
    const made = create();
    known.set(name, made);
    return made;
  };
};

/** `nowMs`: ms since 1970. */
export const createEndpointConcurrency = (nowMs: () => number): EndpointConcurrency => {
  const slotsOf = createIdleMap<EndpointSlots>(
    () => ({ pace: createPace(nowMs), waiting: new Set() }),
    ({ pace }) => pace.running() === 0,
  );
  const shareOf = createIdleMap<OwnerShare>(
    () => ({ pace: createPace(nowMs), held: 0 }),
    ({ held }) => held === 0,
  );

  /** `share` has counted it already. */
  const mine = (slots: EndpointSlots, share: OwnerShare): AttemptTurn => {
    const [endAtEndpoint, endAtShare] = [slots.pace.begin(), share.pace.begin()];
    return {
      kind: 'mine',
      leave: (durationMs) => {
        if (!endAtEndpoint(durationMs)) return;
        endAtShare(durationMs);
        share.held -= 1;
        for (const next of slots.waiting) {
          if (slots.pace.running() >= widthOf(slots)) return;
          next();
        }
      },
    };
  };

  /** Behind the others of its endpoint, or of its owner: at the pace that they have. */
  const turnAway = (room: RoomName, pace: AttemptPace, width: number): AttemptTurn =>
    room === 'prompt'
      ? { kind: 'elsewhere', room: 'backlog' }
      : { kind: 'later', delayMs: pace.setAside({ width, leastMs: patienceMs, mostMs: setAsideMostMs(pace) }) };

  const wait = (slots: EndpointSlots, share: OwnerShare, room: RoomName): Promise<AttemptTurn> =>
    new Promise((resolve) => {
      const come = (): void => {
        clearTimeout(timer);
        slots.waiting.delete(come);
        resolve(mine(slots, share));
      };
      const timer = setTimeout(() => {
        slots.waiting.delete(come);
        share.held -= 1;
        resolve(turnAway(room, slots.pace, widthOf(slots)));
      }, patienceMs);
      slots.waiting.add(come);
    });

  return {
    enter: async ({ endpointId, ownerId }, room) => {
      const slots = slotsOf(endpointId);
      if (isSlow(slots.pace) && room !== 'slow') return { kind: 'elsewhere', room: 'slow' };
      const isFree = slots.pace.running() < widthOf(slots);
      if (!isFree && !isSoon(slots)) return turnAway(room, slots.pace, widthOf(slots));
      const share = shareOf(`${room} ${ownerId}`);
      // Beyond the first room, who is quick may have all that is free: it gives it back before anybody notices.
      const mustShare = room === 'prompt' || !slots.pace.isKnown() || slots.pace.meanMs() > quickMs;
      const { perOwnerMax } = rooms[room];
      if (mustShare && share.held >= perOwnerMax) return turnAway(room, share.pace, perOwnerMax);
      share.held += 1;
      return isFree ? mine(slots, share) : wait(slots, share, room);
    },
  };
};
