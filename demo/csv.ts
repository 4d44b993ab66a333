/** A reader of comma-separated values (RFC 4180): quoted fields, doubled quotes, line breaks inside quotes. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

export class CsvMalformed extends Error {
  override readonly name = 'CsvMalformed';
}

/** A record that is longer has an unclosed quote; without a bound it would swallow the file. */
const recordCharsMax = 1_000_000;

interface Piece<T> {
  readonly value: T;
  /** Where the next piece begins. */
  readonly end: number;
}

/** A quoted field that begins at `start`; `null` when the text ends inside it. */
const readQuoted = (text: string, start: number): Piece<string> | null => {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  // A quote that is the last character may be the first half of a doubled one.
  if (end === -1 || end + 1 === text.length) return null;
  return { value: text.slice(start + 1, end).replaceAll('""', '"'), end: end + 1 };
};

const readPlain = (text: string, start: number): Piece<string> | null => {
  for (let end = start; end < text.length; end += 1) {
    const char = text[end];
    if (char === ',' || char === '\n' || char === '\r') return { value: text.slice(start, end), end };
    if (char === '"') throw new CsvMalformed('A quote inside a field that does not begin with one.');
  }
  return null;
};

/** The record that begins at `start`; `null` when the text ends inside it. */
const readRecord = (text: string, start: number): Piece<readonly string[]> | null => {
  const fields: string[] = [];
  for (let at = start; ; at += 1) {
    const field = text[at] === '"' ? readQuoted(text, at) : readPlain(text, at);
    if (field === null) return null;
    fields.push(field.value);
    at = field.end;
    if (text[at] === ',') continue;
    if (text[at] === '\r') {
      if (at + 1 === text.length) return null;
      at += 1;
    }
    if (text[at] !== '\n') throw new CsvMalformed('A closed quote is followed by more text.');
    return { value: fields, end: at + 1 };
  }
};

/**
 * The records of a text that comes in chunks of any size. Empty lines are left out.
 * @throws CsvMalformed with the number of the record (from 1).
 */
export async function* parseCsv(chunks: AsyncIterable<string> | Iterable<string>): AsyncGenerator<readonly string[]> {
  let text = '';
  let count = 0;
  const take = function* (): Generator<readonly string[]> {
    let at = 0;
    try {
      for (let record = readRecord(text, at); record !== null; record = readRecord(text, at)) {
        at = record.end;
        count += 1;
        if (record.value.length > 1 || record.value[0] !== '') yield record.value;
      }
    } catch (error) {
      throw error instanceof CsvMalformed ? new CsvMalformed(`Record ${count + 1}: ${error.message}`) : error;
    }
    text = text.slice(at);
    if (text.length > recordCharsMax) throw new CsvMalformed(`Record ${count + 1} has no end.`);
  };
  for await (const chunk of chunks) {
    text += chunk;
    yield* take();
  }
  if (text === '') return;
  text += '\n';
  yield* take();
  if (text !== '') throw new CsvMalformed(`Record ${count + 1}: the file ends inside a quoted field.`);
}

const textOf = async function* (path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) {
    yield* file.setEncoding('utf8') as AsyncIterable<string>;
    return;
  }
  const unzipped = createGunzip().setEncoding('utf8');
  file.on('error', (error) => unzipped.destroy(error)).pipe(unzipped);
  try {
    yield* unzipped as AsyncIterable<string>;
  } finally {
    file.destroy();
  }
};

/**
 * Rows of a file (`.csv` or `.csv.gz`) as the named columns, in the order they are named here.
 * @throws CsvMalformed when the header lacks one of them or a row has another number of fields than the header.
 */
export async function* readTable(
  path: string,
  columns: readonly string[],
  rowsMax = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly string[]> {
  let header: readonly string[] | null = null;
  let indexes: readonly number[] = [];
  let count = 0;
  for await (const record of parseCsv(textOf(path))) {
    if (header === null) {
      header = record.map((name) => name.replace('\uFEFF', ''));
      indexes = columns.map((name) => (header ?? []).indexOf(name));
      if (indexes.includes(-1)) throw new CsvMalformed(`${path} must have the columns ${columns.join(', ')}.`);
      continue;
    }
    if (count === rowsMax) return;
    count += 1;
    if (record.length !== header.length) throw new CsvMalformed(`Row ${count} has ${record.length} fields.`);
    yield indexes.map((index) => record[index] ?? '');
  }
}
