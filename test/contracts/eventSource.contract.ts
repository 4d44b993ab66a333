import { expect, it } from 'vitest';
import { comparePositions, type Position, type RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { EventSource, EventStore } from '../../src/eventsourcing/ports.ts';
import {
  eventsIn,
  followUntil,
  idsOf,
  isAscending,
  newEvent,
  newEvents,
  newStream,
  untilSeen,
  within,
} from './eventSamples.ts';
import { type Make, useAdapter, waitMaxMs } from './make.ts';

type Log = EventStore & EventSource;

const appendEach = async (log: Log, stream: string, count: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const event = newEvent();
    await log.append(stream, index === 0 ? 'no_stream' : index - 1, [event]);
    ids.push(event.id);
  }
  return ids;
};

/** Pages until `isDone` or the end. */
const pages = async (
  log: Log,
  direction: 'forwards' | 'backwards',
  from: Position | null,
  isDone: (seen: readonly RecordedEvent[]) => boolean,
): Promise<readonly RecordedEvent[]> => {
  const seen: RecordedEvent[] = [];
  for (let at = from; !isDone(seen); at = seen.at(-1)?.position ?? null) {
    const page = await log.readAll(at, direction, 3);
    if (page.length === 0) break;
    seen.push(...page);
  }
  return seen;
};

const followContract = (made: () => { readonly adapter: Log; readonly second: Log }): void => {
  it('follows what is there already and then what comes, each event once and in order', async () => {
    const { adapter, second } = made();
    const [stream, later] = [newStream(), newStream()];
    const from = await adapter.head();
    const there = await appendEach(adapter, stream, 7);
    const following = followUntil(adapter, { from, batchMax: 3 }, untilSeen([stream, later], 12));
    const otherFollowing = followUntil(second, { from, batchMax: 3 }, untilSeen([stream, later], 12));
    const live = await appendEach(adapter, later, 5);
    for (const batches of await Promise.all([following, otherFollowing])) {
      expect(idsOf(within(eventsIn(batches), [stream, later]))).toEqual([...there, ...live]);
      expect(batches.every(({ events }) => events.length <= 3)).toBe(true);
    }
  });

  it('follows from the beginning', async () => {
    const { adapter } = made();
    const [first] = await adapter.readAll(null, 'forwards', 1);
    // A server's own events may come first, and move it along.
    const batches = await followUntil(adapter, { from: null, batchMax: 2 }, (seen) => eventsIn(seen).length > 0);
    expect(eventsIn(batches)[0]).toEqual(first);
  });

  it('gives every follower the same order, whoever writes (R11.1)', async () => {
    const { adapter, second } = made();
    const from = await adapter.head();
    const streams = Array.from({ length: 8 }, newStream);
    const [perStream, total] = [12, 96];
    const followers = [adapter, adapter, second].map((log, index) =>
      followUntil(log, { from, batchMax: 5 + index * 20 }, untilSeen(streams, total)),
    );
    await Promise.all(
      streams.map((stream, index) => appendEach(index % 2 === 0 ? adapter : second, stream, perStream)),
    );
    const seen = (await Promise.all(followers)).map((batches) => within(eventsIn(batches), streams));
    expect(new Set(idsOf(seen[0]!)).size).toBe(total);
    expect(isAscending(seen[0]!.map(({ position }) => position))).toBe(true);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('goes on exactly where a batch ended', async () => {
    const { adapter } = made();
    const stream = newStream();
    const from = await adapter.head();
    const ids = await appendEach(adapter, stream, 9);
    const first = await followUntil(adapter, { from, batchMax: 4 }, untilSeen([stream], 1));
    const seen = within(eventsIn(first), [stream]);
    const rest = await followUntil(
      adapter,
      { from: first.at(-1)!.upTo, batchMax: 4 },
      untilSeen([stream], ids.length - seen.length),
    );
    expect(idsOf([...seen, ...within(eventsIn(rest), [stream])])).toEqual(ids);
  });

  it.each(['written before', 'written meanwhile'])(
    'filters by type, and other types %s move it along',
    async (when) => {
      const { adapter, second } = made();
      const stream = newStream();
      const from = await adapter.head();
      const wanted = newEvents(2, 'ItemDefined');
      const write = async (): Promise<void> => {
        await adapter.append(stream, 'no_stream', [wanted[0]!, ...newEvents(20), wanted[1]!]);
        await adapter.append(stream, 21, newEvents(30));
      };
      if (when === 'written before') await write();
      const isPast = (upTo: Position): boolean => last !== undefined && comparePositions(upTo, last) >= 0;
      let last: Position | undefined;
      if (when === 'written before') last = (await adapter.readStream(stream, 51, 1))[0]!.position;
      // The second one has not written these events, so it reads them.
      const follower = when === 'written before' ? second : adapter;
      const following = followUntil(follower, { from, types: ['ItemDefined'], batchMax: 10 }, (batches) =>
        isPast(batches.at(-1)!.upTo),
      );
      if (when === 'written meanwhile') {
        await write();
        last = (await adapter.readStream(stream, 51, 1))[0]!.position;
        // One more, so that a follower that was quicker than this test looks again.
        await adapter.append(stream, 51, newEvents(1));
      }
      const batches = await following;
      const events = eventsIn(batches);
      expect(idsOf(within(events, [stream]))).toEqual(idsOf(wanted));
      expect(events.every(({ type }) => type === 'ItemDefined')).toBe(true);
      expect(isPast(batches.at(-1)!.upTo)).toBe(true);
      expect(isAscending([...new Map(batches.map(({ upTo }) => [upTo.commit, upTo])).values()])).toBe(true);
    },
  );

  it('ends without an error when it is aborted: waiting, in the middle, and before it begins', async () => {
    const { adapter } = made();
    await appendEach(adapter, newStream(), 3);
    const ended = async (from: Position | null, abortAfter: number, signalled: boolean): Promise<string> => {
      const stop = new AbortController();
      if (signalled) stop.abort();
      const bound = setTimeout(() => {
        stop.abort();
      }, waitMaxMs);
      let batches = 0;
      setImmediate(() => {
        if (abortAfter === 0) stop.abort();
      });
      for await (const _ of adapter.follow(from, { batchMax: 1, signal: stop.signal })) {
        batches += 1;
        if (batches === abortAfter) stop.abort();
      }
      clearTimeout(bound);
      return 'ended';
    };
    await expect(ended(await adapter.head(), 0, false)).resolves.toBe('ended');
    await expect(ended(null, 2, false)).resolves.toBe('ended');
    await expect(ended(null, 0, true)).resolves.toBe('ended');
  });
};

export const eventSourceContract = (make: Make<Log>): void => {
  const made = useAdapter(make);

  it('reads the whole log forwards in pages, without gaps or repeats', async () => {
    const { adapter, second } = made();
    const streams = [newStream(), newStream()];
    await adapter.append(streams[0]!, 'no_stream', newEvents(1));
    const from = await adapter.head();
    const ids = [...(await appendEach(adapter, streams[1]!, 7)), ...(await appendEach(second, newStream(), 1))];
    const seen = await pages(adapter, 'forwards', from, (events) => events.at(-1)?.id === ids.at(-1));
    expect(idsOf(seen).filter((id) => ids.includes(id))).toEqual(ids);
    expect(within(seen, [streams[0]!])).toEqual([]);
    expect(isAscending(seen.map(({ position }) => position))).toBe(true);
  });

  it('reads the whole log backwards in pages, the newest first (R13.3)', async () => {
    const { adapter } = made();
    const stream = newStream();
    const ids = await appendEach(adapter, stream, 7);
    const seen = await pages(adapter, 'backwards', null, (events) => within(events, [stream]).length === 7);
    expect(idsOf(within(seen, [stream]))).toEqual(ids.toReversed());
    expect(isAscending(seen.map(({ position }) => position).reverse())).toBe(true);
    const before = await adapter.readAll(seen.at(-1)!.position, 'backwards', 1);
    expect(idsOf(before)).not.toEqual([seen.at(-1)!.id]);
  });

  it('has nothing beyond its end', async () => {
    const { adapter } = made();
    await appendEach(adapter, newStream(), 1);
    const [first] = await adapter.readAll(null, 'forwards', 1);
    expect(await adapter.readAll(first!.position, 'backwards', 5)).toEqual([]);
    const beyond = { commit: 2n ** 62n, prepare: 2n ** 62n };
    expect(await adapter.readAll(beyond, 'forwards', 5)).toEqual([]);
  });

  followContract(made);
};
