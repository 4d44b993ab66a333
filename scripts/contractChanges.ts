/**
 * What of the contract a client may stumble over when one OpenAPI document takes the place of another (R14.3,
 * docs/versions.md): whatever a request may no longer hold, and whatever an answer no longer promises. Only the forms of schema
 * that our own document has are known here.
 */
type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}
interface Content {
  readonly [type: string]: { readonly schema?: Schema };
}
interface Operation {
  readonly operationId: string;
  readonly deprecated?: boolean;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: { readonly [status: string]: { readonly content?: Content } };
  readonly security?: readonly { readonly [scheme: string]: readonly string[] }[];
}
export interface Contract {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components?: { readonly schemas?: { readonly [name: string]: Schema } };
}

/** Which way the data goes: what is asked of a client may only become less, what is told may only become more. */
type Way = 'request' | 'answer';

interface Sides {
  readonly before: Schema;
  readonly after: Schema;
}
type Compare = (sides: Sides, at: string, way: Way) => readonly string[];

const resolve = (schema: Schema | undefined, { components }: Contract): Schema => {
  const name = typeof schema?.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  return (name === undefined ? schema : components?.schemas?.[name]) ?? {};
};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const membersOf = (value: unknown): Readonly<Record<string, Schema>> =>
  (value ?? {}) as Readonly<Record<string, Schema>>;
const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right);

/** Bounds that became narrower: what was taken is taken no more. */
const narrowed = ({ before, after }: Sides): readonly string[] => {
  const least = ['minimum', 'minLength', 'minItems', 'minProperties'];
  const most = ['maximum', 'maxLength', 'maxItems', 'maxProperties'];
  const lowest = (schema: Schema, name: string): number => Number(schema[name] ?? Number.NEGATIVE_INFINITY);
  const highest = (schema: Schema, name: string): number => Number(schema[name] ?? Number.POSITIVE_INFINITY);
  return [
    ...least.filter((name) => lowest(after, name) > lowest(before, name)),
    ...most.filter((name) => highest(after, name) < highest(before, name)),
    ...['pattern', 'format', 'not', 'multipleOf', 'uniqueItems', 'dependentRequired'].filter(
      (name) => after[name] !== undefined && !same(before[name], after[name]),
    ),
  ];
};

const compareValues: Compare = ({ before, after }, at, way) => {
  const [was, is] = [
    listOf(before.enum ?? (before.const === undefined ? undefined : [before.const])),
    listOf(after.enum),
  ];
  const types = same(before.type, after.type)
    ? []
    : [`${at}: type ${String(before.type)} became ${String(after.type)}`];
  if (way === 'answer') return types;
  const gone = after.enum === undefined ? [] : was.filter((value) => !is.includes(value));
  const isNew = was.length === 0 && is.length > 0;
  return [
    ...types,
    ...gone.map((value) => `${at}: ${JSON.stringify(value)} is taken no more`),
    ...(isNew ? [`${at}: takes some values only`] : []),
    ...narrowed({ before, after }).map((bound) => `${at}: ${bound} is narrower`),
  ];
};

const compareObjects =
  (compare: Compare): Compare =>
  ({ before, after }, at, way) => {
    const [was, is] = [membersOf(before.properties), membersOf(after.properties)];
    const [needed, needs] = [listOf(before.required), listOf(after.required)];
    const gone = Object.keys(was).filter((name) => is[name] === undefined);
    const broken =
      way === 'request'
        ? needs.filter((name) => !needed.includes(name)).map((name) => `${at}/${String(name)}: must be there now`)
        : needed
            .filter((name) => !needs.includes(name))
            .map((name) => `${at}/${String(name)}: need not be there any more`);
    return [
      ...gone.map((name) => `${at}/${name}: is gone`),
      ...broken,
      ...Object.entries(was).flatMap(([name, schema]) =>
        is[name] === undefined ? [] : compare({ before: schema, after: is[name] }, `${at}/${name}`, way),
      ),
    ];
  };

const variantsOf = ({ anyOf, oneOf, allOf }: Schema): readonly Schema[] =>
  listOf(anyOf ?? oneOf ?? allOf) as readonly Schema[];

export const breakingChanges = (before: Contract, after: Contract): readonly string[] => {
  const seen = new Set<string>();
  const compare: Compare = (given, at, way) => {
    const mark = `${way} ${String(given.before.$ref)} ${String(given.after.$ref)}`;
    if (given.before.$ref !== undefined && seen.has(mark)) return [];
    seen.add(mark);
    const sides = { before: resolve(given.before, before), after: resolve(given.after, after) };
    const [was, is] = [variantsOf(sides.before), variantsOf(sides.after)];
    const lost = way === 'request' && is.length < was.length ? [`${at}: has fewer forms`] : [];
    const more = way === 'answer' && was.length > 0 && is.length > was.length ? [`${at}: has more forms`] : [];
    const variants = was.flatMap((each, index) =>
      is[index] === undefined ? [] : compare({ before: each, after: is[index] }, `${at}(${index})`, way),
    );
    const items = sides.before.items as Schema | undefined;
    const itemsNow = sides.after.items as Schema | undefined;
    return [
      ...compareValues(sides, at, way),
      ...compareObjects(compare)(sides, at, way),
      ...lost,
      ...more,
      ...variants,
      ...(items === undefined || itemsNow === undefined
        ? []
        : compare({ before: items, after: itemsNow }, `${at}[]`, way)),
    ];
  };

  const compareParameters = (was: Operation, is: Operation, at: string): readonly string[] => {
    const keyOf = ({ in: place, name }: Parameter): string => `${place} ${name.toLowerCase()}`;
    const now = new Map((is.parameters ?? []).map((each) => [keyOf(each), each]));
    const known = new Map((was.parameters ?? []).map((each) => [keyOf(each), each]));
    return [
      ...[...known].flatMap(([key, parameter]) => {
        const found = now.get(key);
        if (found === undefined) return [`${at} ${key}: is gone`];
        const needed =
          found.required === true && parameter.required !== true ? [`${at} ${key}: must be there now`] : [];
        return [...needed, ...compare({ before: parameter.schema, after: found.schema }, `${at} ${key}`, 'request')];
      }),
      ...[...now].flatMap(([key, { required }]) =>
        known.has(key) || required !== true ? [] : [`${at} ${key}: must be there now`],
      ),
    ];
  };

  const compareBodies = (was: Operation, is: Operation, at: string): readonly string[] => {
    const [before, after] = [was.requestBody?.content, is.requestBody?.content];
    if (before === undefined) return is.requestBody?.required === true ? [`${at}: needs a body now`] : [];
    return Object.entries(before).flatMap(([type, { schema = {} }]) => {
      const now = after?.[type];
      if (now === undefined) return [`${at} ${type}: is taken no more`];
      return compare({ before: schema, after: now.schema ?? {} }, `${at} body`, 'request');
    });
  };

  const compareAnswers = (was: Operation, is: Operation, at: string): readonly string[] =>
    Object.entries(was.responses).flatMap(([status, { content = {} }]) => {
      if (status >= '300') return [];
      const now = is.responses[status];
      if (now === undefined) return [`${at} ${status}: is answered no more`];
      return Object.entries(content).flatMap(([type, { schema = {} }]) => {
        const found = now.content?.[type]?.schema;
        return found === undefined
          ? [`${at} ${status} ${type}: is answered no more`]
          : compare({ before: schema, after: found }, `${at} ${status}`, 'answer');
      });
    });

  const scopesOf = ({ security = [] }: Operation): readonly string[] =>
    security.flatMap((each) => Object.values(each).flat());

  return Object.entries(before.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, was]) => {
      const at = `${method.toUpperCase()} ${path}`;
      const is = after.paths[path]?.[method];
      // Its end was announced, and has come.
      if (is === undefined) return was.deprecated === true ? [] : [`${at}: is gone`];
      seen.clear();
      const now = scopesOf(is);
      return [
        ...(was.operationId === is.operationId ? [] : [`${at}: operationId became ${is.operationId}`]),
        ...scopesOf(was)
          .filter((scope) => !now.includes(scope))
          .map((scope) => `${at}: the scope ${scope} is no longer enough`),
        ...compareParameters(was, is, at),
        ...compareBodies(was, is, at),
        ...compareAnswers(was, is, at),
      ];
    }),
  );
};
