/** Tracking numbers, against the samples that carriers and their users have published (`../shared/data/tracking-numbers`). */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { carrierSlug, checkNumber, possibleIssuers } from '../../src/domain/trackingNumber/recognise.ts';

const folder = join(import.meta.dirname, '../../../shared/data/tracking-numbers/couriers');
const areThere = existsSync(folder);

interface Sample {
  readonly courier: string;
  readonly number: string;
}
interface Courier {
  readonly tracking_numbers: readonly {
    readonly test_numbers: { readonly valid: readonly string[]; readonly invalid?: readonly string[] };
  }[];
}

const couriers = globSync('*.json', { cwd: folder }).map((file) => ({
  courier: basename(file, '.json').replace('canadapost', 'canada_post').replace('s10', 'postal_service'),
  formats: (JSON.parse(readFileSync(join(folder, file), 'utf8')) as Courier).tracking_numbers,
}));
const samplesOf = (kind: 'valid' | 'invalid'): readonly Sample[] =>
  couriers.flatMap(({ courier, formats }) =>
    formats.flatMap(({ test_numbers }) => (test_numbers[kind] ?? []).map((number) => ({ courier, number }))),
  );

describe.skipIf(!areThere)(
  `samples of 18 couriers${areThere ? '' : ' (shared/data/tracking-numbers is missing)'}`,
  () => {
    const valid = samplesOf('valid');
    const invalid = samplesOf('invalid');

    it('are all there', () => {
      expect(valid.length).toBe(192);
      expect(invalid.length).toBe(88);
    });

    it('that are valid are accepted by their courier', () => {
      const refused = valid.filter(({ courier, number }) => !(possibleIssuers(number) as string[]).includes(courier));
      expect(refused).toEqual([]);
    });

    it('that are invalid are refused by their courier', () => {
      const accepted = invalid.filter(({ courier, number }) => (possibleIssuers(number) as string[]).includes(courier));
      // Purolator has two forms; this one is no number of the first, and a sample of the second.
      expect(accepted).toEqual([{ courier: 'purolator', number: '331426749957' }]);
      expect(valid).toContainEqual({ courier: 'purolator', number: '331426749957' });
    });

    it('are refused by a courier of check digits when any digit of the number is another', () => {
      const found = valid
        .filter(({ courier }) => ['ups', 'usps', 'canada_post', 'postal_service', 'purolator'].includes(courier))
        .filter(({ number }) => !/^[A-Z]{3}/.test(number.replaceAll(' ', '')));
      const slipped = found.map(({ courier, number }) => ({
        courier,
        number: number.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10)),
      }));
      const accepted = slipped.filter(({ courier, number }) => checkNumber(number, courier).verdict === 'matches');
      expect(accepted).toEqual([]);
      expect(slipped.length).toBeGreaterThan(50);
    });
  },
);

describe('A tracking number', () => {
  it('is of a carrier however its name is written', () => {
    expect(['UPS', 'ups', 'United Parcel Service'].map(carrierSlug)).toEqual(['ups', 'ups', 'ups']);
    expect(carrierSlug('Canada Post')).toBe('canada_post');
    expect(carrierSlug('Möbel-Spedition Huber')).toBe('möbelspeditionhuber');
  });

  it('matches the carrier that issues such numbers', () => {
    expect(checkNumber('1Z5R89390357567127', 'UPS')).toEqual({ verdict: 'matches', mayBeOf: ['ups'] });
    expect(checkNumber('1z 5r8 939 03 5756 7127', 'ups').verdict).toBe('matches');
  });

  it('differs where the check digit is wrong, and where another carrier issues such numbers', () => {
    expect(checkNumber('1Z5R89390357567128', 'UPS')).toEqual({ verdict: 'differs', mayBeOf: [] });
    expect(checkNumber('1Z5R89390357567127', 'FedEx')).toEqual({ verdict: 'differs', mayBeOf: ['ups'] });
    // Carriers with a network of their own in each country have forms that we do not know.
    expect(checkNumber('00340434161094042557', 'DHL Paket').verdict).toBe('not_checked');
    expect(checkNumber('01234567890123', 'DPD').verdict).toBe('not_checked');
  });

  it('is not checked against a carrier that is not named, or not known', () => {
    expect(checkNumber('1Z5R89390357567127', undefined)).toEqual({ verdict: 'not_checked', mayBeOf: ['ups'] });
    expect(checkNumber('A-17', 'Spedition Huber')).toEqual({ verdict: 'not_checked', mayBeOf: [] });
  });

  it('may be of several carriers', () => {
    expect(possibleIssuers('RB123456785US')).toEqual(['postal_service', 'usps']);
    expect(possibleIssuers('92748931507708513018050063')).toEqual(['dhl', 'fedex', 'ups', 'usps']);
  });
});
