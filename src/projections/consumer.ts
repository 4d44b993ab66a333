/**
 * A consumer of the log: in order, one awaited batch at a time, checkpoint last. A failure stops it at the event it
 * failed on and is tried again; nothing is ever skipped, so lag is the alarm (DESIGN §7).
 */
import type { Position, RecordedEvent } from '../domain/message.ts';
import { comparePositions } from '../domain/position.ts';
import type { Checkpoints, EventSource } from './ports.ts';
import { LostOwnership } from './project.ts';

export interface Progress {
  readonly name: string;
  /** Everything up to here was handled. */
  position(): Position | null;
  /** Resolves `true` once handled up to `position`, `false` after `timeoutMs`. */
  waitFor(position: Position, timeoutMs: number): Promise<boolean>;
  /** Why it stands still, or `null`. Never driver text. */
  failure(): string | null;
}

export interface ConsumerOptions {
  readonly name: string;
  readonly source: EventSource;
  readonly checkpoints: Checkpoints;
  readonly types?: readonly string[];
  readonly batchMax: number;
  /** Lets events gather for so long between two batches: many small writes become a few large ones. Absent: `restMs`. */
  readonly everyMs?: number;
  readonly handle: (events: readonly RecordedEvent[]) => Promise<void>;
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
export const restMs = 10;
const retryFirstMs = 200;
const retryMaxMs = 30_000;
/** A consumer that finds nothing to do moves its checkpoint this rarely: redelivery of nothing costs nothing. */
const idlePositionsMax = 2_000n;

const pause = (delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });

interface Waiter {
  readonly position: Position;
  readonly resolve: (reached: boolean) => void;
}

const createProgress = (): {
  at: () => Position | null;
  moveTo: (position: Position | null) => void;
  waitFor: Progress['waitFor'];
} => {
  let at: Position | null = null;
  const waiters = new Set<Waiter>();
  const reached = (position: Position): boolean => at !== null && comparePositions(at, position) >= 0;
  return {
    at: () => at,
    moveTo: (position) => {
      at = position;
      for (const waiter of waiters) {
        if (!reached(waiter.position)) continue;
        waiters.delete(waiter);
        waiter.resolve(true);
      }
    },
    waitFor: (position, timeoutMs) => {
      if (reached(position)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const waiter: Waiter = {
          position,
          resolve: (result) => {
            clearTimeout(timer);
            resolve(result);
          },
        };
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          resolve(false);
        }, timeoutMs);
        waiters.add(waiter);
      });
    },
  };
};

const isWorthStoring = (handled: number, upTo: Position, stored: Position | null): boolean =>
  handled > 0 || upTo.commit - (stored?.commit ?? 0n) >= idlePositionsMax;

export const createConsumer = (options: ConsumerOptions): Consumer => {
  const { name, source, checkpoints, types, batchMax, everyMs = restMs, handle, onFailure } = options;
  const progress = createProgress();
  let failure: string | null = null;

  const consume = async (signal: AbortSignal, healthy: () => void): Promise<void> => {
    let stored = await checkpoints.get(name);
    progress.moveTo(stored);
    const follow = { batchMax, signal, ...(types === undefined ? {} : { types }) };
    for await (const { events, upTo, isCaughtUp } of source.follow(stored, follow)) {
      if (events.length > 0) await handle(events);
      if (isWorthStoring(events.length, upTo, stored)) {
        if ((await checkpoints.advance(name, { from: stored, to: upTo, epoch: 0 })) === 'lost') {
          throw new LostOwnership(`${name}: another runner owns the checkpoint`);
        }
        stored = upTo;
      }
      healthy();
      progress.moveTo(upTo);
      // Whoever is behind does not rest.
      if (everyMs > 0 && isCaughtUp) await pause(everyMs, signal);
    }
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    let delayMs = retryFirstMs;
    const healthy = (): void => {
      delayMs = retryFirstMs;
      failure = null;
    };
    while (!signal.aborted) {
      try {
        await consume(signal, healthy);
      } catch (error) {
        failure = error instanceof Error ? error.name : 'Error';
        onFailure(name, error, delayMs);
        await pause(delayMs, signal);
        delayMs = Math.min(retryMaxMs, delayMs * 2);
      }
    }
  };

  return { name, run, position: progress.at, waitFor: progress.waitFor, failure: () => failure };
};
