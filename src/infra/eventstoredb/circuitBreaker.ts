/** Keeps calls away from a server that does not answer, as the client itself has no backoff at all. */
import { pause } from '../../eventsourcing/concurrency.ts';
import { createBackoff, createDoorbell, type Doorbell } from '../waits.ts';
import { isUnreachable } from './clients.ts';
import type { Timing } from './connection.ts';

export interface Gate {
  /**
   * Waits while the gate is closed, then calls. A call that finds no server closes it for all.
   * @throws GateClosed when it did not open in time: nothing was sent.
   */
  through<T>(call: () => Promise<T>): Promise<T>;
  /** Rings when the server answers again. */
  readonly recovered: Doorbell;
}

export class GateClosed extends Error {
  override readonly name = 'GateClosed';
}

/** `onChange` is told once when the server went away, with the reason, and once when it is back, with `null`. */
export const createGate = (
  timing: Timing,
  stopped: AbortSignal,
  random: () => number,
  onChange: (reason: unknown) => void,
): Gate => {
  const backoff = createBackoff(timing.retryFirstMs, timing.gateClosedMaxMs, random);
  const recovered = createDoorbell();
  let opensAtMs = 0;
  /** Counts closings, so that calls which fail together close it once. */
  let closings = 0;
  let isDown = false;

  const succeeded = (): void => {
    if (!isDown) return;
    isDown = false;
    backoff.reset();
    onChange(null);
    recovered.ring();
  };

  const failed = (begunAt: number, reason: unknown): void => {
    if (begunAt !== closings) return;
    closings += 1;
    if (!isDown) onChange(reason);
    isDown = true;
    opensAtMs = performance.now() + backoff.nextMs();
  };

  const waitUntilOpen = async (): Promise<void> => {
    const giveUpAtMs = performance.now() + timing.gateWaitMaxMs;
    for (;;) {
      const nowMs = performance.now();
      if (stopped.aborted) throw new GateClosed('the event store is being closed');
      if (nowMs >= opensAtMs) return;
      if (opensAtMs > giveUpAtMs) throw new GateClosed('the event store could not be reached');
      await pause(opensAtMs - nowMs, stopped);
    }
  };

  const through: Gate['through'] = async (call) => {
    if (isDown || stopped.aborted) await waitUntilOpen();
    const begunAt = closings;
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
