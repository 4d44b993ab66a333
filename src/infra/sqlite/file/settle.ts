/** Answers of the write thread, given to those who wait for them. */
import { createTurns } from '../../../eventsourcing/concurrency.ts';
import { StoreDamaged } from '../../../eventsourcing/ports.ts';
import type { Database } from './database.ts';
import { type Answer, unpackError } from './writeThreadCalls.ts';

/** Of what goes on once it is answered, in one turn of the event loop: 64 orders of 2,000 lines take longer (DESIGN §8). */
const turnBudgetMs = 20;

export interface Caller {
  readonly committed: ((value: never) => void) | undefined;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Learns of the commit at once. @returns what lets the caller go on. */
export const learn = (
  { committed, resolve, reject }: Caller,
  answer: Answer,
  condemn: Database['condemn'],
): (() => void) => {
  if ('error' in answer) {
    const error = unpackError(answer.error);
    if (error instanceof StoreDamaged) condemn(error);
    return () => reject(error);
  }
  try {
    committed?.(answer.value as never);
  } catch (error) {
    return () => reject(error);
  }
  return () => resolve(answer.value as never);
};

/** Lets callers go on in their order: those with much to do in several turns of the event loop. */
export const createGoOn = () => {
  const turns = createTurns({ budgetMs: turnBudgetMs });
  return async (callers: readonly (() => void)[]): Promise<void> => {
    for (const goOn of callers) {
      const turn = turns.take();
      if (turn !== null) await turn;
      goOn();
      // What it does now makes the turn longer.
      await Promise.resolve();
    }
  };
};
