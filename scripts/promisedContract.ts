/** What of the OpenAPI document is a promise: no words, no examples, no headers, and of the answers those that say "done". */
type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const words: ReadonlySet<string> = new Set([
  'description',
  'summary',
  'title',
  'examples',
  'example',
  'headers',
  'tags',
]);

/** A field may have the name of a keyword: what stands in `properties` are fields. */
const strip = (value: Json, areFields = false): Json => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each: Json) => strip(each));
  const kept = Object.entries(value).filter(([name]) => areFields || !words.has(name));
  return Object.fromEntries(kept.map(([name, each]) => [name, strip(each, !areFields && name === 'properties')]));
};

/** One line for each operation and each schema, so that a change is seen in a diff. */
const linesOf = (members: { readonly [name: string]: Json }): string =>
  Object.entries(members)
    .map(([name, each]) => `${JSON.stringify(name)}: ${JSON.stringify(each)}`)
    .join(',\n');

interface Document {
  readonly paths: { readonly [path: string]: { readonly [method: string]: { readonly [name: string]: Json } } };
  readonly components: { readonly schemas: { readonly [name: string]: Json } };
}

export const promised = (document: string): string => {
  const { paths, components } = JSON.parse(document) as Document;
  const operations = Object.entries(paths).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, operation]) => {
        const answers = Object.entries(operation.responses as object).filter(([status]) => status < '300');
        return [method, strip({ ...operation, responses: Object.fromEntries(answers) as Json })];
      }),
    ),
  ]);
  const schemas = strip(components.schemas, true) as { readonly [name: string]: Json };
  return `{"paths": {\n${linesOf(Object.fromEntries(operations) as never)}\n},\n"components": {"schemas": {\n${linesOf(schemas)}\n}}}\n`;
};
