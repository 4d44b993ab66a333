/** Requests made from the OpenAPI document: a valid one for each operation, and every way to spoil one of its values. */
import type { FormatName } from '../../src/http/input/formats.ts';
import type { ApiDocument, Documented, JsonSchema } from '../support/documented.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type Path = readonly (string | number)[];

export const isObject = (value: unknown): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const resolve = (schema: JsonSchema, document: ApiDocument): JsonSchema => {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  return name === undefined ? schema : document.components.schemas[name]!;
};

const propertiesOf = (schema: JsonSchema): readonly [string, JsonSchema][] =>
  Object.entries((schema.properties ?? {}) as { readonly [name: string]: JsonSchema });

const variantsOf = (schema: JsonSchema): readonly JsonSchema[] =>
  (schema.anyOf ?? schema.oneOf ?? []) as readonly JsonSchema[];

/** The document must say by example what a pattern wants; the rest follows from the bounds. */
export const exampleOf = (given: JsonSchema, document: ApiDocument): Json => {
  const schema = resolve(given, document);
  if (schema.const !== undefined) return schema.const as Json;
  const examples = (schema.examples ?? schema.enum ?? []) as readonly Json[];
  if (examples.length > 0) return examples[0]!;
  const [variant] = variantsOf(schema);
  if (variant !== undefined) return exampleOf(variant, document);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        // A cursor is what another answer has given; there is no example of one.
        propertiesOf(schema).flatMap(([name, each]) => (name === 'cursor' ? [] : [[name, exampleOf(each, document)]])),
      );
    case 'array':
      return [exampleOf(schema.items as JsonSchema, document)];
    case 'integer':
    case 'number':
      return (schema.minimum as number | undefined) ?? 0;
    case 'boolean':
      return true;
    case 'string':
      if (schema.pattern !== undefined || schema.format !== undefined) {
        throw new Error(`no example of ${JSON.stringify(schema)}`);
      }
      return 'a'.repeat(Math.max(1, Number(schema.minLength ?? 1)));
    default:
      throw new Error(`no example of ${JSON.stringify(schema)}`);
  }
};

export const bodySchemaOf = ({ operation }: Documented): JsonSchema | undefined =>
  operation.requestBody?.content['application/json']?.schema;

/** `ids` names what the path is about, where it shall not be the examples. */
export const urlOf = ({ path, operation }: Documented, ids: { readonly [name: string]: string } = {}): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters?.find((each) => each.in === 'path' && each.name === name);
    const example = (parameter as { readonly example?: string } | undefined)?.example;
    const value = ids[name] ?? example;
    if (value === undefined) throw new Error(`${path} has no example of ${name}`);
    return value;
  });

const replaceAt = (value: Json, path: Path, change: (value: Json) => Json): Json => {
  const [step, ...rest] = path;
  if (step === undefined) return change(value);
  if (Array.isArray(value))
    return value.map((each: Json, index) => (index === step ? replaceAt(each, rest, change) : each));
  if (!isObject(value)) throw new Error(`nothing at ${path.join('/')}`);
  return { ...value, [step]: replaceAt(value[step]!, rest, change) };
};

const without = (value: Json, name: string): Json =>
  Object.fromEntries(Object.entries(value as object).filter(([each]) => each !== name));

export interface Spoiled {
  readonly what: string;
  /** JSON pointer (RFC 6901) to where the fault is. */
  readonly pointer: string;
  readonly body: Json;
}

/** What no string field may take: another type, and what a database might take for a query (R6.2). */
const notTexts: readonly Json[] = [7, true, null, ['a'], { $gt: '' }, { $where: 'true' }, { toString: 'a' }];
const notNumbers: readonly Json[] = ['7', true, null, [1], { $gt: 0 }, 1e300];
/** What each format does not take. A format that is missing here is an error: say what is none. */
const notOfFormat: { readonly [Name in FormatName]: readonly string[] } = {
  'date-time': ['2026-11-24', '2026-02-30T00:00:00Z', '2026-11-24T09:30:60Z', '2026-11-24T09:30:00+24:00', 'now'],
  uuid: ['01939d1a-6f0a-7cc1-9a54-2f1f5b0c8a1', '01939d1a-6f0a-0cc1-9a54-2f1f5b0c8a11', '{}'],
  uri: ['no such format', 'https://', '//a.example'],
  'idn-email': ['ada', 'ada@', '@canary.invalid', 'a da@canary.invalid', 'a@b@c'],
  phone: ['none', '12', '030\u0007123'],
  'country-code': ['ZZ', 'UK', 'EU', 'de', 'DEU'],
  currency: ['ZZZ', 'XTS', 'eur', 'EU'],
  'time-zone': ['Mars/Phobos', '+01:00', 'Europe', '../etc'],
  sku: ['', ' A', 'A ', 'A\u0000', 'A\u202eB', 'e\u0301', 'A\u2028B', '.', '..', '椅'.repeat(101)],
  printable: ['', ' A', 'A ', 'A\u0000', 'A\u2066B', 'A\nB'],
  gtin: ['', '4006381333932', '400638133393', '40063813339310', ' 4006381333931', '٤006381333931'],
  gln: ['', '0614141123453', '614141123452', '06141411234520'],
  sscc: ['', '106141412345678909', '06141412345678908', '(00)106141412345678908'],
};
/** U+0000 and friends: in a pattern they are refused, in free text they are the sealing's business. */
const brokenTexts = ['', ' ', "' OR 1=1 --", '../../etc', 'a\u0000b', '💥'.repeat(40)];

const wrongTexts = (schema: JsonSchema): readonly Json[] => {
  const { pattern, format, maxLength, minLength, enum: known } = schema;
  const patterned =
    typeof pattern === 'string' ? brokenTexts.filter((text) => !new RegExp(pattern, 'u').test(text)) : [];
  return [
    ...notTexts,
    ...patterned,
    ...(known === undefined && schema.const === undefined ? [] : ['no_such_value']),
    ...(typeof format === 'string' ? notOfFormat[format as FormatName] : []),
    ...(typeof maxLength === 'number' ? ['a'.repeat(maxLength + 1)] : []),
    ...(typeof minLength === 'number' && minLength > 0 ? [''] : []),
  ];
};

const wrongNumbers = ({ type, minimum, maximum }: JsonSchema): readonly Json[] => [
  ...notNumbers,
  ...(type === 'integer' ? [1.5] : []),
  ...(typeof minimum === 'number' ? [minimum - 1] : []),
  ...(typeof maximum === 'number' ? [maximum + 1] : []),
];

const wrongArrays = (schema: JsonSchema, value: Json): readonly Json[] => {
  const { minItems, maxItems } = schema;
  const [first = null] = value as readonly Json[];
  return [
    'a',
    {},
    null,
    ...(typeof minItems === 'number' && minItems > 0 ? [[]] : []),
    ...(typeof maxItems === 'number' ? [Array.from({ length: maxItems + 1 }, () => first)] : []),
  ];
};

const wrongValues = (schema: JsonSchema, value: Json): readonly Json[] => {
  switch (schema.type) {
    case 'string':
      return wrongTexts(schema);
    case 'integer':
    case 'number':
      return wrongNumbers(schema);
    case 'boolean':
      return ['true', 1, null, {}];
    case 'array':
      return wrongArrays(schema, value);
    default:
      return ['a', 7, null, []];
  }
};

/** Names that would reach the prototype where a field is copied without care, and one that is just not known. */
const unknownNames = ['notAField', '__proto__', 'constructor', 'prototype', '$where'];

const pointerOf = (path: Path): string => path.map((step) => `/${step}`).join('');
const shown = (value: Json): string => {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}… (${text.length} characters)` : text;
};

/** Like `{ ...object, [name]: value }`, but `__proto__` becomes a field of its own, as it is in JSON. */
const withField = (value: Json, name: string): Json =>
  JSON.parse(`{${JSON.stringify(name)}:{"isAdmin":true},${JSON.stringify(value).slice(1)}`.replace(',}', '}')) as Json;

/** Every way to spoil one value of a valid body, with where it is spoiled. */
export const spoil = (body: Json, schema: JsonSchema, document: ApiDocument): readonly Spoiled[] => {
  const walk = (given: JsonSchema, value: Json, path: Path): readonly Spoiled[] => {
    const here = resolve(given, document);
    const schemaHere = variantsOf(here)[0] ?? here;
    const at = (what: string, change: (value: Json) => Json, name?: string): Spoiled => ({
      what: `${what} at ${pointerOf(path) || 'the top'}`,
      pointer: pointerOf(name === undefined ? path : [...path, name]),
      body: replaceAt(body, path, change),
    });
    const wrong = wrongValues(schemaHere, value).map((each) => at(shown(each), () => each));
    if (schemaHere.type === 'array') {
      const [first] = value as readonly Json[];
      return first === undefined ? wrong : [...wrong, ...walk(schemaHere.items as JsonSchema, first, [...path, 0])];
    }
    if (schemaHere.type !== 'object') return wrong;
    const required = (schemaHere.required ?? []) as readonly string[];
    const isClosed = schemaHere.additionalProperties === false;
    return [
      ...wrong,
      ...required.map((name) => at(`no "${name}"`, (each) => without(each, name), name)),
      ...(isClosed ? unknownNames.map((name) => at(`"${name}"`, (each) => withField(each, name), name)) : []),
      ...propertiesOf(schemaHere).flatMap(([name, each]) =>
        isObject(value) && name in value ? walk(each, value[name]!, [...path, name]) : [],
      ),
    ];
  };
  return walk(schema, body, []);
};
