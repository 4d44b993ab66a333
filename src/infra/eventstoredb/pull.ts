/** Subscriptions that come back: for ever, from the last position that was handed out. */
import type { AllStreamResolvedEvent } from '@eventstore/db-client';
import { comparePositions, type DecodeStored, type Position } from '../../eventsourcing/message.ts';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import { createBackoff, createWakeSignal, type WakeSignal } from '../waits.ts';
import { type Clients, describeFailure, isFinalForReading } from './clients.ts';
import type { Timing } from './connection.ts';
import type { Reads } from './reads.ts';
import { type Subscription, SubscriptionEnded, subscribe } from './subscription.ts';

export interface PullPorts {
  readonly clients: Clients;
  readonly reads: Pick<Reads, 'head'>;
  /** Wakes when a server that was away answers again, which ends a long pause early. */
  readonly recovered: WakeSignal;
  readonly timing: Timing;
  readonly decode: DecodeStored;
  readonly random: () => number;
  readonly onDrop: (reason: string, delayMs: number) => void;
}

export interface PullOptions {
  /** `head`: only what comes from now on. What is pulled first then tells where that is. */
  readonly from: Position | null | 'head';
  /** Prefixes of the event types wanted; `null`: everything, the events of the system too. */
  readonly types: readonly string[] | null;
  readonly batchMax: number;
  readonly signal: AbortSignal;
}

export interface Pulled {
  readonly resolved: readonly AllStreamResolvedEvent[];
  /** Never `null` once anything was in the log. */
  readonly upTo: Position | null;
  /** All that there was just now. */
  readonly isDrained: boolean;
}

/** So many events make a subscription a healthy one. */
const healthyEvents = 100;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isBeyond = (position: Position | null, at: Position | null): boolean =>
  position !== null && (at === null || comparePositions(position, at) > 0);

/** @throws SubscriptionEnded when nothing was heard for long though the log has grown: proxies drop without a word */
const refuseSilence = async (
  { reads, timing }: PullPorts,
  { heardAtMs }: Subscription,
  at: Position | null,
): Promise<void> => {
  if (performance.now() - heardAtMs() < timing.silentMaxMs) return;
  if (isBeyond(await reads.head(), at)) throw new SubscriptionEnded('it fell silent while the log grew');
};

/** One subscription until it ends. @throws what ended it */
async function* pullOnce(ports: PullPorts, { from, types, batchMax, signal }: PullOptions): AsyncGenerator<Pulled> {
  const { clients, reads, timing } = ports;
  // Read before it begins: once it has caught up it has passed this, whatever it was asked to leave out.
  const head = await reads.head();
  let at = from === 'head' ? head : from;
  if (from === 'head') yield { resolved: [], upTo: at, isDrained: true };
  const lease = clients.lease();
  const listener = createWakeSignal().listen(signal);
  const subscription = subscribe(lease.client, { from: at, types, onChange: listener.wake });
  let wasCaughtUp = false;
  let failure: Error | undefined;
  try {
    while (!signal.aborted) {
      const { resolved, upTo, isPastBeginning, isEmpty } = subscription.take(batchMax);
      const passed = isPastBeginning && isBeyond(head, upTo) ? head : upTo;
      if (resolved.length > 0 || isBeyond(passed, at) || isPastBeginning !== wasCaughtUp) {
        at = passed;
        wasCaughtUp = isPastBeginning;
        yield { resolved, upTo: passed, isDrained: isPastBeginning && isEmpty };
        continue;
      }
      failure = subscription.failure();
      if (failure !== undefined) throw failure;
      await listener.next(timing.silentMaxMs);
      // Events come in one at a time; a turn later there are many.
      await nextTurn();
      await refuseSilence(ports, subscription, at);
    }
  } finally {
    listener.leave();
    await subscription.close();
    lease.release(failure);
  }
}

/** Until the server answers others again, at most so long. */
const waitToRetry = async (delayMs: number, recovered: WakeSignal, signal: AbortSignal): Promise<void> => {
  const listener = recovered.listen(signal);
  await listener.next(delayMs);
  listener.leave();
};

/**
 * What a subscription brings, in order, each event once. Ends when the signal aborts.
 * @throws StoreUnavailable only where trying again is of no use
 */
export async function* pull(ports: PullPorts, options: PullOptions): AsyncGenerator<Pulled> {
  const { timing, random, recovered, onDrop } = ports;
  const { signal } = options;
  const backoff = createBackoff(timing.subscribeFirstMs, timing.subscribeMaxMs, random);
  let from = options.from;
  while (!signal.aborted) {
    const begunAtMs = performance.now();
    let events = 0;
    try {
      for await (const pulled of pullOnce(ports, { ...options, from })) {
        events += pulled.resolved.length;
        from = pulled.upTo;
        yield pulled;
      }
    } catch (error) {
      const cause = error instanceof StoreUnavailable ? error.cause : error;
      if (isFinalForReading(cause)) {
        throw new StoreUnavailable(`the log can't be followed: ${describeFailure(cause)}`, 'not_written', cause);
      }
      if (events >= healthyEvents || performance.now() - begunAtMs >= timing.healthyMs) backoff.reset();
      const delayMs = backoff.nextMs();
      onDrop(describeFailure(cause), delayMs);
      await waitToRetry(delayMs, recovered, signal);
    }
  }
}
