/**
 * `npm run openapi` writes what of `docs/` follows from the code: the OpenAPI document, and who may do what. With
 * `-- --check` it writes nothing and fails when a file differs. With `-- --promise` it also writes what is promised from now on
 * (`docs/promised.json`): part of a release (docs/versions.md).
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accessPage } from './accessPage.ts';
import { openApiDocument } from './openApiDocument.ts';
import { promised } from './promisedContract.ts';

const document = await openApiDocument();
const isCheck = process.argv.includes('--check');

for (const [name, text] of [
  ['openapi.json', document],
  ['access.md', accessPage(document)],
] as const) {
  const path = join(import.meta.dirname, '../docs', name);
  if (!isCheck) {
    await writeFile(path, text);
    process.stdout.write(`docs/${name} written.\n`);
  } else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
    process.stderr.write(`docs/${name} is not what the code says. Run \`npm run openapi\`.\n`);
    process.exitCode = 1;
  }
}

if (process.argv.includes('--promise')) {
  await writeFile(join(import.meta.dirname, '../docs/promised.json'), promised(document));
  process.stdout.write('docs/promised.json written.\n');
}
