/** One live subscription for all followers of this process. It fills the recent events that they share. */
import {
  comparePositions,
  type DecodeStored,
  type Position,
  type RecordedEvent,
  UnknownEvent,
} from '../../eventsourcing/message.ts';
import type { EventBatch } from '../../eventsourcing/ports.ts';
import { createWakeSignal, type WakeSignal } from '../waits.ts';
import type { HighWaterMark } from './appends.ts';
import { type Pulled, type PullPorts, pull } from './pull.ts';
import { positionOf, tryDecode, weightOf } from './records.ts';

/** An event of ours, or why it can't be understood: only followers that want its type fail on it. */
interface RecentEntry {
  readonly position: Position;
  readonly type: string;
  readonly event: RecordedEvent | UnknownEvent;
}

/** The newest part of the log, without gaps: everything after its start, up to its end. */
export interface RecentEvents {
  /** Where it ends. `null`: nothing is in the log yet. */
  end(): Position | null;
  /** Goes on from its end; `upTo` lies beyond the last entry where others wrote. */
  push(entries: readonly RecentEntry[], upTo: Position): void;
  /** Whether everything after this position is here. */
  covers(at: Position | null): boolean;
  /**
   * What comes after a position that it covers; `null` when that is nothing.
   * @throws UnknownEvent when the next event that is wanted is one
   */
  read(at: Position | null, batchMax: number, types: ReadonlySet<string> | null): EventBatch | null;
}

/** Live followers are a few batches behind at most; others read from the server. */
const eventsMax = 2_048;
/** What it keeps of their data, in characters of JSON; a single event may have a mebibyte. */
const charactersMax = 8 * 1_048_576;
/** Shortened once it is so much too long, as each time copies what stays. */
const slack = 2;

const isAfter = (position: Position, at: Position | null): boolean => at === null || comparePositions(position, at) > 0;

const weigh = ({ event }: RecentEntry): number =>
  event instanceof UnknownEvent ? 0 : weightOf(event.data) + weightOf(event.metadata);

/** The index of the first entry after a position. */
const firstAfter = (entries: readonly RecentEntry[], at: Position | null): number => {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry !== undefined && isAfter(entry.position, at)) high = middle;
    else low = middle + 1;
  }
  return low;
};

export const createRecentEvents = (begin: Position | null): RecentEvents => {
  let entries: RecentEntry[] = [];
  let weights: number[] = [];
  let characters = 0;
  let [start, end] = [begin, begin];

  const shorten = (): void => {
    let drop = Math.max(0, entries.length - eventsMax);
    let left = characters - weights.slice(0, drop).reduce((sum, weight) => sum + weight, 0);
    while (left > charactersMax) {
      left -= weights[drop] ?? 0;
      drop += 1;
    }
    start = entries[drop - 1]?.position ?? start;
    entries = entries.slice(drop);
    weights = weights.slice(drop);
    characters = left;
  };

  const push: RecentEvents['push'] = (added, upTo) => {
    for (const entry of added) {
      const weight = weigh(entry);
      entries.push(entry);
      weights.push(weight);
      characters += weight;
    }
    end = upTo;
    if (entries.length > slack * eventsMax || characters > slack * charactersMax) shorten();
  };

  const read: RecentEvents['read'] = (at, batchMax, types) => {
    if (end === null || !isAfter(end, at)) return null;
    const events: RecordedEvent[] = [];
    let upTo = at;
    for (const { position, type, event } of entries.slice(firstAfter(entries, at))) {
      if (events.length === batchMax) return { events, upTo: upTo ?? end, isCaughtUp: false };
      if (types === null || types.has(type)) {
        if (event instanceof UnknownEvent) {
          if (events.length === 0) throw event;
          return { events, upTo: upTo ?? end, isCaughtUp: false };
        }
        events.push(event);
      }
      upTo = position;
    }
    return { events, upTo: end, isCaughtUp: true };
  };

  return {
    end: () => end,
    push,
    covers: (at) => start === null || (at !== null && comparePositions(at, start) >= 0),
    read,
  };
};

export interface SharedSubscription {
  /** Begins at the newest event, unless it runs already. */
  start(): void;
  /**
   * `undefined` until the server was reached once.
   * @throws StoreUnavailable when the log may not be followed; the next `start` tries again
   */
  recent(): RecentEvents | undefined;
  /** Wakes when there are more recent events, and when following failed for good. */
  readonly grown: WakeSignal;
  /** Resolves when it runs no more, which `stopped` brings about. */
  ended(): Promise<void>;
}

/** Taken in one go. Large, as nothing waits for anything in between. */
const batchMax = 512;

const entriesOf = ({ resolved }: Pulled, decode: DecodeStored): RecentEntry[] =>
  resolved.flatMap((each) => {
    const [position, event] = [positionOf(each), tryDecode(each, decode)];
    return position === null || event === null ? [] : [{ position, type: each.event?.type ?? '', event }];
  });

/**
 * It asks for everything, events of the system too: each of them moves the followers on, so that none waits for the
 * position of an event that nobody asked for and that is the newest of the log.
 */
export const createSharedSubscription = (
  ports: PullPorts,
  highWaterMark: HighWaterMark,
  stopped: AbortSignal,
): SharedSubscription => {
  const grown = createWakeSignal();
  let recent: RecentEvents | undefined;
  let failure: Error | undefined;
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    const from = recent === undefined ? 'head' : recent.end();
    try {
      for await (const pulled of pull(ports, { from, types: null, batchMax, signal: stopped })) {
        recent ??= createRecentEvents(pulled.upTo);
        if (pulled.upTo === null) continue;
        recent.push(entriesOf(pulled, ports.decode), pulled.upTo);
        highWaterMark.reach(pulled.upTo);
        grown.wake();
      }
    } catch (error) {
      failure = error instanceof Error ? error : new Error('following the log failed', { cause: error });
      grown.wake();
    } finally {
      running = undefined;
    }
  };

  return {
    start: () => {
      if (running !== undefined || stopped.aborted) return;
      failure = undefined;
      running = run();
    },
    recent: () => {
      if (failure !== undefined) throw failure;
      return recent;
    },
    grown,
    ended: async () => {
      await running;
    },
  };
};
