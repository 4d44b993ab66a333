/** What a schema allows at most: said when the service starts, and no more is read than that. */
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { jsonBytesMax, requireBounds, unboundedIn } from '../../src/http/input/validation.ts';
import { changeRows } from '../../src/http/schemas/stock.ts';

const closed = { additionalProperties: false };
const text = Type.String({ maxLength: 10 });

describe('a schema without a bound', () => {
  it.each([
    ['a text', Type.String(), 'a text without maxLength'],
    ['a list', Type.Array(text), 'a list without maxItems'],
    ['an open object', Type.Object({}), 'an object that is not closed'],
    ['a pattern', Type.String({ maxLength: 9, pattern: '^(a+)+$' }), 'a pattern that may repeat for ever'],
    ['a pattern from a number on', Type.String({ maxLength: 9, pattern: '^a{3,}$' }), 'a pattern that may repeat'],
    [
      'unlike items of no type',
      Type.Array(Type.Enum(['a']), { maxItems: 9, uniqueItems: true }),
      'uniqueItems without',
    ],
  ])('names %s, however deep it lies', (_, schema, fault) => {
    const deep = Type.Object({ list: Type.Array(Type.Object({ it: schema }, closed), { maxItems: 2 }) }, closed);
    expect(unboundedIn(deep)).toEqual([expect.stringContaining(`/list/items/it: ${fault}`)]);
    expect(() => requireBounds(deep, 'a body')).toThrow('a body has no bound');
  });

  it('is none of ours: signs within a class and escapes do not repeat', () => {
    const fine = Type.String({ maxLength: 9, pattern: '^[a+*]{1,3}(?:x\\+)?[.]{2}$' });
    expect(unboundedIn(fine)).toEqual([]);
    for (const row of Object.values(changeRows)) expect(unboundedIn(row)).toEqual([]);
  });
});

describe('the largest JSON of a schema', () => {
  it('holds all that the schema takes, escaped and laid out over lines', () => {
    const schema = Type.Object(
      {
        name: Type.String({ maxLength: 20 }),
        codes: Type.Array(Type.String({ pattern: '^[A-Z]{1,8}$', maxLength: 8 }), { maxItems: 30 }),
        count: Type.Integer(),
        kind: Type.Enum(['short', 'much-longer']),
        free: Type.Optional(Type.Boolean()),
      },
      closed,
    );
    const largest = {
      name: '💥'.repeat(20),
      codes: Array.from({ length: 30 }, () => 'ABCDEFGH'),
      count: -Number.MAX_SAFE_INTEGER,
      kind: 'much-longer',
      free: false,
    };
    const escaped = JSON.stringify(largest, null, 2).replaceAll('💥', '\\ud83d\\udca5');
    expect(Buffer.byteLength(escaped)).toBeLessThanOrEqual(jsonBytesMax(schema));
    expect(jsonBytesMax(schema)).toBeLessThan(3 * Buffer.byteLength(escaped));
  });
});
