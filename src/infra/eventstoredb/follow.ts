/** Followers of the log: live from the recent events that all share, from the server while they are further behind. */
import {
  comparePositions,
  type DecodeStored,
  type Position,
  type RecordedEvent,
  UnknownEvent,
} from '../../eventsourcing/message.ts';
import type { EventBatch, EventSource, FollowOptions } from '../../eventsourcing/ports.ts';
import type { Listener } from '../waits.ts';
import { type Pulled, type PullPorts, pull } from './pull.ts';
import { positionOf, tryDecode } from './records.ts';
import type { RecentEvents, SharedSubscription } from './sharedSubscription.ts';

/** Every new event wakes them; this only bounds one wait. */
const wakeMs = 30_000;

interface Wanted {
  readonly types: ReadonlySet<string> | null;
  readonly batchMax: number;
  readonly signal: AbortSignal;
  readonly decode: DecodeStored;
}

/** What a follower gets of what was pulled. */
interface FollowStep {
  /** `null` when it does not move the follower on. */
  readonly batch: EventBatch | null;
  /** The event after these that can't be understood. */
  readonly unknown: UnknownEvent | null;
  readonly at: Position | null;
  /** The recent events go on from here. */
  readonly isLive: boolean;
}

const isAfter = (position: Position | null, at: Position | null): boolean =>
  position !== null && (at === null || comparePositions(position, at) > 0);

/** The server knows only prefixes of types, so it also sends types that begin like a wanted one. */
const understand = ({ resolved, upTo }: Pulled, { types, decode }: Wanted, at: Position | null) => {
  const events: RecordedEvent[] = [];
  let seen = at;
  for (const each of resolved) {
    if (types === null || types.has(each.event?.type ?? '')) {
      const event = tryDecode(each, decode);
      if (event instanceof UnknownEvent) return { events, unknown: event, upTo: seen };
      if (event !== null) events.push(event);
    }
    seen = positionOf(each) ?? seen;
  }
  return { events, unknown: null, upTo };
};

const stepOf = (pulled: Pulled, wanted: Wanted, from: Position | null, recent: RecentEvents): FollowStep => {
  const { events, unknown, upTo } = understand(pulled, wanted, from);
  const isDrained = pulled.isDrained && unknown === null;
  const isAtEnd = !isAfter(recent.end(), upTo);
  const isCaughtUp = isDrained && isAtEnd;
  const isProgress = isAfter(upTo, from) || isCaughtUp;
  return {
    batch: upTo !== null && isProgress ? { events, upTo, isCaughtUp } : null,
    unknown,
    at: upTo,
    // At their end a follower gets nothing from the recent events yet: first it must be told that it caught up.
    isLive: recent.covers(upTo) && (isDrained || !isAtEnd),
  };
};

/** From the server, until the recent events cover what comes next. */
async function* catchUp(
  ports: PullPorts,
  recent: RecentEvents,
  from: Position | null,
  wanted: Wanted,
): AsyncGenerator<EventBatch> {
  const types = wanted.types === null ? null : [...wanted.types];
  let at = from;
  for await (const pulled of pull(ports, { ...wanted, types, from })) {
    const step = stepOf(pulled, wanted, at, recent);
    if (step.batch !== null) yield step.batch;
    if (step.unknown !== null) throw step.unknown;
    at = step.at;
    if (step.isLive) return;
  }
}

/** The log does not reach as far as a checkpoint says: it was restored from an older copy. */
export class BeyondTheLog extends Error {
  override readonly name = 'BeyondTheLog';
}

/** The server would wait for such a position without a word. */
const refuseBeyond = async ({ reads }: PullPorts, from: Position | null, recent: RecentEvents): Promise<void> => {
  if (isAfter(from, recent.end()) && isAfter(from, await reads.head())) {
    throw new BeyondTheLog('a checkpoint lies beyond the end of the log');
  }
};

function* fromRecent(recent: RecentEvents, at: Position | null, { batchMax, types }: Wanted): Generator<EventBatch> {
  const batch = recent.read(at, batchMax, types);
  if (batch !== null) yield batch;
}

/** The recent events once the server was reached; `undefined` when aborted meanwhile. */
const whenBegun = async (
  shared: SharedSubscription,
  listener: Listener,
  signal: AbortSignal,
): Promise<RecentEvents | undefined> => {
  shared.start();
  while (!signal.aborted) {
    const recent = shared.recent();
    if (recent !== undefined) return recent;
    await listener.next(wakeMs);
  }
  return undefined;
};

export const createFollow = (
  ports: PullPorts,
  shared: SharedSubscription,
  stopped: AbortSignal,
): EventSource['follow'] =>
  async function* follow(from: Position | null, options: FollowOptions): AsyncGenerator<EventBatch> {
    const signal = AbortSignal.any([options.signal, stopped]);
    const types = options.types === undefined ? null : new Set(options.types);
    const wanted = { types, batchMax: options.batchMax, signal, decode: ports.decode };
    const listener = shared.grown.listen(signal);
    let at = from;
    try {
      const recent = await whenBegun(shared, listener, signal);
      if (recent !== undefined) await refuseBeyond(ports, from, recent);
      while (recent !== undefined && !signal.aborted) {
        // A follower that wants no type misses nothing by moving to the end.
        const isBehind = types?.size !== 0 && !recent.covers(at);
        const batches = isBehind ? catchUp(ports, recent, at, wanted) : fromRecent(recent, at, wanted);
        let isWaiting = !isBehind;
        for await (const batch of batches) {
          at = batch.upTo;
          isWaiting = false;
          yield batch;
        }
        if (isWaiting) await listener.next(wakeMs);
        // Throws when the log may not be followed any more.
        shared.recent();
      }
    } finally {
      listener.leave();
    }
  };
