/** Values for a schema: most of them as it wants them, at its bounds, and some that attack what reads them. */

import type { Dice } from '../model/dice.ts';
import type { ApiDocument, JsonSchema } from '../support/documented.ts';

export type Wild = null | boolean | number | string | readonly Wild[] | { readonly [name: string]: Wild };

/** What has broken services before: injected operators, escapes, odd numbers of characters, what a parser does by itself. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  '\u202eevil',
  '\ud800',
  'A\u030a',
  '\ufeff',
  '../../etc/passwd',
  '%2e%2e%2f',
  "' OR '1'='1",
  '"; DROP TABLE events; --',
  '{"$gt":""}',
  '$where: 1',
  '[object Object]',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '<script>alert(1)</script>',
  ['$', '{jndi:ldap://127.0.0.1/a}'].join(''),
  '{{7*7}}',
  'null',
  'NaN',
  '-0',
  '1e309',
  '0x10',
  '９９',
  'true',
  '2026-02-30T00:00:00.000Z',
  '+275760-09-13T00:00:00.001Z',
  'stock-BER.X',
  '$all',
  'a\r\nset-cookie: a=b',
  '🛋'.repeat(60),
  'x'.repeat(10_000),
];

const hostileNumbers: readonly number[] = [
  -1,
  0,
  -0,
  0.5,
  1e-7,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  1e21,
  1e308,
  Number.MAX_SAFE_INTEGER,
];

const operators: readonly Wild[] = [
  { $gt: '' },
  { $ne: null },
  { $where: '1' },
  { $regex: '.*' },
  [],
  {},
  [{ $gt: 0 }],
  { toString: 1 },
  { constructor: { prototype: { role: 'admin' } } },
];

/** @returns a value of any kind that no schema of ours asks for, or that is at its very edge. */
export const hostileValue = (dice: Dice): Wild =>
  dice.weighted<() => Wild>([
    [6, () => dice.pick(hostileTexts)],
    [3, () => dice.pick(hostileNumbers)],
    [3, () => dice.pick(operators)],
    [1, () => dice.pick([null, true, false])],
    [1, () => Array.from({ length: dice.between(2, 60) }, () => dice.pick(hostileTexts))],
  ])();

const resolve = (schema: JsonSchema, { components }: ApiDocument): JsonSchema => {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  return name === undefined ? schema : (components.schemas[name] ?? {});
};

const numberFor = ({ type, minimum, maximum, examples }: JsonSchema, dice: Dice): number => {
  const [least, most] = [Number(minimum ?? -90), Number(maximum ?? 1_000)];
  const within =
    type === 'integer' ? dice.between(Math.ceil(least), Math.min(most, least + 50)) : least + dice.below(9) / 4;
  const edges = [least, most, least - 1, most + 1, within, within, within];
  return dice.pick([...edges, ...((examples ?? []) as readonly number[])]);
};

const textFor = ({ minLength, maxLength, examples }: JsonSchema, example: Wild, dice: Dice): Wild => {
  const shown = [...((examples ?? []) as readonly Wild[]), ...(example === null ? [] : [example])];
  if (shown.length > 0 && dice.chance(0.8)) return dice.pick(shown);
  const [least, most] = [Number(minLength ?? 0), Math.min(Number(maxLength ?? 60), 3_000)];
  const length = dice.pick([least, most, most + 1, dice.between(least, Math.max(least, Math.min(most, 40)))]);
  return dice.pick(['a', 'Z', '7', 'ü', '漢', '-', '.', '🛋']).repeat(length).slice(0, length);
};

/** @param given as the document has it, with the example of a parameter, where that stands beside its schema. */
export const valueFor = (given: JsonSchema, document: ApiDocument, dice: Dice, example: Wild = null): Wild => {
  if (dice.chance(0.04)) return hostileValue(dice);
  const schema = resolve(given, document);
  if (schema.const !== undefined) return schema.const as Wild;
  if (Array.isArray(schema.enum)) return dice.pick(schema.enum as readonly Wild[]);
  const variants = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (variants !== undefined) return valueFor(dice.pick(variants), document, dice);
  switch (schema.type) {
    case 'object':
      return objectFor(schema, document, dice);
    case 'array': {
      const [least, most] = [Number(schema.minItems ?? 0), Number(schema.maxItems ?? 4)];
      const length = Math.min(dice.pick([1, 1, 1, 2, least, most, most + 1]), 12);
      return Array.from({ length }, () => valueFor(schema.items as JsonSchema, document, dice));
    }
    case 'integer':
    case 'number':
      return numberFor(schema, dice);
    case 'boolean':
      return dice.chance(0.5);
    default:
      return textFor(schema, example, dice);
  }
};

const objectFor = ({ properties = {}, required = [] }: JsonSchema, document: ApiDocument, dice: Dice): Wild => {
  const members = Object.entries(properties as { readonly [name: string]: JsonSchema }).filter(([name]) =>
    dice.chance((required as readonly string[]).includes(name) ? 0.98 : 0.4),
  );
  const made = members.map(([name, each]) => [name, valueFor(each, document, dice)] as const);
  const more = dice.chance(0.03)
    ? [[dice.pick(['$set', '__proto__', 'extra', 'constructor']), hostileValue(dice)] as const]
    : [];
  return Object.fromEntries([...made, ...more]);
};
