import { pause } from '../../eventsourcing/concurrency.ts';

export interface KeepTimes {
  /** Between two beats of a holder. */
  readonly renewMs: number;
  /** After so long without a renewal a holder stops. */
  readonly loseAfterMs: number;
}

export interface Keeper {
  /** Aborts when the lease is another one's, or could be soon. */
  readonly lost: AbortSignal;
  stop(): void;
}

/** After a failure there is less time left, so the next try comes sooner. */
const hurry = 8;

/**
 * Renews a lease until it is stopped. The time that is left counts from when the last renewal that took place was sent: a
 * candidate can only have seen it later.
 */
export const keepLease = (renew: () => Promise<boolean>, times: KeepTimes, takenAtMs: number): Keeper => {
  const lost = new AbortController();
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;

  const lightFuse = (sentAtMs: number): NodeJS.Timeout =>
    setTimeout(
      () => {
        lose();
      },
      sentAtMs + times.loseAfterMs - performance.now(),
    );
  let fuse = lightFuse(takenAtMs);

  const stop = (): void => {
    clearTimeout(fuse);
    over.abort();
  };
  const lose = (): void => {
    stop();
    lost.abort();
  };

  const run = async (): Promise<void> => {
    let delayMs = times.renewMs;
    for (;;) {
      await pause(delayMs, over.signal);
      if (isOver()) return;
      const sentAtMs = performance.now();
      const isOurs = await renew().catch(() => null);
      if (isOver()) return;
      if (isOurs === false) {
        lose();
        return;
      }
      delayMs = isOurs === null ? times.renewMs / hurry : times.renewMs;
      if (isOurs === null) continue;
      clearTimeout(fuse);
      fuse = lightFuse(sentAtMs);
    }
  };
  void run();

  return { lost: lost.signal, stop };
};
