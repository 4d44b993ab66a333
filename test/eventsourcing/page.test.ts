import { assert, constant, double, oneof, property, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DocumentQuery } from '../../src/eventsourcing/projecting/documents.ts';
import {
  formatCursor,
  InvalidCursor,
  type PageEnd,
  pageOf,
  parseCursor,
} from '../../src/eventsourcing/projecting/page.ts';
import { openDocuments } from '../projections/stockLog.ts';

const encoded = (text: string): string => Buffer.from(text).toString('base64url');

describe('a cursor', () => {
  it('comes back as it was, whatever it holds', () => {
    const value = oneof(constant(null), string({ maxLength: 40 }), double({ noNaN: true, noDefaultInfinity: true }));
    const end = record<PageEnd>({ value, id: string({ maxLength: 40 }) });
    assert(
      property(end, ({ value, id }) => {
        // JSON knows no negative zero.
        expect(parseCursor(formatCursor({ value, id }))).toEqual({ value: value === 0 ? 0 : value, id });
      }),
    );
  });

  it('comes back in any alphabet', () => {
    for (const id of ['木の椅子 🪑', '\u0000', '\ud800'])
      expect(parseCursor(formatCursor({ value: id, id }))).toEqual({ value: id, id });
  });

  it('fits the longest ids and names there are', () => {
    const id = `${'W'.repeat(64)}.${'S'.repeat(64)}.${'r'.repeat(64)}`;
    expect(parseCursor(formatCursor({ value: 'S'.repeat(64), id }))).toEqual({ value: 'S'.repeat(64), id });
  });

  it('goes into a URL as it is', () => {
    expect(formatCursor({ value: 'ÿÿ?>~', id: 'ö' })).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it.each([
    ['nothing', ''],
    ['another alphabet', '%%%'],
    ['no JSON', encoded('[1,')],
    ['no list', encoded('{"value":1,"id":"a"}')],
    ['no text as id', encoded('[1,2]')],
    ['no sort value', encoded('[true,"a"]')],
    ['a nested sort value', encoded('[["a"],"a"]')],
    ['too short a list', encoded('[1]')],
    ['too long a list', encoded('[1,"a",2]')],
    ['spaces', encoded('[1, "a"]')],
    ['a number beyond numbers', encoded('[1e999,"a"]')],
    ['padding', `${encoded('[null,"ab"]')}=`],
    ['the other base64', Buffer.from('[null,"ÿÿ?>~"]').toString('base64')],
    ['broken UTF-8', Buffer.from([0x5b, 0x31, 0x2c, 0x22, 0xff, 0x22, 0x5d]).toString('base64url')],
    ['something behind it', `${encoded('[1,"abc"]')}!`],
  ])('is refused when it is %s', (_what, cursor) => {
    expect(() => parseCursor(cursor)).toThrow(InvalidCursor);
  });

  it('is refused when it is too long, and never handed out so', () => {
    expect(() => parseCursor(encoded(`[null,"${'a'.repeat(2_000)}"]`))).toThrow(InvalidCursor);
    expect(() => formatCursor({ value: null, id: 'a'.repeat(2_000) })).toThrow(RangeError);
  });
});

interface Chair {
  readonly name: string;
  readonly colour: string | null;
}

const chairs: readonly Chair[] = ['red', null, 'blue', 'red', null, 'blue', 'red'].map((colour, index) => ({
  name: `c${index}`,
  colour,
}));

const openChairs = async () => {
  const documents = openDocuments();
  await documents.ensure({ name: 'chairs_v1', indexes: [['colour']] });
  const writes = chairs.map((document, index) => ({
    id: document.name,
    document,
    position: BigInt(index),
    expected: null,
  }));
  await documents.write('chairs_v1', writes);
  return documents;
};

type Sorted = Omit<DocumentQuery, 'limit' | 'after'>;

describe('a list in pages', () => {
  it.each<[string, Sorted, readonly string[]]>([
    ['by id', { where: {} }, ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6']],
    [
      'by a field that some lack',
      { where: {}, orderBy: { field: 'colour', direction: 'ascending' } },
      ['c1', 'c4', 'c2', 'c5', 'c0', 'c3', 'c6'],
    ],
    [
      'by a field downwards',
      { where: {}, orderBy: { field: 'colour', direction: 'descending' } },
      ['c6', 'c3', 'c0', 'c5', 'c2', 'c4', 'c1'],
    ],
  ])('sorted %s shows everything once, in order, whatever the size of a page', async (_how, query, expected) => {
    const documents = await openChairs();
    for (const limit of [1, 2, 3, 7, 8]) {
      const seen: string[] = [];
      let cursor: string | null | undefined;
      let pages = 0;
      while (cursor !== null && pages <= chairs.length) {
        const request = { limit, ...(cursor === undefined ? {} : { cursor }) };
        const page = await pageOf<Chair>(documents, 'chairs_v1', query, request);
        seen.push(...page.items.map(({ name }) => name));
        cursor = page.nextCursor;
        pages += 1;
      }
      expect(seen).toEqual(expected);
      expect(pages).toBe(Math.ceil(chairs.length / limit));
    }
  });

  it('is empty where nothing is found', async () => {
    const none = { where: { colour: { equals: 'green' } } };
    expect(await pageOf(await openChairs(), 'chairs_v1', none, { limit: 5 })).toEqual({ items: [], nextCursor: null });
  });

  it('refuses a cursor that is none', async () => {
    const documents = await openChairs();
    await expect(pageOf(documents, 'chairs_v1', { where: {} }, { limit: 5, cursor: 'c3' })).rejects.toThrow(
      InvalidCursor,
    );
  });
});
