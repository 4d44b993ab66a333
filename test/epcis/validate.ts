/** The JSON Schema of EPCIS 2.0, as a function. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

const schema = JSON.parse(readFileSync(join(import.meta.dirname, 'EPCISDocument.schema.json'), 'utf8')) as object;

const ajv = new Ajv({ strict: false, allErrors: false });
addFormats.default(ajv);
const validate = ajv.compile(schema);

/** What is wrong with a document, or with one event that has a context; empty: nothing. */
export const epcisFaultsOf = (document: unknown): readonly string[] =>
  validate(document)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
