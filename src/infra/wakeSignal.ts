/** Wakes those who wait for something new: followers of the log, workers of a queue. */
export interface Doorbell {
  /** Wakes all listeners. */
  ring(): void;
  listen(signal: AbortSignal): Listener;
}

export interface Listener {
  /** Resolves at the next ring, at one since the last call, on abort, or after `timeoutMs`. */
  next(timeoutMs: number): Promise<void>;
  /** Wakes this listener alone. */
  ring(): void;
  /** Must be called at the end. */
  leave(): void;
}

export const createDoorbell = (): Doorbell => {
  const listeners = new Set<() => void>();

  const listen = (signal: AbortSignal): Listener => {
    let rung = false;
    let wake: (() => void) | null = null;
    const ring = (): void => {
      rung = true;
      wake?.();
    };
    listeners.add(ring);
    signal.addEventListener('abort', ring);

    const next = async (timeoutMs: number): Promise<void> => {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(ring, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = null;
      }
      rung = false;
    };

    return {
      next,
      ring,
      leave: () => {
        listeners.delete(ring);
        signal.removeEventListener('abort', ring);
      },
    };
  };

  return {
    ring: () => {
      for (const ring of listeners) ring();
    },
    listen,
  };
};
