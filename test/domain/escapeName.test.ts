/** One name for each id, and today's names stay as they are (docs/glossary.md, "stream"). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeName, itemStream, skuFault, stockStream, unescapeName } from '../../src/domain/values.ts';
import { categoryOf, idOf } from '../../src/eventsourcing/message.ts';

/** Tildes and hex digits often: they are what could be taken for an escape. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ unit: fc.constantFrom('~', '2', '0', 'f', '.', '-', ' ', '/', 'ü', '椅', '🪑'), maxLength: 12 }),
);
const sku = text.filter((each) => skuFault(each) === null);

describe('the name of an id', () => {
  it('is the id itself for every SKU of the old alphabet, so that no stream is renamed', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/), (old) => {
        expect(skuFault(old)).toBeNull();
        expect(escapeName(old)).toBe(old);
        expect(stockStream('BER', old)).toBe(`stock-BER.${old}`);
        expect(itemStream(old)).toBe(`item-${old}`);
      }),
    );
  });

  it('can be turned back, for any text', () => {
    fc.assert(
      fc.property(text, (id) => {
        expect(unescapeName(escapeName(id))).toBe(id);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the name of no other id', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(escapeName(a) === escapeName(b)).toBe(a === b);
      }),
      { numRuns: 2_000 },
    );
  });

  it('has letters, digits and `. _ - ~` only, and leaves the category and the warehouse to be told', () => {
    fc.assert(
      fc.property(sku, (each) => {
        const stream = stockStream('BER', each);
        expect(stream).toMatch(/^[A-Za-z0-9._~-]+$/);
        expect(categoryOf(stream)).toBe('stock');
        const id = idOf(stream);
        expect(id.slice(0, id.indexOf('.'))).toBe('BER');
        expect(unescapeName(id.slice(id.indexOf('.') + 1))).toBe(each);
      }),
    );
  });

  it('is written for ever as it was written first', () => {
    expect(stockStream('BER', 'SOFA BLAU/2')).toBe('stock-BER.SOFA~20~BLAU~2f~2');
    expect(itemStream('Möbel~椅子🪑')).toBe('item-M~f6~bel~7e~~6905~~5b50~~1fa91~');
  });
});
