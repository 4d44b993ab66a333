/**
 * Keys of GS1 that are printed on goods, doors and parcels: digits of which the last checks the others (GS1 General
 * Specifications, section 7.9). A key that is typed wrong names somebody else's thing, so it is never kept.
 */

/** From the right, the digits before the check digit count three times and once by turns; with it all come to a ten. */
const checks = (digits: string): boolean => {
  const sum = [...digits].reduceRight(
    (total, digit, index) => total + Number(digit) * ((digits.length - 1 - index) % 2 === 0 ? 1 : 3),
    0,
  );
  return sum % 10 === 0;
};

const isKey =
  (...lengths: readonly number[]) =>
  (text: string): boolean =>
    lengths.includes(text.length) && /^\d+$/.test(text) && checks(text);

/** Of an item: GTIN-8, GTIN-12 (UPC), GTIN-13 (EAN) or GTIN-14. */
export const isGtin = isKey(8, 12, 13, 14);
/** Of a place. */
export const isGln = isKey(13);
/** Of a logistic unit: a parcel, a pallet. */
export const isSscc = isKey(18);

const gtinDigits = 14;
/** The one form in which two of different length are the same. */
export const gtin14Of = (gtin: string): string => gtin.padStart(gtinDigits, '0');
