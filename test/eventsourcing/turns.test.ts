import { describe, expect, it } from 'vitest';
import { createTurns, type Turns } from '../../src/eventsourcing/concurrency.ts';

/** Work of some milliseconds that never gives the thread away. */
const work = (forMs: number): void => {
  const until = performance.now() + forMs;
  while (performance.now() < until) Math.sqrt(until);
};

/** So many pieces of work in one chain of promises. @returns how often another one was let in between. */
const chainOf = async (pieces: number, turns: Turns | null): Promise<number> => {
  let others = 0;
  let isOver = false;
  const other = (): void => {
    others += 1;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  for (let piece = 0; piece < pieces; piece += 1) {
    await turns?.take();
    work(2);
  }
  isOver = true;
  return others;
};

describe('turns', () => {
  it('let others in between pieces of work that would follow each other for ever (12)', async () => {
    expect(await chainOf(50, null)).toBe(0);
    expect(await chainOf(50, createTurns({ budgetMs: 10 }))).toBeGreaterThanOrEqual(5);
  });

  it('cost nothing as long as there is time', async () => {
    const turns = createTurns({ budgetMs: 1_000 });
    expect(turns.take()).toBeNull();
    expect(turns.take()).toBeNull();
  });

  it('let in all that wait in the order in which they came, each when the one before has done its work', async () => {
    const turns = createTurns({ budgetMs: 5 });
    void turns.take();
    work(5);
    const seen: number[] = [];
    let longest = 0;
    let inThisTurn = 0;
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        await turns.take();
        // Its work comes many steps later, as that of a request.
        for (let steps = 0; steps < 50; steps += 1) await Promise.resolve();
        if (inThisTurn === 0) setImmediate(() => (inThisTurn = 0));
        inThisTurn += 1;
        longest = Math.max(longest, inThisTurn);
        work(3);
        seen.push(at);
      }),
    );
    expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => at));
    // 3 ms each, at most 5 before the next one has to wait, and perhaps two turns between two looks of ours.
    expect(longest).toBeLessThanOrEqual(6);
  });
});
