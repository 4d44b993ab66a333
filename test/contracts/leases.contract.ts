import { afterEach, expect, it, vi } from 'vitest';
import type { HeldLease, Leases } from '../../src/eventsourcing/ports.ts';
import { type Make, uniqueName, useAdapter, waitMaxMs } from './make.ts';

interface Holder {
  /** Each time it held the lease, in order. */
  readonly held: readonly HeldLease[];
  isInside(): boolean;
  stop(): Promise<void>;
}

/** Resolves when aborted. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });

export const leasesContract = (make: Make<Leases>): void => {
  const made = useAdapter(make);
  const holders: Holder[] = [];
  afterEach(async () => {
    await Promise.all(holders.splice(0).map(({ stop }) => stop()));
  });
  const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: waitMaxMs, interval: 10 });

  /** Wants a lease until it is stopped, and works until it is told to end. */
  const want = (leases: Leases, name: string, work = ({ signal }: HeldLease) => aborted(signal)): Holder => {
    const abort = new AbortController();
    const held: HeldLease[] = [];
    let inside = 0;
    const ended = leases.whileHeld(name, abort.signal, async (lease) => {
      held.push(lease);
      inside += 1;
      await work(lease);
      inside -= 1;
    });
    const holder = {
      held,
      isInside: () => inside > 0,
      stop: async () => {
        abort.abort();
        await ended;
      },
    };
    holders.push(holder);
    return holder;
  };

  /** A process that has no others beside it has one epoch. */
  const isShared = (): boolean => made().adapter !== made().second;

  it('is held by one of many, and goes to the next when it is given back, under a new epoch (R11.3)', async () => {
    const { adapter, second } = made();
    const name = uniqueName('lease');
    const all = [adapter, second, adapter, second].map((leases) => want(leases, name));
    const epochs: number[] = [];
    const waiting = new Set(all);
    while (waiting.size > 0) {
      await eventually(() => expect([...waiting].some((holder) => holder.isInside())).toBe(true));
      const inside = [...waiting].filter((holder) => holder.isInside());
      expect(inside).toHaveLength(1);
      const [holder] = inside;
      epochs.push(holder?.held.at(-1)?.epoch ?? -1);
      if (holder !== undefined) waiting.delete(holder);
      await holder?.stop();
    }
    if (isShared()) expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
    else expect(epochs).toEqual([0, 0, 0, 0]);
  });

  it('is held beside leases of other names', async () => {
    const { adapter, second } = made();
    const [one, other] = [want(adapter, uniqueName('lease')), want(second, uniqueName('lease'))];
    await eventually(() => expect([one.isInside(), other.isInside()]).toEqual([true, true]));
    expect(one.held[0]?.signal.aborted).toBe(false);
  });

  it('tells its holder to stop, and is given back only when the work has ended', async () => {
    const { adapter, second } = made();
    const name = uniqueName('lease');
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const slow = want(adapter, name, async ({ signal }) => {
      await aborted(signal);
      await finished;
    });
    await eventually(() => expect(slow.isInside()).toBe(true));
    const next = want(second, name);
    const stopped = slow.stop();
    await eventually(() => expect(slow.held[0]?.signal.aborted).toBe(true));
    expect([slow.isInside(), next.isInside()]).toEqual([true, false]);
    finish();
    await stopped;
    await eventually(() => expect(next.isInside()).toBe(true));
  });

  it('is not waited for by who is told to stop, and never held by who was stopped before', async () => {
    const { adapter, second } = made();
    const name = uniqueName('lease');
    const holder = want(adapter, name);
    await eventually(() => expect(holder.isInside()).toBe(true));
    const waiting = want(second, name);
    await second.whileHeld(uniqueName('lease'), AbortSignal.abort(), () => Promise.reject(new Error('held')));
    const stopped = waiting.stop();
    await holder.stop();
    await stopped;
    expect(waiting.held).toHaveLength(0);
  });

  it('is held again after work that ended by itself', async () => {
    const { adapter } = made();
    const holder = want(adapter, uniqueName('lease'), () => Promise.resolve());
    await eventually(() => expect(holder.held.length).toBeGreaterThanOrEqual(2));
  });

  it('goes to another one when the work throws, which the holder learns', async () => {
    const { adapter, second } = made();
    const name = uniqueName('lease');
    const failure = new Error('no');
    const { signal } = new AbortController();
    await expect(adapter.whileHeld(name, signal, () => Promise.reject(failure))).rejects.toBe(failure);
    const next = want(second, name);
    await eventually(() => expect(next.isInside()).toBe(true));
  });
};
