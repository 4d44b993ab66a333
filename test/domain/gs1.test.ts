import { describe, expect, it } from 'vitest';
import { gtin14Of, isGln, isGtin, isSscc } from '../../src/domain/gs1.ts';

/** Of the examples of GS1's Tag Data Standard, and specimens that are printed in many places. */
const published = {
  gtin: ['80614141123458', '4006381333931', '5901234123457', '036000291452', '614141000036', '73513537', '96385074'],
  gln: ['0614141123452', '0614141000012', '4012345000009'],
  sscc: ['106141412345678908', '106141411234567897', '340123450000000000'],
};
const readers = { gtin: isGtin, gln: isGln, sscc: isSscc };

describe.each(['gtin', 'gln', 'sscc'] as const)('a %s', (kind) => {
  const isValid = readers[kind];

  it.each(published[kind])('is taken as it is published: %s', (key) => {
    expect(isValid(key)).toBe(true);
  });

  it('is refused with any one digit changed, and with two neighbours changed over', () => {
    for (const key of published[kind]) {
      for (let at = 0; at < key.length; at += 1) {
        for (let more = 1; more <= 9; more += 1) {
          const digit = (Number(key[at]) + more) % 10;
          expect(isValid(`${key.slice(0, at)}${digit}${key.slice(at + 1)}`)).toBe(false);
        }
        const [a = '', b = ''] = [key[at], key[at + 1]];
        // What differs by five looks the same to this check, as GS1 says.
        if (b === '' || a === b || Math.abs(Number(a) - Number(b)) === 5) continue;
        expect(isValid(`${key.slice(0, at)}${b}${a}${key.slice(at + 2)}`)).toBe(false);
      }
    }
  });

  it('is refused when it is of another length, or no digits', () => {
    const [key = ''] = published[kind];
    for (const wrong of ['', '0', `${key}0`, key.slice(1), ` ${key}`, `${key.slice(0, -1)}X`, '٠'.repeat(key.length)]) {
      expect(isValid(wrong), wrong).toBe(false);
    }
  });
});

describe('a GTIN of any length', () => {
  it('has one form of fourteen digits, which is a GTIN', () => {
    expect(gtin14Of('73513537')).toBe('00000073513537');
    expect(isGtin(gtin14Of('4006381333931'))).toBe(true);
  });
});
