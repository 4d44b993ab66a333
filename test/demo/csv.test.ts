import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CsvMalformed, parseCsv, readTable } from '../../demo/csv.ts';
import { collect } from './collect.ts';

const recordsOf = async (...chunks: string[]): Promise<readonly (readonly string[])[]> =>
  await collect(parseCsv(chunks));

describe('a CSV text (RFC 4180)', () => {
  it('is read field by field, with or without a last line break', async () => {
    expect(await recordsOf('a,b\n1,2\n')).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(await recordsOf('a,b\r\n1,')).toEqual([
      ['a', 'b'],
      ['1', ''],
    ]);
  });

  it('may hold commas, quotes and line breaks inside quotes', async () => {
    expect(await recordsOf('"a,b","7"" FRAME","two\nlines",""\n')).toEqual([['a,b', '7" FRAME', 'two\nlines', '']]);
  });

  it('may be cut anywhere: every cut gives the same records', async () => {
    const text = 'id,text\r\n1,"7"" FRAME, ""A"""\r\n2,plain\r\n\r\n3,"a\nb"';
    const whole = await recordsOf(text);
    expect(whole).toHaveLength(4);
    for (let cut = 0; cut <= text.length; cut += 1) {
      expect(await recordsOf(text.slice(0, cut), text.slice(cut)), `cut at ${cut}`).toEqual(whole);
    }
    expect(await recordsOf(...Array.from(text))).toEqual(whole);
  });

  it.each([
    ['a quote inside a field', 'ok\nsize 7"\n', /Record 2/],
    ['text behind a closed quote', '"a"b\n', /Record 1/],
    ['a quote that is never closed', 'ok\n"a\n', /Record 2.*ends inside/],
  ])('is refused with the number of the record for %s', async (_, text, message) => {
    await expect(recordsOf(text)).rejects.toThrow(CsvMalformed);
    await expect(recordsOf(text)).rejects.toThrow(message);
  });
});

describe('a table', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stockledger-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const table = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, name.endsWith('.gz') ? gzipSync(text) : text);
    return path;
  };

  it('gives the named columns in the order asked for, also from a compressed file', async () => {
    for (const name of ['t.csv', 't.csv.gz']) {
      const path = await table(name, '\uFEFFa,b,c\n1,2,3\n4,5,6\n');
      expect(await collect(readTable(path, ['c', 'a']))).toEqual([
        ['3', '1'],
        ['6', '4'],
      ]);
    }
  });

  it('ends after the number of rows asked for', async () => {
    const path = await table('t.csv', 'a\n1\n2\n3\n');
    expect(await collect(readTable(path, ['a'], 2))).toEqual([['1'], ['2']]);
  });

  it('is refused when a column is missing or a row is too short', async () => {
    const lacking = await table('lacking.csv', 'a,b\n1,2\n');
    await expect(collect(readTable(lacking, ['a', 'z']))).rejects.toThrow(/columns a, z/);
    const short = await table('short.csv', 'a,b\n1,2\n1\n');
    await expect(collect(readTable(short, ['a']))).rejects.toThrow(/Row 2/);
  });

  it('is refused when the file is missing', async () => {
    await expect(collect(readTable(join(folder, 'none.csv.gz'), ['a']))).rejects.toThrow(/ENOENT/);
  });
});
