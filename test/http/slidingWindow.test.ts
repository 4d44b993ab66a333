/** A quota within a window that moves (R8). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlidingWindow, type SharedCounts, type Verdict } from '../../src/http/slidingWindow.ts';

const lengthMs = 60_000;
const startMs = 1_000 * lengthMs;

const windowOf = (quota: number, shared?: SharedCounts) => {
  const clock = { nowMs: startMs };
  const nowMs = () => clock.nowMs;
  const window = createSlidingWindow({ quota, lengthMs, nowMs, ...(shared === undefined ? {} : { shared }) });
  return { clock, take: (key: string, cost = 1): Verdict => window.take(key, cost) as Verdict, window };
};

describe('a window', () => {
  it('lets a key use its quota, then says when there is more; another key has its own', () => {
    const { take, clock } = windowOf(3);
    expect([take('a'), take('a'), take('a')].map(({ remaining }) => remaining)).toEqual([2, 1, 0]);
    const { retryAfterMs, remaining } = take('a');
    expect(remaining).toBe(0);
    // A third of what was used has left the window a third into the next one.
    expect(retryAfterMs).toBeCloseTo(lengthMs + lengthMs / 3);
    expect(take('b').retryAfterMs).toBe(0);
    clock.nowMs += Math.ceil(retryAfterMs) - 1;
    expect(take('a').retryAfterMs).toBeGreaterThan(0);
    clock.nowMs += 1;
    expect(take('a').retryAfterMs).toBe(0);
  });

  it('gives no second quota where the next one begins', () => {
    const { take, clock } = windowOf(100);
    clock.nowMs += lengthMs - 1;
    for (let count = 0; count < 100; count += 1) expect(take('a').retryAfterMs).toBe(0);
    clock.nowMs += 1;
    expect(take('a').retryAfterMs).toBeGreaterThan(0);
    clock.nowMs += lengthMs / 2;
    let through = 0;
    while (take('a').retryAfterMs === 0) through += 1;
    expect(through).toBe(50);
    clock.nowMs += 3 * lengthMs;
    expect(take('a').remaining).toBe(99);
  });

  it('takes what a request weighs; what weighs more than the quota needs all of it; what weighs nothing only asks', () => {
    const { take } = windowOf(10);
    expect(take('a', 7).remaining).toBe(3);
    expect(take('a', 7).retryAfterMs).toBeGreaterThan(0);
    expect(take('a', 0)).toMatchObject({ retryAfterMs: 0, remaining: 3 });
    expect(take('a', 3).remaining).toBe(0);
    expect(take('a', 0).retryAfterMs).toBeGreaterThan(0);
    expect(take('b', 1_000)).toMatchObject({ retryAfterMs: 0, remaining: 0 });
  });

  it('never lets more through within its length than the quota and what the estimate may err', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 50, maxLength: 300 }), (pausesMs) => {
        const { take, clock } = windowOf(10);
        const times: number[] = [];
        for (const pauseMs of pausesMs) {
          clock.nowMs += pauseMs;
          if (take('a').retryAfterMs === 0) times.push(clock.nowMs);
        }
        // The window before is taken as used evenly: whoever uses it all at its end gains at most as much again.
        for (const from of times) {
          expect(times.filter((at) => at >= from && at < from + lengthMs).length).toBeLessThan(2 * 10);
        }
        // Two whole windows one after the other never hold two quotas.
        const number = (at: number) => Math.floor(at / lengthMs);
        for (const from of times) {
          expect(times.filter((at) => number(at) === number(from)).length).toBeLessThanOrEqual(10);
        }
      }),
    );
  });

  it('what is told to wait is let in after that time, and not before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 1, max: 12 })), { maxLength: 60 }),
        (asked) => {
          const { take, clock } = windowOf(10);
          for (const [pauseMs, cost] of asked) {
            clock.nowMs += pauseMs;
            const { retryAfterMs } = take('a', cost);
            if (retryAfterMs === 0) continue;
            clock.nowMs += Math.max(0, Math.floor(retryAfterMs) - 2);
            if (retryAfterMs > 3) expect(take('a', cost).retryAfterMs).toBeGreaterThan(0);
            clock.nowMs += 4;
            expect(take('a', cost).retryAfterMs).toBe(0);
          }
        },
      ),
    );
  });

  it('forgets the oldest keys when there are more than it can hold', () => {
    const { take } = windowOf(1);
    take('first');
    expect(take('first').retryAfterMs).toBeGreaterThan(0);
    for (let key = 0; key < 100_000; key += 1) take(String(key));
    expect(take('first').retryAfterMs).toBe(0);
    expect(take('99999').retryAfterMs).toBeGreaterThan(0);
  });
});

describe('a window that processes share', () => {
  it('goes on alone while what is shared is away', async () => {
    const { window } = windowOf(2, { add: async () => null });
    const verdicts = [await window.take('a', 1), await window.take('a', 1), await window.take('a', 1)];
    expect(verdicts.map(({ retryAfterMs }) => retryAfterMs > 0)).toEqual([false, false, true]);
  });

  it('counts many requests at once without losing one', async () => {
    let total = 0;
    const { window } = windowOf(4_000, {
      add: async (_key, _window, count) => {
        total += count;
        const current = total;
        await new Promise(setImmediate);
        return { current, previous: 0 };
      },
    });
    const verdicts = await Promise.all(Array.from({ length: 5_000 }, async () => window.take('a', 1)));
    expect(verdicts.filter(({ retryAfterMs }) => retryAfterMs === 0).length).toBe(4_000);
    // What is left is less than a step.
    expect(total).toBeGreaterThan(4_000 - 10);
  });
});
