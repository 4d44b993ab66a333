/**
 * Work shares the event loop in turns of a bounded length: who comes when the turn is used up goes on in a later one.
 * Promises alone do not do that: a chain of reads that are answered at once never lets anything else in between.
 */
export interface Turns {
  /** `null`: at once. Else it resolves when it is the caller's turn, in the order in which they came. */
  take(): Promise<void> | null;
}

export interface TurnsOptions {
  /** Of one turn of the event loop. What is begun is finished: a turn may be longer by that. */
  readonly budgetMs: number;
  /**
   * How many of those that wait are let into one turn: as many as the budget allows, where each does its work as soon as it
   * is let in; one, where its work comes some steps later.
   */
  readonly letIn: 'one' | 'budget';
}

export const createTurns = ({ budgetMs, letIn }: TurnsOptions): Turns => {
  const waiting: (() => void)[] = [];
  let startedAtMs: number | null = null;

  const isSpent = (): boolean => startedAtMs !== null && performance.now() - startedAtMs >= budgetMs;

  const letWaitingIn = async (): Promise<void> => {
    do {
      waiting.shift()?.();
      // Three steps: the promise that was resolved, who awaits it, and its work.
      for (let steps = 0; steps < 3; steps += 1) await Promise.resolve();
    } while (letIn === 'budget' && waiting.length > 0 && !isSpent());
  };
  const end = (): void => {
    startedAtMs = null;
    if (waiting.length === 0) return;
    begin();
    void letWaitingIn();
  };
  const begin = (): void => {
    startedAtMs = performance.now();
    setImmediate(end);
  };

  return {
    take: () => {
      if (startedAtMs === null) begin();
      if (waiting.length === 0 && !isSpent()) return null;
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
  };
};
