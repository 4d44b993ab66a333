/** Each of the twenty complaints about comparable products has a test that is named after its row. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const rows = Array.from({ length: 20 }, (_, index) => index + 1);
const tests = join(import.meta.dirname, '..');

it('every row of the list of complaints has a test', () => {
  const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
  const named = files.flatMap((file) => {
    const text = readFileSync(join(tests, file), 'utf8');
    return [...text.matchAll(/(?:it|describe)(?:\.each)?\([^)]*?\brow (\d+)\b/g)].map(([, row]) => Number(row));
  });
  expect(rows.filter((row) => !named.includes(row))).toEqual([]);
});
