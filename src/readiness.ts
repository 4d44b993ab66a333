/** A cold start while an engine is down: the process stays up, says what it waits for, and goes on by itself. */
import type { FastifyBaseLogger } from 'fastify';
import { failureFacts } from './commands/failureFacts.ts';
import { StoreUnavailable } from './commands/ports.ts';
import { pause } from './projections/pause.ts';

export interface Readiness {
  isReached(): boolean;
  /** Once. An engine that can't be reached is logged when that is news; any other failure is thrown. */
  attempt(): Promise<void>;
  /** Until it is reached, or aborted. */
  reach(signal: AbortSignal): Promise<void>;
}

const retryMs = 1_000;

/** `prepare` may be repeated. */
export const createReadiness = (prepare: () => Promise<void>, logger: FastifyBaseLogger): Readiness => {
  let reached = false;
  let told: string | null = null;

  const attempt = async (): Promise<void> => {
    try {
      await prepare();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      if (told !== error.message) logger.warn(failureFacts(error), 'not ready: an engine can not be reached');
      told = error.message;
      return;
    }
    reached = true;
    if (told !== null) logger.info('ready: every engine that is needed was reached');
  };

  return {
    isReached: () => reached,
    attempt,
    reach: async (signal) => {
      while (!reached && !signal.aborted) {
        await pause(retryMs, signal);
        await attempt();
      }
    },
  };
};
