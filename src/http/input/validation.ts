/**
 * JSON Schema 2020-12 (R6.1): bodies are taken as they are, text in the URL is read as its type. A schema without bounds
 * fails at the start: a list or text without a length, or a pattern without an end, lets one request cost any time (R8).
 */
import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';
import { useFormats } from './formats.ts';

/** JSON Schema as far as our own use it. */
interface JsonSchema {
  readonly [keyword: string]: unknown;
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const schemasIn = (value: unknown): readonly JsonSchema[] => (Array.isArray(value) ? value.filter(isSchema) : []);
const propertiesOf = ({ properties }: JsonSchema): readonly (readonly [string, JsonSchema])[] =>
  Object.entries((properties ?? {}) as { readonly [name: string]: JsonSchema });
const patternsOf = ({ patternProperties }: JsonSchema): readonly (readonly [string, JsonSchema])[] =>
  Object.entries((patternProperties ?? {}) as { readonly [pattern: string]: JsonSchema });

const scalarTypes: readonly unknown[] = ['string', 'integer', 'number', 'boolean'];

/** Character classes and escapes say nothing about repetition. */
const repeatsWithoutEnd = (pattern: string): boolean =>
  /[*+]|\{\d*,\}/.test(pattern.replaceAll(/\\[pP]\{[^}]*\}|\\./g, 'a').replaceAll(/\[[^\]]*\]/g, 'a'));

const faultsOfText = ({ enum: known, const: only, maxLength, pattern }: JsonSchema): readonly string[] => [
  ...(known === undefined && only === undefined && typeof maxLength !== 'number' ? ['a text without maxLength'] : []),
  ...(typeof pattern === 'string' && repeatsWithoutEnd(pattern) ? ['a pattern that may repeat for ever'] : []),
];

/** Items without a type are compared each with each, as deep as they are. */
const faultsOfList = ({ maxItems, uniqueItems, items }: JsonSchema): readonly string[] => [
  ...(typeof maxItems === 'number' ? [] : ['a list without maxItems']),
  ...(uniqueItems === true && !scalarTypes.includes(isSchema(items) ? items.type : undefined)
    ? ['uniqueItems without a simple type of its items']
    : []),
];

const faultsOfObject = (schema: JsonSchema): readonly string[] => {
  const { additionalProperties, maxProperties } = schema;
  return [
    ...(additionalProperties === false ? [] : ['an object that is not closed']),
    ...(patternsOf(schema).length > 0 && typeof maxProperties !== 'number' ? ['names without maxProperties'] : []),
    ...patternsOf(schema).flatMap(([name]) => (repeatsWithoutEnd(name) ? ['a name that may repeat for ever'] : [])),
  ];
};

const faultsHere = (schema: JsonSchema): readonly string[] => {
  if (schema.type === 'string') return faultsOfText(schema);
  if (schema.type === 'array') return faultsOfList(schema);
  return schema.type === 'object' ? faultsOfObject(schema) : [];
};

const partsOf = (schema: JsonSchema): readonly (readonly [string, JsonSchema])[] => [
  ...propertiesOf(schema),
  ...patternsOf(schema),
  ...(isSchema(schema.items) ? [['items', schema.items] as const] : []),
  ...[...schemasIn(schema.anyOf), ...schemasIn(schema.oneOf), ...schemasIn(schema.allOf)].map(
    (each, index) => [`variant ${index}`, each] as const,
  ),
];

/** Where the schema sets no bound, as `/lines/items/sku: a text without maxLength`. */
export const unboundedIn = (schema: object, at = ''): readonly string[] => [
  ...faultsHere(schema as JsonSchema).map((fault) => `${at || '/'}: ${fault}`),
  ...partsOf(schema as JsonSchema).flatMap(([name, part]) => unboundedIn(part, `${at}/${name}`)),
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

const isAscii = ({ pattern, format }: JsonSchema): boolean =>
  format === 'date-time' ||
  format === 'uuid' ||
  (typeof pattern === 'string' && !/\\[^.\-/]|\[\^|[^ -~]/.test(pattern));

const largest = (values: readonly number[]): number => Math.max(0, ...values);

const textBytes = (schema: JsonSchema): number =>
  Number(schema.maxLength ?? 0) * (isAscii(schema) ? bytesPerAsciiCharacter : bytesPerCharacter);

const objectBytes = (schema: JsonSchema): number => {
  const named = propertiesOf(schema).map(([name, part]) => name.length + jsonBytesMax(part));
  const free = largest(patternsOf(schema).map(([, part]) => jsonBytesMax(part)));
  return named.reduce((sum, bytes) => sum + bytes, 0) + Number(schema.maxProperties ?? 0) * (nameBytesMax + free);
};
/** A name in a map; ours are shorter. */
const nameBytesMax = 64;

/** The bytes that the largest JSON may have which the schema accepts, laid out over lines. */
export const jsonBytesMax = (given: object): number => {
  const schema = given as JsonSchema;
  const { const: only, enum: known, items, maxItems } = schema;
  const variants = [...schemasIn(schema.anyOf), ...schemasIn(schema.oneOf)];
  if (variants.length > 0) return largest(variants.map(jsonBytesMax));
  if (only !== undefined) return layoutBytes + JSON.stringify(only).length;
  if (Array.isArray(known)) return layoutBytes + largest(known.map((each) => JSON.stringify(each).length));
  if (schema.type === 'string') return layoutBytes + textBytes(schema);
  if (schema.type === 'array') return layoutBytes + Number(maxItems) * (isSchema(items) ? jsonBytesMax(items) : 0);
  return layoutBytes + (schema.type === 'object' ? objectBytes(schema) : scalarBytesMax);
};

const shared: Options = { strict: true, allowUnionTypes: true, useDefaults: true };

/** Characters. A small request gets all its faults at once, which helps people who try things out by hand. */
const smallCharsMax = 4_096;
/** Counted for each value beside its text, so that a long list of empty values is not small. */
const charsPerValue = 8;

/** Whether checking all of it is cheap. Stops counting once it is not. */
const isSmall = (value: unknown): boolean => {
  let left = smallCharsMax;
  const pending: unknown[] = [value];
  while (pending.length > 0 && left >= 0) {
    const next = pending.pop();
    left -= charsPerValue + (typeof next === 'string' ? next.length : 0);
    if (typeof next !== 'object' || next === null) continue;
    for (const name in next) {
      left -= name.length;
      pending.push((next as Readonly<Record<string, unknown>>)[name]);
      if (pending.length > smallCharsMax) return false;
    }
  }
  return left >= 0;
};

interface SchemaCheck {
  (data: unknown): boolean;
  errors?: NonNullable<ValidateFunction['errors']> | null;
}
type CompileSchema = (schema: object) => SchemaCheck;

/**
 * Stops at the first fault: lengths stand before contents, so a list that is too long is not looked into. Only what is
 * small is looked at once more, for all that is wrong with it.
 */
export const createCompiler = (options: Options): CompileSchema => {
  const withFormats = (allErrors: boolean): Ajv2020 => {
    const ajv = new Ajv2020({ ...shared, ...options, allErrors });
    useFormats(ajv);
    return ajv;
  };
  const [quick, thorough] = [withFormats(false), withFormats(true)];
  return (schema) => {
    const check = quick.compile(schema);
    let checkAll: ValidateFunction | undefined;
    const validate: SchemaCheck = (data) => {
      if (check(data)) return true;
      validate.errors = check.errors ?? null;
      if (!isSmall(data)) return false;
      checkAll ??= thorough.compile(schema);
      if (!checkAll(data)) validate.errors = checkAll.errors ?? null;
      return false;
    };
    return validate;
  };
};

/** Headers are bounded by HTTP itself, and read by the code that needs them. */
const boundedParts = ['body', 'querystring', 'params'] as const;

export const registerValidation = (app: FastifyInstance): void => {
  const compileBody = createCompiler({});
  const compileText = createCompiler({ coerceTypes: 'array' });
  app.addHook('onRoute', (route) => {
    const bodyChecked = route.config?.bodyChecked;
    for (const part of boundedParts) {
      const schema = route.schema?.[part];
      if (typeof schema === 'object' && schema !== null) requireBounds(schema, `${route.url} ${part}`);
    }
    if (bodyChecked === undefined) return;
    const check = compileBody(bodyChecked);
    const fallback = app.validatorCompiler;
    route.validatorCompiler = (part) => (part.httpPart === 'body' ? check : (fallback?.(part) ?? (() => true)));
  });
  app.setValidatorCompiler<object>(({ schema, httpPart }) => {
    // Headers are documented by schema and read by the code that needs them: most requests carry a dozen others.
    if (httpPart === 'headers') return () => true;
    return (httpPart === 'body' ? compileBody : compileText)(schema);
  });
};
