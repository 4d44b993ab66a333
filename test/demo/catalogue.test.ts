import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { articleNumberOf, catalogueFrom, readCatalogue } from '../../demo/catalogue.ts';

const row = {
  item_id: '123456',
  name: 'ALPHA',
  category: 'Tables',
  price: '99.5',
  link: 'https://shop.example/en/p/alpha-table-00123456/',
  short_description: '   Table,     45x45 cm ',
  depth: '45',
  height: '50',
  width: '40',
};

describe('a catalogue row', () => {
  it('is numbered by the tail of its link, with the leading zeros and the s of a set', () => {
    expect(articleNumberOf('https://shop.example/p/a-b-00123456/')).toBe('00123456');
    expect(articleNumberOf('https://shop.example/p/a-b-s09123456')).toBe('s09123456');
    expect(articleNumberOf('https://shop.example/p/a-b-1234567/')).toBeNull();
  });

  it('becomes an item in millimetres, its price an attribute, its guesses named', async () => {
    const { items } = await catalogueFrom([{ ...row, height: '' }]);
    expect(items).toEqual([
      {
        sku: '00123456',
        body: {
          name: 'ALPHA',
          productCode: '00123456',
          attributes: {
            kind: 'article',
            categories: 'Tables',
            description: 'Table, 45x45 cm',
            priceSar: '99.50',
            estimated: 'weight height',
          },
          boxes: [{ boxCode: 'B1', lengthMm: 450, widthMm: 400, heightMm: 500, weightGrams: 4500 }],
        },
      },
    ]);
  });

  it('of an article that is there already adds a category; a set of the same digits is another item', async () => {
    const set = { ...row, link: row.link.replace('-00123456', '-s00123456') };
    const { items, ...counts } = await catalogueFrom([
      row,
      { ...row, category: 'Outdoor' },
      set,
      { ...row, link: 'x' },
    ]);
    expect(counts).toEqual({ rows: 4, repeated: 1, refused: 1 });
    expect(items.map(({ sku, body }) => [sku, body.attributes.categories, body.attributes.kind])).toEqual([
      ['00123456', 'Tables; Outdoor', 'article'],
      ['s00123456', 'Tables', 'set'],
    ]);
  });
});

it('the bundled sample has sets, repeated items and missing sizes', async () => {
  const { items, repeated } = await readCatalogue(join(import.meta.dirname, '../../demo/sample/catalogue.csv'));
  expect(repeated).toBe(2);
  expect(new Set(items.map(({ body }) => body.attributes.kind))).toEqual(new Set(['set', 'article']));
  expect(items.some(({ body }) => body.attributes.estimated !== 'weight')).toBe(true);
});
