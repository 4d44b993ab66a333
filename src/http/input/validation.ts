/** JSON Schema 2020-12 (R6.1): bodies are taken as they are; what comes as text in the URL is read as its type. */
import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { Problem, validationProblem } from '../problems/problem.ts';
import { requireBounds } from './bounds.ts';
import { useFormats } from './formatKeyword.ts';

const shared: Options = { strict: true, allowUnionTypes: true, useDefaults: true };

/** A person who tries things out is helped by all faults at once, and has no more to send than this, in characters. */
const smallCharsMax = 4_096;
/** What a value takes beside its text: so a list of nothings is not small for ever. */
const charsPerValue = 8;

/** Whether looking at all of it costs next to nothing. Stops counting where it does not. */
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

interface Check {
  (data: unknown): boolean;
  errors?: NonNullable<ValidateFunction['errors']> | null;
}
type Compile = (schema: object) => Check;

/**
 * Stops at the first fault: lengths stand before contents, so a list that is too long is not looked into. Only what is
 * small is looked at once more, for all that is wrong with it.
 */
const createCompiler = (options: Options): Compile => {
  const withFormats = (allErrors: boolean): Ajv2020 => {
    const ajv = new Ajv2020({ ...shared, ...options, allErrors });
    useFormats(ajv);
    return ajv;
  };
  const [quick, thorough] = [withFormats(false), withFormats(true)];
  return (schema) => {
    const check = quick.compile(schema);
    let checkAll: ValidateFunction | undefined;
    const validate: Check = (data) => {
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

interface RouteConfig {
  /** Checked in place of the documented body, whose parts the handler checks one by one. */
  readonly bodyChecked?: TSchema;
}

/** Headers are bounded by HTTP itself, and read by the code that needs them. */
const boundedParts = ['body', 'querystring', 'params'] as const;

export const registerValidation = (app: FastifyInstance): void => {
  const compileBody = createCompiler({});
  const compileText = createCompiler({ coerceTypes: 'array' });
  app.addHook('onRoute', (route) => {
    const { bodyChecked } = (route.config ?? {}) as RouteConfig;
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

/** Checks one row of a request by its `kind`. The validator throws a Problem for what it does not accept. */
export const createRowValidator = (schemas: { readonly [kind: string]: TSchema }): ((row: unknown) => void) => {
  const compile = createCompiler({});
  const byKind = new Map(Object.entries(schemas).map(([kind, schema]) => [kind, compile(schema)]));
  return (row) => {
    const kind: unknown = typeof row === 'object' && row !== null && 'kind' in row ? row.kind : undefined;
    const validate = typeof kind === 'string' ? byKind.get(kind) : undefined;
    if (validate === undefined) throw new Problem('VALIDATION', `"kind" is one of ${[...byKind.keys()].join(', ')}.`);
    if (!validate(row)) throw validationProblem({ validation: [...(validate.errors ?? [])] as never });
  };
};
