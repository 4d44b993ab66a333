/**
 * A consumer of the log: in order, one awaited batch at a time, its checkpoint behind it. A failure stops it at the event
 * it failed on and is tried again; nothing is ever skipped, so lag is the alarm (docs/architecture.md, "The way of an
 * event").
 */
import { pause } from '../concurrency.ts';
import { comparePositions, type Position, type RecordedEvent } from '../message.ts';
import type { Checkpoints, EventSource, HeldLease, Leases } from '../ports.ts';
import { LostOwnership } from '../projecting/projection.ts';
import type { ConsumerProgress, Progress } from './consumerProgress.ts';

/**
 * The log was restored from a backup that is older than the read models. Its positions are given out again, so a
 * consumer that went on from there would wait in silence, and then skip what was written meanwhile.
 */
class CheckpointAhead extends Error {
  override readonly name = 'CheckpointAhead';
}

/**
 * Looks at a checkpoint before anything is read from there. Once it was ahead it stays so for this process, as a log that
 * grows past it hides what is wrong.
 * @throws CheckpointAhead from what it returns
 */
const createAheadGuard = (
  name: string,
  source: Pick<EventSource, 'head'>,
): ((stored: Position | null) => Promise<void>) => {
  let ahead: CheckpointAhead | null = null;
  return async (stored) => {
    if (ahead !== null) throw ahead;
    if (stored === null) return;
    // Asked after the checkpoint was read, so a log that was not restored is never behind it.
    const head = await source.head();
    if (head !== null && comparePositions(stored, head) <= 0) return;
    ahead = new CheckpointAhead(
      `${name} has handled ${stored.commit}, but the log ends at ${head?.commit ?? 0n}. If the log was restored, drop the ` +
        'read models and restart: they are made anew. See docs/disaster-recovery.md.',
    );
    throw ahead;
  };
};

export interface ConsumerOptions {
  readonly name: string;
  readonly source: EventSource;
  readonly checkpoints: Checkpoints;
  /** One process at a time runs it. */
  readonly leases: Leases;
  readonly consumerProgress: ConsumerProgress;
  readonly types?: readonly string[];
  readonly batchMax: number;
  /** Lets events gather for so long between two batches: many small writes become a few large ones. Absent: `restMs`. */
  readonly everyMs?: number;
  readonly handle: (events: readonly RecordedEvent[]) => Promise<void>;
  /** Runs in the process that follows the log, for as long as it is that one. */
  readonly beside?: (held: HeldLease) => Promise<void>;
  /** Told of each failure before it is tried again. */
  readonly onFailure: (name: string, error: unknown, delayMs: number) => void;
}

export interface Consumer extends Progress {
  /** Runs until aborted. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Between two batches of a consumer that is not behind. The first event after a pause is handled at once; under load,
 * a dozen consumers that turn to each commit would do more than the commits themselves.
 */
const restMs = 5;
const retryFirstMs = 200;
const retryMaxMs = 30_000;
/** A consumer that finds nothing to do moves its checkpoint this rarely: redelivery of nothing costs nothing. */
const idleStoreMs = 1_000;

type Stage = 'beginning' | 'following';

/** Of what every process does for itself. */
export const ownLeases: Leases = { whileHeld: (_, signal, work) => work({ epoch: 0, signal }) };

export const createConsumer = (options: ConsumerOptions): Consumer => {
  const {
    name,
    source,
    checkpoints,
    leases,
    consumerProgress,
    types,
    batchMax,
    everyMs = restMs,
    handle,
    onFailure,
  } = options;
  const { beside = async () => undefined } = options;

  const refuseToBeAhead = createAheadGuard(name, source);

  const begin = async ({ epoch }: HeldLease): Promise<Position | null> => {
    const stored = await checkpoints.take(name, epoch);
    await refuseToBeAhead(stored);
    if (stored !== null) consumerProgress.moved(name, stored);
    return stored;
  };

  /**
   * Moves the checkpoint behind what is handled, one write at a time: what comes next need not wait for it, and after a
   * crash some of it is handled again.
   */
  const checkpointFrom = (from: Position | null, { epoch, signal }: HeldLease, onHealthy: () => void) => {
    const failed = new AbortController();
    let stored = from;
    let startedAtMs = performance.now();
    let storing = Promise.resolve();
    const advance = async (to: Position): Promise<void> => {
      if ((await checkpoints.advance(name, { from: stored, to, epoch })) === 'lost') {
        throw new LostOwnership(`${name}: another runner owns the checkpoint`);
      }
      stored = to;
      onHealthy();
    };
    return {
      /** Aborts when the checkpoint could not be moved, too. */
      signal: AbortSignal.any([signal, failed.signal]),
      isDue: (): boolean => performance.now() - startedAtMs >= idleStoreMs,
      /** Resolves when the move has begun. @throws what the one before failed with. */
      move: async (to: Position): Promise<void> => {
        await storing;
        startedAtMs = performance.now();
        storing = advance(to);
        storing.catch(() => failed.abort());
      },
      /** @throws what the last move failed with. */
      settled: (): Promise<void> => storing,
    };
  };

  const consume = async (from: Position | null, held: HeldLease, onHealthy: () => void): Promise<void> => {
    const checkpoint = checkpointFrom(from, held, onHealthy);
    const { signal } = checkpoint;
    const follow = { batchMax, signal, ...(types === undefined ? {} : { types }) };
    // Where nothing was ever handled, other processes know of it by the checkpoint alone: news is only for who listens then.
    let isStored = from !== null;
    try {
      for await (const { events, upTo, isCaughtUp } of source.follow(from, follow)) {
        if (events.length > 0) await handle(events);
        consumerProgress.moved(name, upTo);
        if (events.length > 0 || checkpoint.isDue() || !isStored) {
          isStored = true;
          await checkpoint.move(upTo);
        } else onHealthy();
        // Rests only when it has caught up.
        if (everyMs > 0 && isCaughtUp) await pause(everyMs, signal);
      }
    } finally {
      // Who begins again begins at what is stored by then.
      await checkpoint.settled();
    }
  };

  const runHeld = async (held: HeldLease): Promise<void> => {
    let delayMs = retryFirstMs;
    let failedAt: Stage | null = null;
    const onHealthy = (): void => {
      delayMs = retryFirstMs;
      consumerProgress.failed(name, null);
    };
    const isOver = (): boolean => held.signal.aborted;
    while (!isOver()) {
      let at: Stage = 'beginning';
      try {
        const stored = await begin(held);
        // What it failed on comes again, and tells whether that is over; of a beginning nothing comes while the log is quiet.
        if (failedAt === 'beginning') onHealthy();
        at = 'following';
        await consume(stored, held, onHealthy);
      } catch (error) {
        // Its stores may be closed already. It comes again after the next start.
        if (isOver()) break;
        failedAt = at;
        consumerProgress.failed(name, error instanceof Error ? error.name : 'Error');
        onFailure(name, error, delayMs);
        await pause(delayMs, held.signal);
        delayMs = Math.min(retryMaxMs, delayMs * 2);
      }
    }
    // The process that holds it now answers for it.
    consumerProgress.failed(name, null);
  };

  const run = (signal: AbortSignal): Promise<void> =>
    leases.whileHeld(name, signal, async (held) => {
      await Promise.all([runHeld(held), beside(held)]);
    });
  return { ...consumerProgress.progress(name), run };
};
