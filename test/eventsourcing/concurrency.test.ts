import { describe, expect, it } from 'vitest';
import { createSlots } from '../../src/eventsourcing/concurrency.ts';

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

  it('take in by weight, in line, and let what is too heavy run alone (11)', async () => {
    const inLine = createSlots(10);
    const running = new Set<string>();
    const ends = new Map<string, () => void>();
    const run = (name: string, weight: number): Promise<void> =>
      inLine(async () => {
        running.add(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        running.delete(name);
      }, weight);
    const runs = [run('a', 6), run('b', 4), run('heavy', 1_000), run('c', 1)];
    expect([...running]).toEqual(['a', 'b']);
    ends.get('a')?.();
    await runs[0];
    // The light one does not pass by what came before it.
    expect([...running]).toEqual(['b']);
    ends.get('b')?.();
    await expect.poll(() => [...running]).toEqual(['heavy']);
    ends.get('heavy')?.();
    await expect.poll(() => [...running]).toEqual(['c']);
    ends.get('c')?.();
    await Promise.all(runs);
  });
});
