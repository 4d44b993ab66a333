/** Subscriptions to a stream or to `$all`: first what is there, then what comes, without asking again and again. */
import { randomUUID } from 'node:crypto';
import type streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { dropped, type Failure, invalidArgument, streamDeleted } from './failures.ts';
import type { SubscriptionFate } from './faults.ts';
import { type Filter, filterOf, pageEvents } from './filters.ts';
import { indexAt, nameOf } from './reading.ts';
import { caughtUp, checkpoint, confirmation, fail, type ReadCall, send } from './sending.ts';
import type { Store } from './store.ts';

type Options = streamsPb.ReadReq.Options;

/** What a subscription walks along. */
interface Track {
  readonly start: () => number;
  readonly end: () => number;
  readonly indexAt: (cursor: number) => number;
  /** Asked whenever the end is reached: what ends the subscription, after a last event. */
  readonly closing: () => { readonly lastIndex: number; readonly failure: Failure } | null;
  /** Beyond all that is there: nothing is said until the log has come so far. */
  readonly isAhead: () => boolean;
  readonly listen: (wake: () => void) => () => void;
}

const streamTrack = (options: Options, store: Store): Track => {
  const asked = options.getStream();
  const stream = store.stream(nameOf(asked?.getStreamIdentifier()?.getStreamName_asU8()));
  const start = (): number => {
    if (asked?.hasEnd() === true) return stream.events.length;
    const next = asked?.hasRevision() === true ? Number(asked.getRevision()) + 1 : 0;
    return Math.max(next, Math.min(store.firstVisible(stream), stream.events.length));
  };
  return {
    start,
    end: () => stream.events.length,
    indexAt: (revision) => stream.events[revision] ?? 0,
    closing: () =>
      stream.tombstone === null ? null : { lastIndex: stream.tombstone, failure: streamDeleted(stream.name) },
    isAhead: () => false,
    listen: (wake) => {
      stream.listeners ??= new Set();
      stream.listeners.add(wake);
      return () => stream.listeners?.delete(wake);
    },
  };
};

const allTrack = (options: Options, { log, listen }: Store): Track => {
  const all = options.getAll();
  const position = all?.getPosition();
  /** Exclusive; -1 for the start of all. */
  const after = position === undefined ? -1 : Number(position.getCommitPosition());
  return {
    start: () => (all?.hasEnd() === true ? log.length() : log.indexFrom(after + 1)),
    end: log.length,
    indexAt: (index) => index,
    closing: () => null,
    isAhead: () => log.length() > 0 && after > log.position(log.length() - 1),
    listen,
  };
};

/** The largest unsigned number: what a position before the first record becomes on the wire. */
const nowhere = 2n ** 64n - 1n;

/** Counts what a filter has scanned, and says when a checkpoint is due and where. */
const createCheckpoints = ({ windowEvents, intervalWindows }: Filter, store: Store, isFromStart: boolean) => {
  let scanned = 0;
  let hits = 0;
  let windows = 0;
  let windowStart: number | null = null;
  let isFirst = isFromStart;

  /** The start of the window, with a prepare position of 0 where nothing in it was wanted. */
  const atWindowStart = (start: number): Buffer => {
    if (isFirst && hits === 0) return checkpoint(nowhere, nowhere);
    const position = store.log.position(start);
    return checkpoint(position, hits === 0 ? 0 : position);
  };

  return (index: number, isHit: boolean, isLive: boolean): Buffer | null => {
    windowStart ??= index;
    scanned += 1;
    if (isHit) hits += 1;
    if (scanned < windowEvents) return null;
    windows += 1;
    const position = store.log.position(index);
    const due = isLive ? checkpoint(position, position) : atWindowStart(windowStart);
    [scanned, hits, windowStart, isFirst] = [0, 0, null, false];
    return windows % intervalWindows === 0 ? due : null;
  };
};

/** Others get their turn after so many events that a filter passed over. */
const eventsPerTurn = 4096;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface Subscriptions {
  readonly run: (call: ReadCall, options: Options) => Promise<void>;
  /** Ends all that run, as unavailable or as if all had been read. @returns how many. */
  readonly endAll: (fate: 'dropped' | 'ended') => number;
}

interface Life {
  /** Resolves when the log has grown, or with false when the subscription is over. */
  readonly wait: () => Promise<boolean>;
  /** Once it has been ended nothing may be sent any more. */
  readonly isOver: () => boolean;
}

const finish = (call: ReadCall, fate: 'dropped' | 'ended'): void => {
  if (fate === 'dropped') fail(call, dropped);
  else call.end();
};

export const createSubscriptions = (store: Store, fateOf: () => SubscriptionFate): Subscriptions => {
  const running = new Set<(fate: 'dropped' | 'ended') => void>();

  /** Walks until the reader is gone, or the subscription is ended. */
  const walk = async (call: ReadCall, track: Track, filter: Filter | null, { wait, isOver }: Life) => {
    const checkpointAfter = filter && createCheckpoints(filter, store, track.start() === 0);
    let cursor = track.start();
    let isLive = false;

    const pass = async (index: number): Promise<boolean> => {
      const isHit = filter === null || filter.matches(index);
      if (isOver()) return false;
      if (isHit) {
        const fate = fateOf();
        if (fate !== 'goesOn') {
          finish(call, fate);
          return false;
        }
        if (!(await send(call, store.log.frame(index)))) return false;
      }
      const due = checkpointAfter?.(index, isHit, isLive) ?? null;
      return due === null || (await send(call, due));
    };

    const catchUp = async (): Promise<boolean> => {
      for (; cursor < track.end(); cursor += 1) {
        if (!(await pass(track.indexAt(cursor)))) return false;
        if (cursor % eventsPerTurn === 0) await nextTurn();
      }
      return true;
    };

    while (await catchUp()) {
      const closing = track.closing();
      if (closing !== null) {
        if (await send(call, store.log.frame(closing.lastIndex))) fail(call, closing.failure);
        return;
      }
      if (isOver()) return;
      if (!isLive && !(await send(call, caughtUp()))) return;
      isLive = true;
      if (cursor < track.end()) continue;
      if (!(await wait())) return;
      // So far behind, it reads pages again, and says so once it has caught up once more.
      if (track.end() - cursor > pageEvents) isLive = false;
    }
  };

  const refusalOf = (options: Options, track: Track): Failure | null => {
    const position = options.getAll()?.getPosition();
    if (position === undefined) return track.closing()?.failure ?? null;
    const commit = BigInt(position.getCommitPosition());
    const isKnown = commit === 0n || track.isAhead() || indexAt(store, commit) !== null;
    return isKnown ? null : invalidArgument('no record at this position');
  };

  const run: Subscriptions['run'] = async (call, options) => {
    const track = options.hasStream() ? streamTrack(options, store) : allTrack(options, store);
    const refusal = refusalOf(options, track);
    if (refusal !== null) {
      fail(call, refusal);
      return;
    }
    let isOver = false;
    let isRung = false;
    let ring = (): void => {};
    const wake = (): void => {
      isRung = true;
      ring();
    };
    const wait = async (): Promise<boolean> => {
      if (!isRung) {
        await new Promise<void>((resolve) => {
          ring = resolve;
        });
      }
      isRung = false;
      return !isOver;
    };
    const end = (fate: 'dropped' | 'ended'): void => {
      finish(call, fate);
      over();
    };
    const unlisten = track.listen(wake);
    const over = (): void => {
      isOver = true;
      unlisten();
      running.delete(end);
      wake();
    };
    running.add(end);
    call.on('cancelled', over).on('close', over);
    try {
      if (!(await send(call, confirmation(randomUUID())))) return;
      while (track.isAhead()) if (!(await wait())) return;
      await walk(call, track, filterOf(options, store), { wait, isOver: () => isOver });
    } finally {
      over();
    }
  };

  return {
    run,
    endAll: (fate) => {
      const ends = [...running];
      for (const end of ends) end(fate);
      return ends.length;
    },
  };
};
