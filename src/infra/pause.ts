import { setTimeout as timeout } from 'node:timers/promises';

/** Resolves after a while, or at once when aborted. */
export const pause = (delayMs: number, signal: AbortSignal): Promise<void> =>
  timeout(delayMs, undefined, { signal }).catch(() => undefined);
