import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLiveEvents, type LiveEvents } from '../../src/eventsourcing/consumers/liveEvents.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { EventSource } from '../../src/eventsourcing/ports.ts';
import { logOf, move, openSource, registered, stockEvents } from '../projections/stockLog.ts';

const deliveries = Array.from({ length: 20 }, () => move('StockReceived', { quantity: 1 }));
const log = logOf(...stockEvents(registered(0), ...deliveries));

/** A log of one event, and what appends the next ones. */
const openLog = async () => {
  const store = await openSource(log.slice(0, 1));
  let next = 1;
  const append = async (count: number): Promise<void> => {
    for (const event of log.slice(next, next + count)) await store.append(event.stream, event.revision - 1, [event]);
    next += count;
  };
  return { store, append };
};

/** Runs to the end of the test; on its way once it stands at the newest event. */
const start = async (live: LiveEvents, source: EventSource): Promise<void> => {
  const stop = new AbortController();
  const running = live.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  await expect.poll(() => live.position()).toEqual(await source.head());
};

const openLive = async () => {
  const { store, append } = await openLog();
  const failures: unknown[] = [];
  const live = createLiveEvents(store, (_, error) => failures.push(error));
  await start(live, store);
  return { live, append, failures };
};

/** A listener that keeps the revisions it was told. */
const createEar = () => {
  const revisions: number[] = [];
  return { revisions, hear: ({ revision }: RecordedEvent) => void revisions.push(revision) };
};

describe('live events', () => {
  it('reach every listener, in order, from the newest at the start on', async () => {
    const { live, append } = await openLive();
    const [one, two] = [createEar(), createEar()];
    live.subscribe(one.hear);
    live.subscribe(two.hear);
    await append(5);
    await expect.poll(() => one.revisions).toEqual([1, 2, 3, 4, 5]);
    expect(two.revisions).toEqual([1, 2, 3, 4, 5]);
  });

  it('reach nobody who has left, and everybody who has not', async () => {
    const { live, append } = await openLive();
    const [gone, twice] = [createEar(), createEar()];
    const leave = live.subscribe(gone.hear);
    const leaveOnce = live.subscribe(twice.hear);
    live.subscribe(twice.hear);
    leave();
    leaveOnce();
    leaveOnce();
    await append(2);
    await expect.poll(() => twice.revisions).toEqual([1, 2]);
    expect(gone.revisions).toEqual([]);
  });

  it('go on for everybody else when a listener throws, which is reported and told no more', async () => {
    const { live, append, failures } = await openLive();
    const [before, after] = [createEar(), createEar()];
    const broken = vi.fn(() => {
      throw new TypeError('broken');
    });
    live.subscribe(before.hear);
    live.subscribe(broken);
    live.subscribe(after.hear);
    await append(3);
    await expect.poll(() => after.revisions).toEqual([1, 2, 3]);
    expect(before.revisions).toEqual([1, 2, 3]);
    expect(broken).toHaveBeenCalledOnce();
    expect(failures).toEqual([new TypeError('broken')]);
    expect(live.failure()).toBeNull();
  });

  it('begin with the first one where the log was empty', async () => {
    const store = await openSource([]);
    const live = createLiveEvents(store, () => undefined);
    const ear = createEar();
    live.subscribe(ear.hear);
    await start(live, store);
    await store.append(log[0]!.stream, 'no_stream', log.slice(0, 3));
    await expect.poll(() => ear.revisions).toEqual([0, 1, 2]);
  });

  it('come once each when the source fails and comes back, none of them missed', async () => {
    const { store, append } = await openLog();
    const failures: string[] = [];
    let headFailures = 1;
    let follows = 0;
    const flaky: EventSource = {
      ...store,
      head: async () => {
        headFailures -= 1;
        if (headFailures >= 0) throw new Error('no head');
        return store.head();
      },
      follow: async function* (from, options) {
        follows += 1;
        let batches = 0;
        for await (const batch of store.follow(from, { ...options, batchMax: 2 })) {
          // The first follower breaks with a batch in its hands.
          if (follows === 1 && batches === 2) throw new Error('cut off');
          batches += 1;
          yield batch;
        }
      },
    };
    const live = createLiveEvents(flaky, (_, error) => failures.push((error as Error).message));
    const ear = createEar();
    live.subscribe(ear.hear);
    await start(live, store);
    await append(9);
    await expect.poll(() => ear.revisions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(failures).toEqual(['no head', 'cut off']);
    expect(live.failure()).toBeNull();
  });

  it('end when they are told to', async () => {
    const { store } = await openLog();
    const stop = new AbortController();
    const running = createLiveEvents(store, () => undefined).run(stop.signal);
    stop.abort();
    await expect(running).resolves.toBeUndefined();
  });
});

describe('waiting for an event', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends with the first that matches, and asks no more', async () => {
    const { live, append } = await openLive();
    const matches = vi.fn(({ revision }: RecordedEvent) => revision >= 2);
    const waiting = live.waitForEvent(matches, 10_000);
    await append(4);
    expect(await waiting).toMatchObject({ type: 'StockReceived', revision: 2 });
    expect(matches).toHaveBeenCalledTimes(2);
  });

  it('ends with nothing when the time is up, and asks no more', async () => {
    const { live, append } = await openLive();
    const matches = vi.fn(() => false);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const waiting = live.waitForEvent(matches, 2_000);
    vi.advanceTimersByTime(1_999);
    await expect(Promise.race([waiting, Promise.resolve('still waiting')])).resolves.toBe('still waiting');
    vi.advanceTimersByTime(1);
    await expect(waiting).resolves.toBeNull();
    vi.useRealTimers();
    const ear = createEar();
    live.subscribe(ear.hear);
    await append(1);
    await expect.poll(() => ear.revisions).toEqual([1]);
    expect(matches).not.toHaveBeenCalled();
  });

  it('ends with nothing when what it looks for can not be told, which is reported', async () => {
    const { live, append, failures } = await openLive();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const waiting = live.waitForEvent(() => {
      throw new TypeError('broken');
    }, 300);
    await append(1);
    await expect.poll(() => failures).toEqual([new TypeError('broken')]);
    vi.advanceTimersByTime(300);
    expect(await waiting).toBeNull();
  });
});
