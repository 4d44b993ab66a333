/** Keeps calls away from a server that does not answer, as the client itself has no backoff at all. */
import { pause } from '../../eventsourcing/concurrency.ts';
import { createBackoff, createWakeSignal, type WakeSignal } from '../waits.ts';
import { isUnreachable } from './clients.ts';
import type { Timing } from './connection.ts';

export interface CircuitBreaker {
  /**
   * Waits while the circuit is open, then calls. A call that finds no server opens it for all.
   * @throws CircuitOpen when it did not close in time: nothing was sent.
   */
  through<T>(call: () => Promise<T>): Promise<T>;
  /** Wakes when the server answers again. */
  readonly recovered: WakeSignal;
}

export class CircuitOpen extends Error {
  override readonly name = 'CircuitOpen';
}

/** `onChange` is told once when the server went away, with the reason, and once when it is back, with `null`. */
export const createCircuitBreaker = (
  timing: Timing,
  stopped: AbortSignal,
  random: () => number,
  onChange: (reason: unknown) => void,
): CircuitBreaker => {
  const backoff = createBackoff(timing.retryFirstMs, timing.breakerOpenMaxMs, random);
  const recovered = createWakeSignal();
  let triesAgainAtMs = 0;
  /** Counts openings, so that calls which fail together open it once. */
  let openings = 0;
  let isDown = false;

  const succeeded = (): void => {
    if (!isDown) return;
    isDown = false;
    backoff.reset();
    onChange(null);
    recovered.wake();
  };

  const failed = (begunAt: number, reason: unknown): void => {
    if (begunAt !== openings) return;
    openings += 1;
    if (!isDown) onChange(reason);
    isDown = true;
    triesAgainAtMs = performance.now() + backoff.nextMs();
  };

  const waitUntilTried = async (): Promise<void> => {
    const giveUpAtMs = performance.now() + timing.breakerWaitMaxMs;
    for (;;) {
      const nowMs = performance.now();
      if (stopped.aborted) throw new CircuitOpen('the event store is being closed');
      if (nowMs >= triesAgainAtMs) return;
      if (triesAgainAtMs > giveUpAtMs) throw new CircuitOpen('the event store could not be reached');
      await pause(triesAgainAtMs - nowMs, stopped);
    }
  };

  const through: CircuitBreaker['through'] = async (call) => {
    if (isDown || stopped.aborted) await waitUntilTried();
    const begunAt = openings;
    try {
      const result = await call();
      succeeded();
      return result;
    } catch (error) {
      if (isUnreachable(error)) failed(begunAt, error);
      throw error;
    }
  };

  return { through, recovered };
};
