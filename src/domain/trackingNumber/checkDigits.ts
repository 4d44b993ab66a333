/** How carriers make the last character of a tracking number out of those before it. Each says whether it is right. */

export type CheckDigit = (serial: string, check: string) => boolean;

/** A digit as it is; a letter, as UPS counts it: its place in ASCII less 3, the last digit of that. */
const worthOf = (character: string): number =>
  /\d/.test(character) ? Number(character) : (character.charCodeAt(0) - 3) % 10;

const weighted = (serial: string, weights: readonly number[]): number =>
  [...serial].reduce((sum, character, index) => sum + worthOf(character) * (weights[index % weights.length] ?? 1), 0);

/** What is missing to a full ten. `weights`: of the first, the second, and so on in turn. */
export const mod10 =
  (...weights: readonly number[]): CheckDigit =>
  (serial, check) =>
    (10 - (weighted(serial, weights) % 10)) % 10 === Number(check);

/** The whole number, divided by 7. */
export const mod7: CheckDigit = (serial, check) => Number(BigInt(serial) % 7n) === Number(check);

/** FedEx: the rest of a division by 11; a rest of 10 is written as 0. */
export const mod11Then10 =
  (...weights: readonly number[]): CheckDigit =>
  (serial, check) =>
    (weighted(serial, weights) % 11) % 10 === Number(check);

/** Each second digit from the right counts twice, by the sum of its digits (ISO/IEC 7812-1). */
export const luhn: CheckDigit = (serial, check) => {
  const doubled = [...serial].reverse().map((digit, index) => Number(digit) * (index % 2 === 0 ? 2 : 1));
  const sum = doubled.reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return (10 - (sum % 10)) % 10 === Number(check);
};

/** As the Universal Postal Union has it for all its members. */
export const s10: CheckDigit = (serial, check) => {
  const rest = 11 - (weighted(serial, [8, 6, 4, 2, 3, 5, 9, 7]) % 11);
  const digit = rest === 10 ? 0 : rest === 11 ? 5 : rest;
  return digit === Number(check);
};

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** ISO/IEC 7064, MOD 37,36. */
export const mod37Then36: CheckDigit = (serial, check) => {
  const size = alphabet.length;
  const carried = [...serial].reduce((product, character) => {
    const sum = (product + alphabet.indexOf(character)) % size;
    return ((sum === 0 ? size : sum) * 2) % (size + 1);
  }, size);
  return alphabet[(size + 1 - carried) % size] === check;
};
