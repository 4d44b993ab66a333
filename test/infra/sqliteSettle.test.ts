import { describe, expect, it } from 'vitest';
import { createGoOn } from '../../src/infra/sqlite/file/writes.ts';

const ids = Array.from({ length: 20 }, (_, id) => id);

const workForMs = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

describe('callers that are answered together', () => {
  it('go on in their order, and let others in between (12)', async () => {
    const settled: number[] = [];
    let turnsOfOthers = 0;
    const others = setInterval(() => {
      turnsOfOthers += 1;
    }, 0);
    try {
      const callers = ids.map((id) => () => {
        settled.push(id);
        workForMs(15);
      });
      await createGoOn()(callers);
    } finally {
      clearInterval(others);
    }
    expect(settled).toEqual(ids);
    expect(turnsOfOthers).toBeGreaterThan(3);
  });
});
