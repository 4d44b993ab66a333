/** `npm run openapi` writes `docs/openapi.json`; with `-- --check` it writes nothing and fails when the file differs. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openApiDocument } from './openApiDocument.ts';

const path = join(import.meta.dirname, '../docs/openapi.json');

const check = async (document: string): Promise<number> => {
  const kept = await readFile(path, 'utf8').catch(() => '');
  if (kept === document) return 0;
  process.stderr.write('docs/openapi.json is not what the app serves. Run `npm run openapi`.\n');
  return 1;
};

const run = async (args: readonly string[]): Promise<number> => {
  const document = await openApiDocument();
  if (args.includes('--check')) return check(document);
  await writeFile(path, document);
  process.stdout.write('docs/openapi.json written.\n');
  return 0;
};

process.exitCode = await run(process.argv.slice(2));
