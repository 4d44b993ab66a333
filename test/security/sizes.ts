/**
 * Requests of hostile sizes, made from the OpenAPI document: each text, list, number, object and header at the largest that
 * its schema takes, one more, and far more. A good request otherwise, so that nothing else stops it.
 */
import { randomUUID } from 'node:crypto';
import { bodySchemaOf, exampleOf, isObject, type Json, urlOf } from '../http/requests.ts';
import { type ApiDocument, type Documented, isCommand, type JsonSchema } from '../support/documented.ts';

export interface Sized {
  /** For a finding. */
  readonly what: string;
  readonly size: 'largest' | 'one more' | 'far more';
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
}

interface Value {
  readonly size: Sized['size'];
  readonly value: Json;
}

/**
 * More than any schema of ours takes, and few enough bytes to be sent before the answer comes: a client that is still sending
 * when it is refused may be cut off without one. Larger bodies are the business of `test/http/sizes.test.ts`.
 */
const farMoreChars = 50_000;
const farMoreItems = 20_000;
const farMoreFields = 4_000;

const resolve = (schema: JsonSchema, { components }: ApiDocument): JsonSchema => {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  return name === undefined ? schema : (components.schemas[name] ?? {});
};

const isFree = ({ pattern, format, enum: known, const: only }: JsonSchema): boolean =>
  [pattern, format, known, only].every((rule) => rule === undefined);

/** As a schema wants it, and as long as it may be. What a pattern or a format wants is told by its example. */
const largestText = (schema: JsonSchema, document: ApiDocument): Json =>
  isFree(schema) ? 'a'.repeat(Number(schema.maxLength)) : exampleOf(schema, document);

const textsOf = (schema: JsonSchema, document: ApiDocument): readonly Value[] =>
  typeof schema.maxLength === 'number'
    ? [
        { size: 'largest', value: largestText(schema, document) },
        { size: 'one more', value: 'a'.repeat(schema.maxLength + 1) },
        { size: 'far more', value: 'a'.repeat(farMoreChars) },
      ]
    : [{ size: 'far more', value: 'a'.repeat(farMoreChars) }];

const numbersOf = ({ maximum, minimum }: JsonSchema): readonly Value[] => [
  ...(typeof maximum === 'number'
    ? ([
        { size: 'largest', value: maximum },
        // One more than the largest whole number is the same number again; the next one that is another.
        { size: 'one more', value: maximum === Number.MAX_SAFE_INTEGER ? maximum + 3 : maximum + 1 },
      ] as const)
    : []),
  ...(typeof minimum === 'number' ? ([{ size: 'one more', value: minimum - 1 }] as const) : []),
  { size: 'far more', value: 1e300 },
];

/** Ids differ where a list takes each of them once. */
const itemsOf = (schema: JsonSchema, document: ApiDocument, count: number): Json => {
  const items = schema.items as JsonSchema;
  const known = items.enum as readonly Json[] | undefined;
  if (known !== undefined) return Array.from({ length: count }, (_, at) => known[at] ?? `none${at}`);
  const example = exampleOf(items, document);
  const isOfIds = schema.uniqueItems === true;
  return Array.from({ length: count }, (_, at) => (isOfIds ? `W${at}` : example));
};

const listsOf = (schema: JsonSchema, document: ApiDocument): readonly Value[] => {
  const most = Number(schema.maxItems);
  return [
    { size: 'largest', value: itemsOf(schema, document, most) },
    { size: 'one more', value: itemsOf(schema, document, most + 1) },
    { size: 'far more', value: Array.from({ length: farMoreItems }, () => ({})) },
  ];
};

const manyFields: Json = Object.fromEntries(Array.from({ length: farMoreFields }, (_, at) => [`field${at}`, 1]));

const valuesOf = (schema: JsonSchema, document: ApiDocument): readonly Value[] => {
  switch (schema.type) {
    case 'string':
      return textsOf(schema, document);
    case 'integer':
    case 'number':
      return numbersOf(schema);
    case 'array':
      return listsOf(schema, document);
    case 'object':
      return [{ size: 'far more', value: manyFields }];
    default:
      return [];
  }
};

interface Placed extends Value {
  readonly at: string;
  readonly body: Json;
}

/** Each value of a body in each of its sizes, the rest as in the example. */
const bodiesOf = (given: JsonSchema, body: Json, document: ApiDocument): readonly Placed[] => {
  const walk = (part: JsonSchema, value: Json, at: string, put: (changed: Json) => Json): readonly Placed[] => {
    const resolved = resolve(part, document);
    const [variant] = (resolved.anyOf ?? resolved.oneOf ?? []) as readonly JsonSchema[];
    if (variant !== undefined) return walk(variant, value, at, put);
    const here = valuesOf(resolved, document).map((each) => ({ ...each, at: at || '/', body: put(each.value) }));
    if (resolved.type === 'array' && Array.isArray(value)) {
      const [first = null] = value as readonly Json[];
      return [...here, ...walk(resolved.items as JsonSchema, first, `${at}/0`, (changed) => put([changed]))];
    }
    const properties = Object.entries((resolved.properties ?? {}) as { readonly [name: string]: JsonSchema });
    return [
      ...here,
      ...properties.flatMap(([name, each]) =>
        isObject(value) && name in value
          ? walk(each, value[name] ?? null, `${at}/${name}`, (changed) => put({ ...value, [name]: changed }))
          : [],
      ),
    ];
  };
  return walk(given, body, '', (changed) => changed);
};

const headersFor = (documented: Documented): Sized['headers'] => {
  const needsRevision = documented.operation.responses[428] !== undefined;
  return {
    ...(isCommand(documented) ? { 'idempotency-key': randomUUID() } : {}),
    ...(bodySchemaOf(documented) === undefined ? {} : { 'content-type': 'application/json' }),
    ...(needsRevision ? { 'if-match': '"0"' } : {}),
  };
};

const lengths = { 'one more': 1, 'far more': 12_000 } as const;
/** Node.js reads 16 kB of headers; the longest of ours end before. */
const headerLengths = { largest: 255, 'one more': 256, 'far more': 8_000 } as const;
const tags = { largest: 20, 'one more': 21, 'far more': 1_000 } as const;
const sizes = ['largest', 'one more', 'far more'] as const;

/** Values of the headers that a request may have; the others are words of ours, of any length. */
const headersOf = (documented: Documented): readonly Pick<Sized, 'what' | 'size' | 'headers'>[] =>
  (documented.operation.parameters ?? []).flatMap(({ name, in: place }) => {
    if (place !== 'header') return [];
    const header = name.toLowerCase();
    const isOfTags = header === 'if-match' || header === 'if-none-match';
    return sizes.map((size) => ({
      what: `header ${header}`,
      size,
      headers: {
        ...headersFor(documented),
        [header]: isOfTags
          ? Array.from({ length: tags[size] }, (_, at) => `"${at}"`).join(', ')
          : '7'.repeat(headerLengths[size]),
      },
    }));
  });

/** A text in the path and in the query, longer than its schema takes. */
const urlsOf = (documented: Documented): readonly Pick<Sized, 'what' | 'size' | 'url'>[] =>
  (documented.operation.parameters ?? []).flatMap(({ name, in: place, schema }) => {
    if (place === 'header') return [];
    const most = Number(schema.maxLength ?? 0);
    return (['one more', 'far more'] as const).map((size) => {
      const value = 'a'.repeat(most + lengths[size]);
      const url = place === 'path' ? urlOf(documented, { [name]: value }) : `${urlOf(documented)}?${name}=${value}`;
      return { what: `${place} ${name}`, size, url };
    });
  });

/** What is sent for an operation, tried out where it would change something. */
export const sizedRequests = (documented: Documented, document: ApiDocument): readonly Sized[] => {
  const { method } = documented;
  const schema = bodySchemaOf(documented);
  const example = schema === undefined ? null : exampleOf(schema, document);
  const url = isCommand(documented) ? `${urlOf(documented)}?dryRun=true` : urlOf(documented);
  const body = schema === undefined ? {} : { body: JSON.stringify(example) };
  const ofBody = schema === undefined ? [] : bodiesOf(schema, example, document);
  return [
    ...ofBody.map(({ at, size, body: made }) => ({
      what: `body ${at}`,
      size,
      method,
      url,
      headers: headersFor(documented),
      body: JSON.stringify(made),
    })),
    ...urlsOf(documented).map((each) => ({ ...each, method, headers: headersFor(documented), ...body })),
    ...headersOf(documented).map((each) => ({ ...each, method, url, ...body })),
  ];
};

/** Lists within lists would be more than is read of a body: the outer one has its items, the inner ones one each. */
const largestOf = (given: JsonSchema, document: ApiDocument, isItem: boolean): Json => {
  const schema = resolve(given, document);
  const [variant] = (schema.anyOf ?? schema.oneOf ?? []) as readonly JsonSchema[];
  if (variant !== undefined) return largestOf(variant, document, isItem);
  const properties = Object.entries((schema.properties ?? {}) as { readonly [name: string]: JsonSchema });
  // A cursor is what another answer has given.
  const named = properties.filter(([name]) => name !== 'cursor');
  if (named.length > 0)
    return Object.fromEntries(named.map(([name, each]) => [name, largestOf(each, document, isItem)]));
  const isOfObjects = schema.type === 'array' && (schema.items as JsonSchema).type === 'object';
  if (isOfObjects) {
    const item = largestOf(schema.items as JsonSchema, document, true);
    return Array.from({ length: isItem ? 1 : Number(schema.maxItems) }, () => item);
  }
  return valuesOf(schema, document).find(({ size }) => size === 'largest')?.value ?? exampleOf(schema, document);
};

/** The largest body that an operation reads: all of its values at once. `null`: it takes none. */
export const largestBody = (documented: Documented, document: ApiDocument): string | null => {
  const schema = bodySchemaOf(documented);
  return schema === undefined ? null : JSON.stringify(largestOf(schema, document, false));
};
