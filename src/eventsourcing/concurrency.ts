/** Many things at once: never two for one key, not more than a bound, and each for a short turn of the event loop. */

/** Serialises work by key: what is asked for one key runs in the order it was asked. */
export const createKeyedQueue = () => {
  const tails = new Map<string, Promise<unknown>>();
  return <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = tails.get(key) ?? Promise.resolve();
    const run = before.then(work, work);
    const tail = run
      .catch(() => undefined)
      .finally(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
    tails.set(key, tail);
    return run;
  };
};

/** So many workers side by side, until all are done; the first failure then rejects. */
const allOf = async (count: number, worker: () => Promise<void>): Promise<void> => {
  if (count <= 1) return worker();
  let failure: { readonly error: unknown } | undefined;
  const noted = (error: unknown): void => {
    failure ??= { error };
  };
  await Promise.all(Array.from({ length: count }, () => worker().catch(noted)));
  if (failure !== undefined) throw failure.error;
};

/**
 * Runs `work` for each item, at most `limit` at once, begun in order. Waits for all that was begun; the first failure
 * then rejects.
 */
export const eachLimited = async <T>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> => {
  if (items.length === 0) return;
  let next = 0;
  await allOf(Math.min(limit, items.length), async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      await work(items[index] as T, index);
    }
  });
};

/** The same with what each comes to, in the order of the items. */
export const mapLimited = async <T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> => {
  const results: R[] = [];
  await eachLimited(items, limit, async (item, index) => {
    results[index] = await work(item);
  });
  return results;
};

/**
 * Runs what it is given while all that runs weighs `limit` at most; the rest waits in line. What weighs more than that runs
 * alone.
 */
export const createSlots = (limit: number) => {
  let taken = 0;
  const waiting: { readonly weight: number; readonly begin: () => void }[] = [];
  const letIn = (): void => {
    for (let next = waiting[0]; next !== undefined && taken + next.weight <= limit; next = waiting[0]) {
      waiting.shift();
      taken += next.weight;
      next.begin();
    }
  };
  return async <T>(work: () => Promise<T>, weighs = 1): Promise<T> => {
    const weight = Math.min(weighs, limit);
    if (waiting.length === 0 && taken + weight <= limit) taken += weight;
    else {
      await new Promise<void>((begin) => {
        waiting.push({ weight, begin });
      });
    }
    try {
      return await work();
    } finally {
      taken -= weight;
      letIn();
    }
  };
};

/**
 * Runs work in the order in which it was asked where it shares a key, and side by side where it does not. What follows
 * work that failed fails too.
 */
export const createKeySetQueue = () => {
  const tails = new Map<string, Promise<void>>();
  return (keys: readonly string[], work: () => Promise<void>): Promise<void> => {
    if (keys.length === 0) return work();
    const run = Promise.all(keys.map((key) => tails.get(key) ?? Promise.resolve())).then(work);
    for (const key of keys) tails.set(key, run);
    return run;
  };
};

/** As `eachLimited`, for items that come one by one: after a failure no more of them are begun. */
export const eachComing = async <T>(
  items: AsyncGenerator<T, void>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  await allOf(limit, async () => {
    for await (const item of items) await work(item);
  });
};

/** Resolves in the next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Resolves after a while, or at once when aborted. */
export const pause = (delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });

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
