/** Leases of a process that has no others beside it: it holds them all, and its epoch is the one of nobody's checkpoint. */
import { pause } from '../eventsourcing/concurrency.ts';
import type { Leases } from '../eventsourcing/ports.ts';

const epoch = 0;
/** Work that ended by itself begins again, but not in a hot loop. */
const restMs = 1_000;

/** Within the process, work on one name waits for the work before it. */
export const createSoleLeases = (): Leases => {
  const lastOf = new Map<string, Promise<void>>();

  const repeat = async (signal: AbortSignal, work: Parameters<Leases['whileHeld']>[2]): Promise<void> => {
    while (!signal.aborted) {
      await work({ epoch, signal });
      await pause(restMs, signal);
    }
  };

  return {
    whileHeld: async (name, signal, work) => {
      const before = lastOf.get(name) ?? Promise.resolve();
      const run = before.then(() => repeat(signal, work));
      const ended = run.catch(() => undefined);
      lastOf.set(name, ended);
      await run;
      if (lastOf.get(name) === ended) lastOf.delete(name);
    },
  };
};
