import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { repeatedly } from '../../src/app/sweeps.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a sweep that took forty seconds rests no longer than one that took none, and goes on after a failure', async () => {
  const stop = new AbortController();
  const begun: number[] = [];
  const startMs = Date.now();
  const work = async (): Promise<void> => {
    begun.push(Date.now() - startMs);
    await vi.advanceTimersByTimeAsync(begun.length === 1 ? 40_000 : 0);
    throw new Error('told');
  };
  const onError = vi.fn();
  const running = repeatedly(work, 1_000, { signal: stop.signal, onError });
  await vi.advanceTimersByTimeAsync(1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  stop.abort();
  await running;
  expect(begun).toEqual([1_000, 42_000]);
  expect(onError).toHaveBeenCalledTimes(2);
});
