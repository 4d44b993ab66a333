/** Followers of the log: live from the tail that all share, and from the server for as long as they are behind it. */
import { UnknownEvent } from '../../domain/decode.ts';
import type { Position, RecordedEvent } from '../../eventsourcing/message.ts';
import { comparePositions } from '../../eventsourcing/message.ts';
import type { EventBatch, EventSource, FollowOptions } from '../../eventsourcing/ports.ts';
import type { Listener } from '../waits.ts';
import { type Pulled, type PullPorts, pull } from './pull.ts';
import { positionOf, tryDecode } from './records.ts';
import type { Hub, Tail } from './sharedSubscription.ts';

/** The tail rings for everything that comes; this is only how long a wait lasts at most. */
const wakeMs = 30_000;

interface Wanted {
  readonly types: ReadonlySet<string> | null;
  readonly batchMax: number;
  readonly signal: AbortSignal;
}

/** What a follower gets of what was pulled. */
interface Step {
  /** `null` when it does not move the follower on. */
  readonly batch: EventBatch | null;
  /** The event after these that can't be understood. */
  readonly unknown: UnknownEvent | null;
  readonly at: Position | null;
  /** The tail has what comes next. */
  readonly isLive: boolean;
}

const isAfter = (position: Position | null, at: Position | null): boolean =>
  position !== null && (at === null || comparePositions(position, at) > 0);

/** The server knows only prefixes of types, so it also sends types that begin like a wanted one. */
const understand = ({ resolved, upTo }: Pulled, { types }: Wanted, at: Position | null) => {
  const events: RecordedEvent[] = [];
  let seen = at;
  for (const each of resolved) {
    if (types === null || types.has(each.event?.type ?? '')) {
      const event = tryDecode(each);
      if (event instanceof UnknownEvent) return { events, unknown: event, upTo: seen };
      if (event !== null) events.push(event);
    }
    seen = positionOf(each) ?? seen;
  }
  return { events, unknown: null, upTo };
};

const stepOf = (pulled: Pulled, wanted: Wanted, from: Position | null, tail: Tail): Step => {
  const { events, unknown, upTo } = understand(pulled, wanted, from);
  const isDrained = pulled.isDrained && unknown === null;
  const isAtEnd = !isAfter(tail.end(), upTo);
  const isCaughtUp = isDrained && isAtEnd;
  const isNews = isAfter(upTo, from) || isCaughtUp;
  return {
    batch: upTo !== null && isNews ? { events, upTo, isCaughtUp } : null,
    unknown,
    at: upTo,
    // Whoever is at the end of the tail gets nothing from it now, so it must have been told that it caught up.
    isLive: tail.covers(upTo) && (isDrained || !isAtEnd),
  };
};

/** From the server, until the tail covers what comes next. */
async function* catchUp(
  ports: PullPorts,
  tail: Tail,
  from: Position | null,
  wanted: Wanted,
): AsyncGenerator<EventBatch> {
  const types = wanted.types === null ? null : [...wanted.types];
  let at = from;
  for await (const pulled of pull(ports, { ...wanted, types, from })) {
    const step = stepOf(pulled, wanted, at, tail);
    if (step.batch !== null) yield step.batch;
    if (step.unknown !== null) throw step.unknown;
    at = step.at;
    if (step.isLive) return;
  }
}

/** The log does not reach as far as somebody has read it: it was restored from an older copy. */
export class BeyondTheLog extends Error {
  override readonly name = 'BeyondTheLog';
}

/** The server would wait for such a position without a word. */
const refuseBeyond = async ({ reads }: PullPorts, from: Position | null, tail: Tail): Promise<void> => {
  if (isAfter(from, tail.end()) && isAfter(from, await reads.head())) {
    throw new BeyondTheLog('a checkpoint lies beyond the end of the log');
  }
};

function* fromTail(tail: Tail, at: Position | null, { batchMax, types }: Wanted): Generator<EventBatch> {
  const batch = tail.read(at, batchMax, types);
  if (batch !== null) yield batch;
}

/** The tail once the server was reached; `undefined` when aborted meanwhile. */
const whenBegun = async (hub: Hub, listener: Listener, signal: AbortSignal): Promise<Tail | undefined> => {
  hub.start();
  while (!signal.aborted) {
    const tail = hub.tail();
    if (tail !== undefined) return tail;
    await listener.next(wakeMs);
  }
  return undefined;
};

export const createFollow = (ports: PullPorts, hub: Hub, stopped: AbortSignal): EventSource['follow'] =>
  async function* follow(from: Position | null, options: FollowOptions): AsyncGenerator<EventBatch> {
    const signal = AbortSignal.any([options.signal, stopped]);
    const types = options.types === undefined ? null : new Set(options.types);
    const wanted = { types, batchMax: options.batchMax, signal };
    const listener = hub.bell.listen(signal);
    let at = from;
    try {
      const tail = await whenBegun(hub, listener, signal);
      if (tail !== undefined) await refuseBeyond(ports, from, tail);
      while (tail !== undefined && !signal.aborted) {
        // Who wants no type at all misses nothing by moving to the end.
        const isBehind = types?.size !== 0 && !tail.covers(at);
        const batches = isBehind ? catchUp(ports, tail, at, wanted) : fromTail(tail, at, wanted);
        let isWaiting = !isBehind;
        for await (const batch of batches) {
          at = batch.upTo;
          isWaiting = false;
          yield batch;
        }
        if (isWaiting) await listener.next(wakeMs);
        // Throws when the log may not be followed any more.
        hub.tail();
      }
    } finally {
      listener.leave();
    }
  };
