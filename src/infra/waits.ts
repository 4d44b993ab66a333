/** Waiting that ends: for a signal, for an answer, until the next try. */

/** Wakes those who wait for something new: followers of the log, workers of a queue. */
export interface WakeSignal {
  /** Wakes all listeners. */
  wake(): void;
  listen(signal: AbortSignal): Listener;
}

export interface Listener {
  /** Resolves at the next wake, at one since the last call, on abort, or after `timeoutMs`. */
  next(timeoutMs: number): Promise<void>;
  /** Wakes this listener alone. */
  wake(): void;
  /** Must be called at the end. */
  leave(): void;
}

export const createWakeSignal = (): WakeSignal => {
  const listeners = new Set<() => void>();

  const listen = (signal: AbortSignal): Listener => {
    let isWoken = false;
    let resume: (() => void) | null = null;
    const wake = (): void => {
      isWoken = true;
      resume?.();
    };
    listeners.add(wake);
    signal.addEventListener('abort', wake);

    const next = async (timeoutMs: number): Promise<void> => {
      if (!isWoken && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(wake, timeoutMs);
          resume = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        resume = null;
      }
      isWoken = false;
    };

    return {
      next,
      wake,
      leave: () => {
        listeners.delete(wake);
        signal.removeEventListener('abort', wake);
      },
    };
  };

  return {
    wake: () => {
      for (const wake of listeners) wake();
    },
    listen,
  };
};

/** Waiting that ends: after a time, or when somebody stops it. */

/** An answer did not come in time. Whether it was done all the same is not known. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** @throws NoAnswer after `timeoutMs`; what comes later is ignored, whatever it is. */
export const within = <T>(answer: Promise<T>, timeoutMs: number): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswer(`no answer within ${timeoutMs} ms`)), timeoutMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });

interface Backoff {
  /** How long to wait now; each call doubles the next. */
  nextMs(): number;
  reset(): void;
}

/** From `firstMs` on, doubled up to `maxMs`, and up to half as long again so that many do not come back together. */
export const createBackoff = (firstMs: number, maxMs: number, random: () => number): Backoff => {
  let delayMs = firstMs;
  return {
    nextMs: () => {
      const nowMs = delayMs * (1 + random() / 2);
      delayMs = Math.min(maxMs, delayMs * 2);
      return nowMs;
    },
    reset: () => {
      delayMs = firstMs;
    },
  };
};

/** When a job is due, and when it is tried again: the same figures whichever engine keeps the queue. */

/** Backoff after a handler that threw: doubles with each attempt. */
const backoffFirstMs = 1_000;
const backoffMaxMs = 10 * 60_000;
/** From here on the maximum has long been reached, and a larger power says nothing more. */
const doublingsMax = 20;

/** `attempts`: how often the job was started before the run that threw. */
export const backoffMs = (attempts: number): number =>
  Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(attempts, doublingsMax));

/** Kept as a number, so that texts of different precision compare as times. @throws RangeError when it is no time. */
export const msOf = (time: string): number => {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new RangeError(`not a time: ${time}`);
  return ms;
}; /** Runs `work` before whatever needs it, until it has succeeded once; those who come meanwhile wait for the same run. */
export const untilDone = (work: () => Promise<unknown>): (() => Promise<void>) => {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work().then(
      () => undefined,
      (error: unknown) => {
        running = undefined;
        throw error;
      },
    );
    return running;
  };
};
