/**
 * How many leases a process should hold, so that all that want the same ones end with about as many. Each process says
 * in a document of its own that it lives and what it wants; a lease that three want is worth a third to each of them.
 */
import { randomUUID } from 'node:crypto';
import { pause } from '../../eventsourcing/concurrency.ts';
import { untilDone } from '../waits.ts';
import type { Mongo } from './connect.ts';

interface MemberRow {
  readonly _id: string;
  readonly beat: number;
  readonly wants: readonly string[];
  /** Only for the index that forgets members long after they died. */
  readonly seenAt: Date;
}

interface LeaseShares {
  /** From now on this process wants this lease too. The result ends that. */
  want(name: string): () => Promise<void>;
  /** Room for one more lease; `null` when the share has none, or is not known yet. */
  claim(): LeaseSlot | null;
}

export interface LeaseSlot {
  /** Aborts when there are too many: its lease is to be given back. */
  readonly excess: AbortSignal;
  free(): void;
}

export interface ShareTimes {
  /** Between two signs of life, and so how soon shares follow when a process joins or leaves. */
  readonly memberBeatMs: number;
  /** A member without a sign of life for so long, by the watcher's clock, has no share any more. */
  readonly memberGoneMs: number;
}

const forgottenSeconds = 3_600;

/** Who lives, as far as can be told from here: beats that change. */
const createWatch = (goneMs: number) => {
  const seen = new Map<string, { readonly beat: number; readonly atMs: number }>();
  return (rows: readonly MemberRow[]): readonly MemberRow[] => {
    const nowMs = performance.now();
    for (const { _id, beat } of rows) if (seen.get(_id)?.beat !== beat) seen.set(_id, { beat, atMs: nowMs });
    const present = new Set(rows.map(({ _id }) => _id));
    for (const id of seen.keys()) if (!present.has(id)) seen.delete(id);
    return rows.filter(({ _id }) => nowMs - (seen.get(_id)?.atMs ?? nowMs) < goneMs);
  };
};

const shareOf = (wanted: readonly string[], others: readonly MemberRow[]): number => {
  const worth = (name: string): number => 1 / (1 + others.filter(({ wants }) => wants.includes(name)).length);
  // A third three times is not quite one.
  return Math.ceil(wanted.reduce((sum, name) => sum + worth(name), 0) - 1e-9);
};

export const createLeaseShares = ({ db, write }: Mongo, { memberBeatMs, memberGoneMs }: ShareTimes): LeaseShares => {
  const members = db.collection<MemberRow>('leaseMembers');
  const me = randomUUID();
  const wanted: string[] = [];
  /** In the order in which they were claimed. */
  const slots: AbortController[] = [];
  const watch = createWatch(memberGoneMs);
  let beat = 0;
  /** Nothing may be taken before it is known who else there is. */
  let share = 0;
  let living: Promise<void> | undefined;
  let wake = new AbortController();

  const prepare = untilDone(() =>
    members.createIndexes([{ key: { seenAt: 1 }, expireAfterSeconds: forgottenSeconds }]),
  );

  const show = async (): Promise<void> => {
    beat += 1;
    const sign = { beat, wants: [...wanted], seenAt: new Date() };
    await prepare();
    await members.updateOne({ _id: me }, { $set: sign }, { upsert: true });
    const others = watch(await members.find({ _id: { $ne: me } }).toArray());
    share = shareOf(wanted, others);
    // Those that were taken last have the least to lose.
    for (const slot of slots.slice(share)) slot.abort();
  };

  const live = async (): Promise<void> => {
    // What is wanted in one turn is said at once.
    await pause(0, wake.signal);
    while (wanted.length > 0) {
      wake = new AbortController();
      await write(show).catch(() => undefined);
      if (wanted.length > 0) await pause(memberBeatMs, wake.signal);
      if (wanted.length === 0) await write(() => members.deleteOne({ _id: me })).catch(() => undefined);
    }
    living = undefined;
  };

  return {
    want: (name) => {
      wanted.push(name);
      living ??= live();
      return async () => {
        wanted.splice(wanted.indexOf(name), 1);
        if (wanted.length > 0) return;
        wake.abort();
        await living;
      };
    },
    claim: () => {
      if (slots.length >= share) return null;
      const slot = new AbortController();
      slots.push(slot);
      return {
        excess: slot.signal,
        free: () => {
          slots.splice(slots.indexOf(slot), 1);
        },
      };
    },
  };
};

export interface KeepTimes {
  /** Between two beats of a holder. */
  readonly renewMs: number;
  /** After so long without a renewal a holder stops. */
  readonly loseAfterMs: number;
}

interface Keeper {
  /** Aborts when the lease is another one's, or could be soon. */
  readonly lost: AbortSignal;
  stop(): void;
}

/** After a failure there is less time left, so the next try comes sooner. */
const failedRenewDivisor = 8;

/**
 * Renews a lease until it is stopped. The time that is left counts from when the last renewal that took place was sent: a
 * candidate can only have seen it later.
 */
export const keepLease = (renew: () => Promise<boolean>, times: KeepTimes, takenAtMs: number): Keeper => {
  const lost = new AbortController();
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;

  const startExpiry = (sentAtMs: number): NodeJS.Timeout =>
    setTimeout(
      () => {
        lose();
      },
      sentAtMs + times.loseAfterMs - performance.now(),
    );
  let expiry = startExpiry(takenAtMs);

  const stop = (): void => {
    clearTimeout(expiry);
    over.abort();
  };
  const lose = (): void => {
    stop();
    lost.abort();
  };

  const run = async (): Promise<void> => {
    let delayMs = times.renewMs;
    for (;;) {
      await pause(delayMs, over.signal);
      if (isOver()) return;
      const sentAtMs = performance.now();
      const isOurs = await renew().catch(() => null);
      if (isOver()) return;
      if (isOurs === false) {
        lose();
        return;
      }
      delayMs = isOurs === null ? times.renewMs / failedRenewDivisor : times.renewMs;
      if (isOurs === null) continue;
      clearTimeout(expiry);
      expiry = startExpiry(sentAtMs);
    }
  };
  void run();

  return { lost: lost.signal, stop };
};
