/** Answers against the OpenAPI document that the service itself serves: what it does not document, it may not answer. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { formats } from '../../src/http/input/formats.ts';

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}
interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: JsonSchema;
}
interface Content {
  readonly [mediaType: string]: { readonly schema: JsonSchema };
}
export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: {
    readonly [status: string]: {
      readonly content?: Content;
      readonly description: string;
      readonly headers?: { readonly [name: string]: object };
    };
  };
}
export interface ApiDocument {
  readonly openapi: string;
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: { readonly schemas: { readonly [name: string]: JsonSchema } };
}

/** An operation with where it is served. */
export interface Documented {
  readonly method: string;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly operation: Operation;
}

export const operationsOf = ({ paths }: ApiDocument): readonly Documented[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

/** It may change something; a private read is a POST too, and takes no key. */
export const isCommand = ({ method, operation }: Documented): boolean =>
  method !== 'GET' && operation.parameters?.some(({ name }) => name.toLowerCase() === 'idempotency-key') === true;

export interface SeenAnswer {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly text: string;
}

const matcherOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll(/[.]/g, '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);

/** @returns what is wrong with an answer, as sentences; none for an address that the document does not know. */
export type CheckAnswer = (answer: SeenAnswer) => readonly string[];

export const createAnswerCheck = (document: ApiDocument): CheckAnswer => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  for (const [name, parse] of Object.entries(formats)) {
    // What we make is in our one form. What people said is answered as it was kept, by the rules of then.
    const isOurs = name === 'date-time' || name === 'uuid';
    const isKept = (text: string): boolean => {
      const reading = parse(text);
      return 'value' in reading && reading.value === text;
    };
    ajv.addFormat(name, isOurs ? isKept : true);
  }
  const compiled = new Map<JsonSchema, ValidateFunction>();
  const known = operationsOf(document).map((documented) => ({ ...documented, matcher: matcherOf(documented.path) }));
  const literal = new Set(known.map(({ path }) => path));

  const validatorOf = (schema: JsonSchema): ValidateFunction => {
    const before = compiled.get(schema);
    if (before !== undefined) return before;
    const validate = ajv.compile({ components: document.components, ...schema });
    compiled.set(schema, validate);
    return validate;
  };

  const bodyFaults = ({ content }: Operation['responses'][string], { contentType = '', text }: SeenAnswer) => {
    const [mediaType = ''] = contentType.split(';');
    const schema = content?.[mediaType]?.schema;
    if (schema === undefined) return content === undefined && text === '' ? [] : [`${mediaType} is not documented`];
    if (!mediaType.endsWith('json')) return [];
    const validate = validatorOf(schema);
    return validate(JSON.parse(text)) ? [] : [`${ajv.errorsText(validate.errors)} in ${text.slice(0, 1_000)}`];
  };

  return (answer) => {
    const { method, url, status, text } = answer;
    const [path = ''] = url.split('?');
    // `/orders/search` is not taken for an order, whatever the method.
    const isAt = ({ path: pattern, matcher }: (typeof known)[number]): boolean =>
      literal.has(path) ? pattern === path : matcher.test(path);
    const documented = known.find((each) => each.method === method && isAt(each));
    if (documented === undefined) return [];
    const response = documented.operation.responses[status];
    const faults = response === undefined ? [`not documented: ${text}`] : bodyFaults(response, answer);
    return faults.map((fault) => `${method} ${documented.path} ${status}: ${fault}`);
  };
};
