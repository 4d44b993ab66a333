import { describe, expect, it } from 'vitest';
import { createSlots } from '../../src/commands/keyed.ts';

describe('slots', () => {
  it('let so many run at once, the rest in line, and go on after a failure', async () => {
    const inLine = createSlots(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const runs = [0, 1, 2, 3].map((n) =>
      inLine(async () => {
        begun.push(n);
        await new Promise<void>((resolve) => {
          ends.push(resolve);
        });
        if (n === 0) throw new RangeError('no');
        return n;
      }),
    );
    const settled = Promise.allSettled(runs);
    expect(begun).toEqual([0, 1]);
    ends[0]?.();
    await expect.poll(() => begun).toEqual([0, 1, 2]);
    ends[1]?.();
    await expect.poll(() => begun).toEqual([0, 1, 2, 3]);
    for (const end of ends) end();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  });
});
