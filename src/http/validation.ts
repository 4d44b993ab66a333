/** JSON Schema 2020-12 (R6.1): bodies are taken as they are; what comes as text in the URL is read as its type. */
import { Ajv2020, type Options } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { Problem, validationProblem } from './problem.ts';

/** All errors at once help a person; what is checked is bounded by the body limit and `maxItems`. */
const shared: Options = { allErrors: true, strict: true, allowUnionTypes: true, useDefaults: true };

const createAjv = (options: Options): Ajv2020 => {
  const ajv = new Ajv2020({ ...shared, ...options });
  addFormats.default(ajv, ['date-time', 'email', 'uuid', 'uri']);
  return ajv;
};

interface RouteConfig {
  /** Checked in place of the documented body, whose parts the handler checks one by one. */
  readonly bodyChecked?: TSchema;
}

export const registerValidation = (app: FastifyInstance): void => {
  const bodies = createAjv({});
  const texts = createAjv({ coerceTypes: 'array' });
  app.addHook('onRoute', (route) => {
    const { bodyChecked } = (route.config ?? {}) as RouteConfig;
    if (bodyChecked === undefined) return;
    const check = bodies.compile(bodyChecked);
    const fallback = app.validatorCompiler;
    route.validatorCompiler = (part) => (part.httpPart === 'body' ? check : (fallback?.(part) ?? (() => true)));
  });
  app.setValidatorCompiler<object>(({ schema, httpPart }) => {
    // Headers are documented by schema and read by the code that needs them: most requests carry a dozen others.
    if (httpPart === 'headers') return () => true;
    return (httpPart === 'body' ? bodies : texts).compile(schema);
  });
};

/** Checks one row of a request by its `kind`. The validator throws a Problem for what it does not accept. */
export const createRowValidator = (schemas: { readonly [kind: string]: TSchema }): ((row: unknown) => void) => {
  const ajv = createAjv({});
  const byKind = new Map(Object.entries(schemas).map(([kind, schema]) => [kind, ajv.compile(schema)]));
  return (row) => {
    const kind: unknown = typeof row === 'object' && row !== null && 'kind' in row ? row.kind : undefined;
    const validate = typeof kind === 'string' ? byKind.get(kind) : undefined;
    if (validate === undefined) throw new Problem('VALIDATION', `"kind" is one of ${[...byKind.keys()].join(', ')}.`);
    if (!validate(row)) throw validationProblem({ validation: [...(validate.errors ?? [])] as never });
  };
};
