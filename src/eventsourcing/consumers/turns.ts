/**
 * Work shares the event loop in turns of a bounded length: who comes when the turn is used up goes on in a later one.
 * Promises alone do not do that: a chain of reads that are answered at once never lets anything else in between.
 */
export interface Turns {
  /** `null`: at once. Else it resolves when it is the caller's turn, in the order in which they came. */
  take(): Promise<void> | null;
}

interface TurnsOptions {
  /** Of one turn of the event loop. What is begun is finished: a turn may be longer by that. */
  readonly budgetMs: number;
}

/** Resolves when all that goes on by promises alone has come to where it waits for something else. */
const allHaveRun = async (): Promise<void> => {
  // A tick that is asked for by a promise comes after all other promises.
  await Promise.resolve();
  await new Promise<void>((resolve) => process.nextTick(resolve));
};

export const createTurns = ({ budgetMs }: TurnsOptions): Turns => {
  const waiting: (() => void)[] = [];
  let startedAtMs: number | null = null;

  const isSpent = (): boolean => startedAtMs !== null && performance.now() - startedAtMs >= budgetMs;

  const letWaitingIn = async (): Promise<void> => {
    do {
      waiting.shift()?.();
      await allHaveRun();
    } while (waiting.length > 0 && !isSpent());
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

/**
 * Long work shares the event loop: it asks before each step whether its turn goes on. `null`: it does; else the promise
 * resolves when the next turn has come.
 */
export type TakeTurn = () => Promise<void> | null;
