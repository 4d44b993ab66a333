/**
 * Leases of many processes, kept alive by beats. Each time is measured by the clock of whoever watches: a holder that
 * could not renew stops before anybody else may take its place, because its time begins earlier and is shorter.
 */
import { randomUUID } from 'node:crypto';
import { pause } from '../../eventsourcing/concurrency.ts';
import type { HeldLease, Leases } from '../../eventsourcing/ports.ts';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import type { Mongo } from './connect.ts';
import { type KeepTimes, keepLease } from './leaseKeeper.ts';
import { createLeaseRows, type LeaseRow } from './leaseRows.ts';
import { createLeaseShares, type LeaseSlot, type ShareTimes } from './leaseShares.ts';

export interface LeaseTimes extends KeepTimes, ShareTimes {
  /** Between two looks of a candidate. */
  readonly pollMs: number;
  /** After so long without a beat a candidate takes over; well above `loseAfterMs`, so that work has time to end. */
  readonly takeAfterMs: number;
}

/** A dead holder is replaced within `takeAfterMs + pollMs`, less than the 10 s that are promised. */
const defaultTimes: LeaseTimes = {
  renewMs: 2_000,
  loseAfterMs: 4_000,
  pollMs: 1_000,
  takeAfterMs: 6_000,
  memberBeatMs: 1_000,
  memberGoneMs: 4_000,
};
/** At the start nobody knows yet what its share is, but will soon. */
const firstPollMs = 50;

interface Taken {
  readonly epoch: number;
  readonly sentAtMs: number;
  readonly slot: LeaseSlot;
}

/** The server can't be asked now: as if there were nothing to see. */
const unlessUnavailable = <T>(work: Promise<T>): Promise<T | null> =>
  work.catch((error: unknown) => {
    if (error instanceof StoreUnavailable) return null;
    throw error;
  });

/**
 * Says of what it is shown whether it may be taken: nobody holds it, or its holder has shown no sign of life for long. One
 * that `owner` holds was taken by a request whose answer got lost.
 */
const createJudge = (owner: string, takeAfterMs: number): ((row: LeaseRow | null) => boolean) => {
  let seen: LeaseRow | null = null;
  let sinceMs = 0;
  return (row) => {
    if (row === null || row.owner === null || row.owner === owner) return true;
    if (row.epoch !== seen?.epoch || row.beat !== seen.beat) {
      seen = row;
      sinceMs = performance.now();
    }
    return performance.now() - sinceMs >= takeAfterMs;
  };
};

export const createMongoLeases = (mongo: Mongo, changed: Partial<LeaseTimes> = {}): Leases => {
  const times = { ...defaultTimes, ...changed };
  const rows = createLeaseRows(mongo);
  const shares = createLeaseShares(mongo, times);

  const attempt = async (
    name: string,
    owner: string,
    mayTake: ReturnType<typeof createJudge>,
  ): Promise<Taken | null> => {
    const row = await rows.find(name);
    const slot = mayTake(row) ? shares.claim() : null;
    if (slot === null) return null;
    const sentAtMs = performance.now();
    try {
      const epoch = await rows.take(name, row, owner);
      if (epoch !== null) return { epoch, sentAtMs, slot };
    } catch (error) {
      slot.free();
      throw error;
    }
    slot.free();
    return null;
  };

  const giveBack = async (name: string, owner: string, { epoch, slot }: Taken): Promise<void> => {
    slot.free();
    await unlessUnavailable(rows.release(name, owner, epoch));
  };

  /** `null` when aborted first. */
  const acquire = async (name: string, owner: string, signal: AbortSignal): Promise<Taken | null> => {
    const mayTake = createJudge(owner, times.takeAfterMs);
    let delayMs = Math.min(firstPollMs, times.pollMs);
    const isWanted = (): boolean => !signal.aborted;
    while (isWanted()) {
      const taken = await unlessUnavailable(attempt(name, owner, mayTake));
      if (taken !== null && isWanted()) return taken;
      if (taken !== null) await giveBack(name, owner, taken);
      await pause(delayMs, signal);
      delayMs = times.pollMs;
    }
    return null;
  };

  return {
    whileHeld: async (name, signal, work) => {
      const owner = randomUUID();

      /** Renews until the work has returned, also while it takes its time to stop; then others need not wait. */
      const hold = async (taken: Taken): Promise<void> => {
        const { epoch, sentAtMs, slot } = taken;
        const keeper = keepLease(() => rows.renew(name, owner, epoch), times, sentAtMs);
        const held: HeldLease = { epoch, signal: AbortSignal.any([signal, keeper.lost, slot.excess]) };
        try {
          await work(held);
        } finally {
          keeper.stop();
          await giveBack(name, owner, taken);
        }
      };

      const unwant = shares.want(name);
      try {
        for (let taken = await acquire(name, owner, signal); taken !== null; ) {
          await hold(taken);
          // Whoever waits for it looks before this one does again.
          await pause(times.pollMs, signal);
          taken = await acquire(name, owner, signal);
        }
      } finally {
        await unwant();
      }
    },
  };
};
