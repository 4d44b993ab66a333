/**
 * What a schema allows at most. Checked when the service starts: a list without a length, a text without one, or a pattern
 * that may repeat for ever lets one request cost what it likes (R8). Pure.
 */

/** JSON Schema as far as our own use it. */
interface Schema {
  readonly [keyword: string]: unknown;
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const schemasIn = (value: unknown): readonly Schema[] => (Array.isArray(value) ? value.filter(isSchema) : []);
const propertiesOf = ({ properties }: Schema): readonly (readonly [string, Schema])[] =>
  Object.entries((properties ?? {}) as { readonly [name: string]: Schema });
const patternsOf = ({ patternProperties }: Schema): readonly (readonly [string, Schema])[] =>
  Object.entries((patternProperties ?? {}) as { readonly [pattern: string]: Schema });

const scalarTypes: readonly unknown[] = ['string', 'integer', 'number', 'boolean'];

/** Character classes and escapes say nothing about repetition. */
const repeatsWithoutEnd = (pattern: string): boolean =>
  /[*+]|\{\d*,\}/.test(pattern.replaceAll(/\\[pP]\{[^}]*\}|\\./g, 'a').replaceAll(/\[[^\]]*\]/g, 'a'));

const faultsOfText = ({ enum: known, const: only, maxLength, pattern }: Schema): readonly string[] => [
  ...(known === undefined && only === undefined && typeof maxLength !== 'number' ? ['a text without maxLength'] : []),
  ...(typeof pattern === 'string' && repeatsWithoutEnd(pattern) ? ['a pattern that may repeat for ever'] : []),
];

/** Items without a type are compared each with each, as deep as they are. */
const faultsOfList = ({ maxItems, uniqueItems, items }: Schema): readonly string[] => [
  ...(typeof maxItems === 'number' ? [] : ['a list without maxItems']),
  ...(uniqueItems === true && !scalarTypes.includes(isSchema(items) ? items.type : undefined)
    ? ['uniqueItems without a simple type of its items']
    : []),
];

const faultsOfObject = (schema: Schema): readonly string[] => {
  const { additionalProperties, maxProperties } = schema;
  return [
    ...(additionalProperties === false ? [] : ['an object that is not closed']),
    ...(patternsOf(schema).length > 0 && typeof maxProperties !== 'number' ? ['names without maxProperties'] : []),
    ...patternsOf(schema).flatMap(([name]) => (repeatsWithoutEnd(name) ? ['a name that may repeat for ever'] : [])),
  ];
};

const faultsHere = (schema: Schema): readonly string[] => {
  if (schema.type === 'string') return faultsOfText(schema);
  if (schema.type === 'array') return faultsOfList(schema);
  return schema.type === 'object' ? faultsOfObject(schema) : [];
};

const partsOf = (schema: Schema): readonly (readonly [string, Schema])[] => [
  ...propertiesOf(schema),
  ...patternsOf(schema),
  ...(isSchema(schema.items) ? [['items', schema.items] as const] : []),
  ...[...schemasIn(schema.anyOf), ...schemasIn(schema.oneOf), ...schemasIn(schema.allOf)].map(
    (each, index) => [`variant ${index}`, each] as const,
  ),
];

/** Where the schema sets no bound, as `/lines/items/sku: a text without maxLength`. */
export const unboundedIn = (schema: object, at = ''): readonly string[] => [
  ...faultsHere(schema as Schema).map((fault) => `${at || '/'}: ${fault}`),
  ...partsOf(schema as Schema).flatMap(([name, part]) => unboundedIn(part, `${at}/${name}`)),
];

/** @throws RangeError when something in it has no bound. */
export const requireBounds = (schema: object, what: string): void => {
  const faults = unboundedIn(schema);
  if (faults.length > 0) throw new RangeError(`${what} has no bound: ${faults.join('; ')}`);
};

/** Two escapes `\ud83d\udca5`: what a client may write for one character. */
const bytesPerCharacter = 12;
/** A client has no reason to escape what our own alphabets hold. */
const bytesPerAsciiCharacter = 1;
/** `-1.7976931348623157e+308`, `false`. */
const scalarBytesMax = 24;
/** Quotes, colon, comma, and a line of its own with its indent. */
const layoutBytes = 24;

const isAscii = ({ pattern, format }: Schema): boolean =>
  format === 'date-time' ||
  format === 'uuid' ||
  (typeof pattern === 'string' && !/\\[^.\-/]|\[\^|[^ -~]/.test(pattern));

const largest = (values: readonly number[]): number => Math.max(0, ...values);

const textBytes = (schema: Schema): number =>
  Number(schema.maxLength ?? 0) * (isAscii(schema) ? bytesPerAsciiCharacter : bytesPerCharacter);

const objectBytes = (schema: Schema): number => {
  const named = propertiesOf(schema).map(([name, part]) => name.length + jsonBytesMax(part));
  const free = largest(patternsOf(schema).map(([, part]) => jsonBytesMax(part)));
  return named.reduce((sum, bytes) => sum + bytes, 0) + Number(schema.maxProperties ?? 0) * (nameBytesMax + free);
};
/** A name in a map; ours are shorter. */
const nameBytesMax = 64;

/** The bytes that the largest JSON may have which the schema accepts, laid out over lines. */
export const jsonBytesMax = (given: object): number => {
  const schema = given as Schema;
  const { const: only, enum: known, items, maxItems } = schema;
  const variants = [...schemasIn(schema.anyOf), ...schemasIn(schema.oneOf)];
  if (variants.length > 0) return largest(variants.map(jsonBytesMax));
  if (only !== undefined) return layoutBytes + JSON.stringify(only).length;
  if (Array.isArray(known)) return layoutBytes + largest(known.map((each) => JSON.stringify(each).length));
  if (schema.type === 'string') return layoutBytes + textBytes(schema);
  if (schema.type === 'array') return layoutBytes + Number(maxItems) * (isSchema(items) ? jsonBytesMax(items) : 0);
  return layoutBytes + (schema.type === 'object' ? objectBytes(schema) : scalarBytesMax);
};
