/**
 * Three queues, each with attempts of its own, so that none waits behind another's trouble (W16): the first few messages of
 * each owner, what has to wait its turn, and what goes to receivers that are slow or silent.
 */
import { deliveryQueue } from './ledger.ts';

export type RoomName = 'prompt' | 'backlog' | 'slow';

interface Room {
  readonly queue: string;
  /** Jobs at once, in each process. One that hangs costs a socket. */
  readonly concurrency: number;
  /** Of these, one owner's: several owners' receivers may hang, and there is room for the others. */
  readonly perOwnerMax: number;
}

export const rooms: { readonly [Name in RoomName]: Room } = {
  // The name from before there were others: jobs of an older build lie there.
  prompt: { queue: deliveryQueue, concurrency: 96, perOwnerMax: 16 },
  backlog: { queue: 'webhook-deliveries-backlog', concurrency: 24, perOwnerMax: 8 },
  slow: { queue: 'webhook-deliveries-slow', concurrency: 16, perOwnerMax: 4 },
};

export const roomNames = Object.keys(rooms) as readonly RoomName[];

/** What one endpoint, and one owner, may have in the first room from one batch of the log; the rest waits its turn. */
export const promptPerEndpointMax = 8;
export const promptPerOwnerMax = 64;

export interface Sendable {
  readonly ownerId: string;
  /** Of one endpoint, in the order of its sequence. */
  readonly deliveryIds: readonly string[];
}

/** Which room each delivery begins in. Endpoints of one owner take turns, so that none of them uses up its share. */
export const shareOut = (all: readonly Sendable[]): { readonly [Name in 'prompt' | 'backlog']: readonly string[] } => {
  const left = new Map<string, number>();
  const prompt = new Set<string>();
  for (let turn = 0; turn < promptPerEndpointMax; turn += 1) {
    for (const { ownerId, deliveryIds } of all) {
      const id = deliveryIds[turn];
      const ownerLeft = left.get(ownerId) ?? promptPerOwnerMax;
      if (id === undefined || ownerLeft === 0) continue;
      prompt.add(id);
      left.set(ownerId, ownerLeft - 1);
    }
  }
  const backlog = all.flatMap(({ deliveryIds }) => deliveryIds.filter((id) => !prompt.has(id)));
  return { prompt: [...prompt], backlog };
};

/** How quick a receiver is, or those of one owner together, and when the next in line may come. Times are ms since 1970. */

/** What an attempt is taken to last before the first one has ended. */
const firstGuessMs = 50;
/** Weight of the newest attempt in the running mean: one bad moment must not send a whole backlog away. */
const newestShare = 0.1;

interface SetAside {
  /** Attempts at once. */
  readonly width: number;
  readonly leastMs: number;
  readonly mostMs: number;
}

export interface AttemptPace {
  running(): number;
  /** Whether an attempt has ended. */
  isKnown(): boolean;
  /** What an attempt lasts on the average, or longer where one that runs has lasted longer already. */
  meanMs(): number;
  /** @returns what ends it, with how long the receiver took (`null`: it was not asked), once; repeating it is `false`. */
  begin(): (durationMs: number | null) => boolean;
  /** How long to stay away: each gets the turn after the one before it. */
  setAside(line: SetAside): number;
}

export const createPace = (nowMs: () => number): AttemptPace => {
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
