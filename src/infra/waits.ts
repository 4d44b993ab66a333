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

/** An answer did not come in time. Whether it was done all the same is not known. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * An answer that lies there when the time is up is taken: this process may have been busy, and not the other side.
 * @param ref whether the wait keeps the process alive
 * @throws NoAnswer after `timeoutMs`; what comes later is ignored, whatever it is.
 */
export const within = <T>(answer: Promise<T>, timeoutMs: number, { ref = true } = {}): Promise<T> =>
  new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new NoAnswer(`no answer within ${timeoutMs} ms`));
    // Timers come before what was received, and an immediate after it.
    const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
    if (!ref) timer.unref();
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });

/** From here on every maximum has long been reached, and a larger power says nothing more. */
const doublingsMax = 20;

/** From `firstMs` on, doubled with each of `tries` up to `maxMs`. */
export const backoffMs = (firstMs: number, maxMs: number, tries: number): number =>
  Math.min(maxMs, firstMs * 2 ** Math.min(tries, doublingsMax));

interface Backoff {
  /** How long to wait now; each call doubles the next. */
  nextMs(): number;
  reset(): void;
}

/** Up to half as long again, so that many do not come back together. */
export const createBackoff = (firstMs: number, maxMs: number, random: () => number): Backoff => {
  let tries = 0;
  return {
    nextMs: () => {
      tries += 1;
      return backoffMs(firstMs, maxMs, tries - 1) * (1 + random() / 2);
    },
    reset: () => {
      tries = 0;
    },
  };
};

interface CircuitBreakerOptions {
  /** So many failures in a row open the circuit. */
  readonly failuresMax: number;
  /** How long it stays open after a failure. */
  readonly nextOpenMs: () => number;
  /** How long the call that tries keeps the others away. Default: 0, all may try together. */
  readonly trialMs?: number;
  readonly isFailure?: (error: unknown) => boolean;
  /** Told once when it opens, with the reason, and once when it closes, with `null`. */
  readonly onChange?: (reason: unknown) => void;
  readonly nowMs?: () => number;
}

interface CircuitBreaker {
  /** How long the circuit stays open; 0: a call may be tried. */
  openMs(): number;
  run<T>(call: () => Promise<T>): Promise<T>;
}

/** Keeps calls away from a server that does not answer. `openMs` is asked before each `run`. */
export const createCircuitBreaker = (options: CircuitBreakerOptions): CircuitBreaker => {
  const { failuresMax, nextOpenMs, trialMs = 0, isFailure = () => true } = options;
  const { onChange = () => undefined, nowMs = () => performance.now() } = options;
  let failures = 0;
  /** So that calls which fail together open it once. */
  let openings = 0;
  let triesAgainAtMs = 0;
  const isOpen = (): boolean => failures >= failuresMax;

  const succeeded = (): void => {
    const wasOpen = isOpen();
    failures = 0;
    if (wasOpen) onChange(null);
  };
  const failed = (reason: unknown): void => {
    failures += 1;
    if (!isOpen()) return;
    openings += 1;
    triesAgainAtMs = nowMs() + nextOpenMs();
    if (failures === failuresMax) onChange(reason);
  };

  return {
    openMs: () => (isOpen() ? Math.max(0, triesAgainAtMs - nowMs()) : 0),
    run: async (call) => {
      const begunAt = openings;
      if (isOpen()) triesAgainAtMs = nowMs() + trialMs;
      try {
        const result = await call();
        succeeded();
        return result;
      } catch (error) {
        if (begunAt === openings && isFailure(error)) failed(error);
        throw error;
      }
    },
  };
};

/** After a handler of a job that threw: the same figures whichever engine keeps the queue. */
const jobFirstMs = 1_000;
const jobMaxMs = 10 * 60_000;

/** `attempts`: how often the job was started before the run that threw. */
export const jobBackoffMs = (attempts: number): number => backoffMs(jobFirstMs, jobMaxMs, attempts);

/** Kept as a number, so that texts of different precision compare as times. @throws RangeError when it is no time. */
export const msOf = (time: string): number => {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new RangeError(`not a time: ${time}`);
  return ms;
};

/** Runs `work` until it has succeeded once. Callers that come meanwhile wait for the same run. */
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
