/** Work that is looked for now and then. */
import { pause } from '../eventsourcing/concurrency.ts';

/** Asked anew: the compiler takes a signal that was not aborted for one that never will be. */
const hasStopped = ({ aborted }: AbortSignal): boolean => aborted;

export type Sweep = (signal: AbortSignal) => Promise<unknown>;

/**
 * Calls `work` until aborted, with this rest between two calls, however long a call took: one that has much to do would
 * be later and later otherwise. A failure is told and tried again next time.
 */
export const repeatedly = async (
  work: Sweep,
  restMs: number,
  { signal, onError }: { readonly signal: AbortSignal; readonly onError: (error: unknown) => void },
): Promise<void> => {
  while (!signal.aborted) {
    await pause(restMs, signal);
    if (hasStopped(signal)) return;
    await work(signal).catch(onError);
  }
};
