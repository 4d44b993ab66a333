/** A cold start while an engine is down: the process stays up, says what it waits for, and goes on by itself. */
import type { FastifyBaseLogger } from 'fastify';
import { pause } from '../eventsourcing/concurrency.ts';
import type { Progress } from '../eventsourcing/consumers/consumerProgress.ts';
import { comparePositions, type Position } from '../eventsourcing/message.ts';
import { type EventSource, failureFacts, StoreDamaged, StoreUnavailable } from '../eventsourcing/ports.ts';

export interface Readiness {
  isReached(): boolean;
  /** Once. An engine that can't be reached is logged when that is news; any other failure is thrown. */
  attempt(): Promise<void>;
  /** Until it is reached, or aborted. */
  reach(signal: AbortSignal): Promise<void>;
}

const retryMs = 1_000;

/** Nothing gets better by waiting for a store that is damaged. */
const throwUnlessAway = (error: unknown): StoreUnavailable => {
  if (error instanceof StoreUnavailable && !(error instanceof StoreDamaged)) return error;
  throw error;
};

/** `prepare` may be repeated. */
export const createReadiness = (prepare: () => Promise<void>, logger: FastifyBaseLogger): Readiness => {
  let reached = false;
  let told: string | null = null;

  const attempt = async (): Promise<void> => {
    try {
      await prepare();
    } catch (error) {
      const away = throwUnlessAway(error);
      if (told !== away.message) logger.warn(failureFacts(away), 'not ready: an engine can not be reached');
      told = away.message;
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

/** So many seconds without progress: it is not catching up. */
const looksAlikeMax = 5;

export interface CatchUp {
  isReached(): boolean;
  /** Before the first command; a log that is away takes none, and tells the time once it is there. */
  keepTime(): Promise<void>;
  /** Until it is reached, or aborted. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Whether the read models have reached the head that the log had at the start. Before that, a process on a log that its
 * read models have not seen would answer that things are missing. A build that does not answer yet does not count.
 */
export const createCatchUp = (
  source: Pick<EventSource, 'head'>,
  models: readonly Progress[],
  keepTime: () => Promise<void> = async () => undefined,
): CatchUp => {
  let reached = false;

  const headOfStart = async (signal: AbortSignal): Promise<Position | null> => {
    while (!signal.aborted) {
      const head = await source.head().catch(() => undefined);
      if (head !== undefined) return head;
      await pause(retryMs, signal);
    }
    return null;
  };

  const tryToKeepTime = async (): Promise<void> => {
    await keepTime().catch(throwUnlessAway);
  };

  const reach = async (model: Progress, head: Position, signal: AbortSignal): Promise<void> => {
    let before: Position | null = null;
    let looksAlike = 0;
    // In steps: another build may be switched in meanwhile.
    while (!signal.aborted && !(await model.waitFor(head, retryMs))) {
      const now = model.position();
      // At the end of a quiet log, another process may be further than the checkpoint that it stored last.
      looksAlike = now !== null && before !== null && comparePositions(now, before) === 0 ? looksAlike + 1 : 0;
      if (looksAlike >= looksAlikeMax) return;
      before = now;
    }
  };

  return {
    isReached: () => reached,
    keepTime: tryToKeepTime,
    run: async (signal) => {
      const head = await headOfStart(signal);
      await tryToKeepTime();
      if (head !== null) await Promise.all(models.map((model) => reach(model, head, signal)));
      reached = !signal.aborted;
    },
  };
};
