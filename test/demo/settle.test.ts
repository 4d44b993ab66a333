import { describe, expect, it } from 'vitest';
import { watch } from '../../demo/settle.ts';

const limits = { everyMs: 1, quietMs: 20, timeoutMs: 10_000 };

describe('the end of the run', () => {
  it('is reached as soon as there is nothing to wait for', async () => {
    let looks = 0;
    const seen = await watch({
      ...limits,
      look: async () => ++looks,
      isDone: (n) => n === 3,
      pulse: async () => 0,
      quietMs: 10_000,
    });
    expect(seen).toBe(3);
  });

  it('is waited for as long as something moves, and not longer', async () => {
    let beats = 0;
    // Moves a hundred times, then stands still.
    const pulse = async (): Promise<number> => Math.min(++beats, 100);
    const seen = await watch({ ...limits, look: async () => beats, isDone: () => false, pulse });
    expect(seen).toBeGreaterThanOrEqual(100);
  });

  it('has an end even when it moves for ever', async () => {
    let beats = 0;
    const look = async (): Promise<string> => 'last look';
    expect(await watch({ ...limits, timeoutMs: 30, look, isDone: () => false, pulse: async () => ++beats })).toBe(
      'last look',
    );
  });
});
