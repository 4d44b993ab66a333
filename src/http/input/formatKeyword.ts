/** JSON Schema's `format`, as parsers: a text is refused, or becomes what its parser makes of it. */
import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { DataValidateFunction, DataValidationCxt } from 'ajv/dist/types/index.js';
import { type FormatName, formats } from './formats.ts';

/** No text that has a format is longer than a URL: what is, is not even read. */
const textCharsMax = 2_048;

const validatorOf = (name: string): DataValidateFunction => {
  if (!Object.hasOwn(formats, name)) throw new Error(`no parser for the format ${name}`);
  const parse = formats[name as FormatName];
  const validate: DataValidateFunction = (text: string, context?: DataValidationCxt) => {
    const reading = text.length > textCharsMax ? { fault: 'is too long' } : parse(text);
    if ('fault' in reading) {
      validate.errors = [{ keyword: 'format', params: { format: name }, message: reading.fault }];
      return false;
    }
    if (context !== undefined) {
      (context.parentData as Record<string, unknown>)[context.parentDataProperty] = reading.value;
    }
    return true;
  };
  return validate;
};

/** A format that has no parser is an error when the schema is compiled: at the start. */
export const useFormats = (ajv: Ajv2020): void => {
  ajv.removeKeyword('format');
  ajv.addKeyword({
    keyword: 'format',
    type: 'string',
    schemaType: 'string',
    // ajv says so of the schema of schemas, whose formats are none of ours.
    compile: (name: string, _schema, { opts }) => (opts.validateFormats ? validatorOf(name) : () => true),
  });
};

/**
 * For what only has to know that there are such formats: answers were parsed when they came, by the rules of then.
 * A name that `ajv-formats` has too would be judged by it where an answer has variants: it has no `idn-email`.
 */
export const unjudgedFormats = Object.fromEntries(Object.keys(formats).map((name) => [name, true as const]));
