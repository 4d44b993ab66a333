import { describe, expect, it } from 'vitest';
import { createLru } from '../../src/infra/lru.ts';

describe('a map with a bound', () => {
  it('lets go of what was not asked for, the oldest first', () => {
    const held = createLru<string, number>(3);
    for (const [key, value] of Object.entries({ a: 1, b: 2, c: 3 })) held.set(key, value);
    expect(held.get('a')).toBe(1);
    held.set('d', 4);
    held.set('e', 5);
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => held.get(key))).toEqual([1, undefined, undefined, 4, 5]);
  });

  it('lets go even when all of them were asked for', () => {
    const held = createLru<number, number>(3);
    for (let n = 0; n < 100; n += 1) {
      held.set(n, n);
      for (let asked = 0; asked <= n; asked += 1) held.get(asked);
    }
    const left = Array.from({ length: 100 }, (_, n) => held.get(n)).filter((value) => value !== undefined);
    expect(left).toHaveLength(3);
    expect(left).toContain(99);
  });

  it('passes over thirty-two of them at most, as many may be held', () => {
    const held = createLru<number, number>(100);
    for (let n = 0; n < 100; n += 1) held.set(n, n);
    for (let n = 0; n < 100; n += 1) held.get(n);
    held.set(100, 100);
    expect(Array.from({ length: 101 }, (_, n) => n).filter((n) => held.get(n) === undefined)).toEqual([32]);
  });

  it('counts weights, also of what is replaced or deleted, and keeps nothing that is too heavy', () => {
    const held = createLru<string, string>(10, ({ length }) => length);
    held.set('a', 'xxxx');
    held.set('a', 'xx');
    held.set('b', 'xxxxxxxx');
    expect([held.get('a'), held.get('b')]).toEqual(['xx', 'xxxxxxxx']);
    held.delete('b');
    held.set('c', 'xxxxxxxx');
    expect([held.get('a'), held.get('c')]).toEqual(['xx', 'xxxxxxxx']);
    held.set('d', 'x'.repeat(11));
    expect(held.get('d')).toBeUndefined();
  });
});
