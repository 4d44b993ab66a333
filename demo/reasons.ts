/** Free text of the shop's stock corrections → the reasons of the contract (docs/openapi.json). */
import type { Row } from './rows.ts';

export type Reason =
  | 'correction'
  | 'damaged'
  | 'lost'
  | 'found'
  | 'stolen'
  | 'expired'
  | 'returned'
  | 'promotion'
  | 'other';

/** Checked from the top: "wet boxes, checked" is damage, "check" alone is a correction. */
const vocabulary: readonly (readonly [Reason, RegExp])[] = [
  ['damaged', /damag|dagam|smash|crush|broken|breakage|crack|wet|water|rust|mou?ld|faulty|unsale|throw|smudge|destroy/],
  ['stolen', /stolen|theft/],
  ['expired', /expired|out of date/],
  ['found', /\bfound\b|put aside/],
  ['lost', /lost|missing|\bmia\b|can'?t find|not rcvd/],
  ['returned', /\breturn(?:ed|s)?\b/],
  ['promotion', /given away|sample|show ?room|display|mailout/],
  [
    'correction',
    /check|count|adjust|wrong|barcode|mix|code|sold|dotcom|amazon|ebay|\bsets?\b|incorrect|revers|error|fix|mrked|credit|test/,
  ],
];

/** Nothing written, question marks, or the name of the article: the shop did not say why. */
export const reasonOf = (row: Pick<Row, 'description' | 'quantity' | 'customerId'>): Reason => {
  if (row.customerId !== null) return 'promotion';
  const text = row.description.toLowerCase();
  // Rows that add stock often carry the article's name, in capitals ("WATERING CAN"): no sign of water damage.
  const isName = row.description.length > 12 && row.description === row.description.toUpperCase();
  if (row.quantity > 0 && isName) return 'other';
  return vocabulary.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other';
};
