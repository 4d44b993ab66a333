/**
 * Leases as they stand: a document each, and each step is one guarded update. No clock is ever stored: machines disagree
 * about the time, so a candidate tells by its own clock how long a beat has not changed.
 */
import type { Mongo } from './connect.ts';
import { unlessDuplicate } from './mongoErrors.ts';

export interface LeaseRow {
  readonly _id: string;
  /** `null`: given back, free for whoever comes first. */
  readonly owner: string | null;
  /** Grows with each holder. */
  readonly epoch: number;
  /** Grows with each renewal. */
  readonly beat: number;
}

export interface LeaseRows {
  find(name: string): Promise<LeaseRow | null>;
  /** Takes over what was seen, if it still stands so. @returns the new epoch; `null` when somebody was faster. */
  take(name: string, seen: LeaseRow | null, owner: string): Promise<number | null>;
  /** `false`: another one holds it. */
  renew(name: string, owner: string, epoch: number): Promise<boolean>;
  release(name: string, owner: string, epoch: number): Promise<void>;
}

const firstEpoch = 1;

export const createLeaseRows = ({ db, read, write }: Mongo): LeaseRows => {
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
