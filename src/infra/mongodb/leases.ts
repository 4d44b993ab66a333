/**
 * Leases of many processes, kept alive by beats. Each process measures by its own clock: a holder that
 * could not renew stops before anybody else may take its place, because its time begins earlier and is shorter.
 */
import { randomUUID } from 'node:crypto';
import { pause } from '../../eventsourcing/concurrency.ts';
import { type HeldLease, type Leases, StoreUnavailable } from '../../eventsourcing/ports.ts';
import type { Mongo } from './connect.ts';
import { unlessDuplicate } from './driver.ts';
import { createLeaseShares, type KeepTimes, keepLease, type LeaseSlot, type ShareTimes } from './leaseShares.ts';

/**
 * Leases as they stand: a document each, and each step is one guarded update. No clock is ever stored: machines disagree
 * about the time, so a candidate tells by its own clock how long a beat has not changed.
 */

interface LeaseRow {
  readonly _id: string;
  /** `null`: given back, free for the first that takes it. */
  readonly owner: string | null;
  /** Grows with each holder. */
  readonly epoch: number;
  /** Grows with each renewal. */
  readonly beat: number;
}

interface LeaseRows {
  find(name: string): Promise<LeaseRow | null>;
  /** Takes over what was seen, if it still stands so. @returns the new epoch; `null` when another process was faster. */
  take(name: string, seen: LeaseRow | null, owner: string): Promise<number | null>;
  /** `false`: another one holds it. */
  renew(name: string, owner: string, epoch: number): Promise<boolean>;
  release(name: string, owner: string, epoch: number): Promise<void>;
}

const firstEpoch = 1;

const createLeaseRows = ({ db, read, write }: Mongo): LeaseRows => {
  const rows = db.collection<LeaseRow>('leases');

  const create = async (name: string, owner: string): Promise<number | null> => {
    const row = { _id: name, owner, epoch: firstEpoch, beat: 0 };
    const created = await unlessDuplicate(write(() => rows.insertOne(row)));
    return created === null ? null : firstEpoch;
  };

  return {
    find: (name) => read(() => rows.findOne({ _id: name })),
    take: async (name, seen, owner) => {
      if (seen === null) return create(name, owner);
      const epoch = seen.epoch + 1;
      const change = { $set: { owner, epoch, beat: 0 } };
      const { matchedCount } = await write(() => rows.updateOne({ ...seen, _id: name }, change));
      return matchedCount === 0 ? null : epoch;
    },
    renew: async (name, owner, epoch) => {
      const renewal = await write(() => rows.updateOne({ _id: name, owner, epoch }, { $inc: { beat: 1 } }));
      return renewal.matchedCount > 0;
    },
    release: async (name, owner, epoch) => {
      await write(() => rows.updateOne({ _id: name, owner, epoch }, { $set: { owner: null } }));
    },
  };
};

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

interface TakenLease {
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
  ): Promise<TakenLease | null> => {
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

  const giveBack = async (name: string, owner: string, { epoch, slot }: TakenLease): Promise<void> => {
    slot.free();
    await unlessUnavailable(rows.release(name, owner, epoch));
  };

  /** `null` when aborted first. */
  const acquire = async (name: string, owner: string, signal: AbortSignal): Promise<TakenLease | null> => {
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
      const hold = async (taken: TakenLease): Promise<void> => {
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
          // A candidate that waits for it looks first.
          await pause(times.pollMs, signal);
          taken = await acquire(name, owner, signal);
        }
      } finally {
        await unwant();
      }
    },
  };
};
