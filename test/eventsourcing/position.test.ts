import { assert, bigInt, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePositions, formatPosition, parsePosition } from '../../src/eventsourcing/message.ts';

const max = 2n ** 63n - 1n;
const number = bigInt({ min: 0n, max });
const positions = tuple(number, number).map(([commit, prepare]) => ({ commit, prepare }));

describe('positions as clients see them', () => {
  it('come back as they went out', () => {
    assert(
      property(positions, (position) => {
        expect(parsePosition(formatPosition(position))).toEqual(position);
      }),
    );
    expect(formatPosition({ commit: 36n, prepare: 36n })).toBe('10');
    expect(formatPosition({ commit: 36n, prepare: 35n })).toBe('10-z');
  });
  it.each(['', '-', '1-', '-1', 'A', '1.5', ' 1', '1-2-3', '0_1', 'ä', '1\n', 'z'.repeat(14)])(
    'are not read out of %j',
    (text) => {
      expect(parsePosition(text)).toBeNull();
    },
  );
  it('fit the 64 bits that the stores keep, and nothing beyond is passed on to them', () => {
    const beyond = (max + 1n).toString(36);
    expect(parsePosition(max.toString(36))).toEqual({ commit: max, prepare: max });
    expect([parsePosition(beyond), parsePosition(`1-${beyond}`)]).toEqual([null, null]);
  });
});

describe('the order of positions', () => {
  it('is by commit, then by prepare, whichever way it is asked', () => {
    assert(
      property(positions, positions, (a, b) => {
        const expected = a.commit === b.commit ? a.prepare - b.prepare : a.commit - b.commit;
        expect(Math.sign(comparePositions(a, b))).toBe(expected < 0n ? -1 : expected > 0n ? 1 : 0);
        expect(comparePositions(a, b) + comparePositions(b, a)).toBe(0);
      }),
    );
    expect(comparePositions({ commit: 1n, prepare: 2n }, { commit: 1n, prepare: 1n })).toBeGreaterThan(0);
    expect(comparePositions({ commit: 1n, prepare: 1n }, { commit: 1n, prepare: 1n })).toBe(0);
  });
});
