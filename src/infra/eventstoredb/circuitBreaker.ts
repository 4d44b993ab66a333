/** Keeps calls away from a server that does not answer, as the client itself has no backoff at all. */
import { pause } from '../../eventsourcing/concurrency.ts';
import { createBackoff, createCircuitBreaker, createWakeSignal, type WakeSignal } from '../waits.ts';
import { isUnreachable } from './clients.ts';
import type { Timing } from './connection.ts';

export interface ServerBreaker {
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
export const createServerBreaker = (
  timing: Timing,
  stopped: AbortSignal,
  random: () => number,
  onChange: (reason: unknown) => void,
): ServerBreaker => {
  const backoff = createBackoff(timing.retryFirstMs, timing.breakerOpenMaxMs, random);
  const recovered = createWakeSignal();
  const breaker = createCircuitBreaker({
    failuresMax: 1,
    nextOpenMs: backoff.nextMs,
    isFailure: isUnreachable,
    onChange: (reason) => {
      if (reason === null) backoff.reset();
      onChange(reason);
      if (reason === null) recovered.wake();
    },
  });

  const waitUntilTried = async (): Promise<void> => {
    const giveUpAtMs = performance.now() + timing.breakerWaitMaxMs;
    for (;;) {
      if (stopped.aborted) throw new CircuitOpen('the event store is being closed');
      const openMs = breaker.openMs();
      if (openMs === 0) return;
      if (performance.now() + openMs > giveUpAtMs) throw new CircuitOpen('the event store could not be reached');
      await pause(openMs, stopped);
    }
  };

  return {
    through: async (call) => {
      if (breaker.openMs() > 0 || stopped.aborted) await waitUntilTried();
      return breaker.run(call);
    },
    recovered,
  };
};
