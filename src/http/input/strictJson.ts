/**
 * JSON that every reader reads alike (RFC 7493, "I-JSON"): valid UTF-8, no member twice, and texts that show as what they
 * are. `JSON.parse` takes the last of two members, where a gateway before us may have judged the first.
 */
import { isUtf8 } from 'node:buffer';

/** U+0000 ends texts in other languages; controls of writing direction show a text as another than it is (CVE-2021-42574). */
const misleading = /[\0\u202a-\u202e\u2066-\u2069]/;
/** Where none of this stands in the source, every text in it is well: valid UTF-8 has no halves of a pair either. */
const suspicious = /[\u202a-\u202e\u2066-\u2069]|\\u|__proto__/;
const byteOrderMark = 0xfe_ff;
const [quote, colon, backslash] = [0x22, 0x3a, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

export const isWellFormed = (text: string): boolean => text.isWellFormed() && !misleading.test(text);
export const illFormed = 'has U+0000, half of a surrogate pair, or a control of writing direction';

const forbiddenName = '__proto__';

/** `pointer`: JSON pointer (RFC 6901) of what is wrong, or of the object that has a name which can't be shown. */
export interface Misleading {
  readonly pointer: string;
  readonly message: string;
}
/** `fault`: it is no JSON that all readers read alike. */
export type JsonReading = { readonly value: unknown } | { readonly fault: string } | Misleading;

const isEscaped = (source: string, at: number): boolean => {
  let before = at - 1;
  while (source.charCodeAt(before) === backslash) before -= 1;
  return (at - before) % 2 === 0;
};

const endOfText = (source: string, start: number): number => {
  let at = source.indexOf('"', start + 1);
  while (at >= 0 && isEscaped(source, at)) at = source.indexOf('"', at + 1);
  return at < 0 ? source.length : at;
};

/** Deepest of ours: a list of rows with a list in each. More only makes parsers work (10 MB/s instead of 100). */
const levelsMax = 32;

/** How many members are written: in JSON each colon outside a text belongs to one. `null`: nested too deeply. */
const membersWritten = (source: string): number | null => {
  let [members, level] = [0, 0];
  for (let at = 0; at < source.length; at += 1) {
    const code = source.charCodeAt(at);
    if (code === quote) at = endOfText(source, at);
    else if (code === colon) members += 1;
    else if (code === openBracket || code === openBrace) {
      level += 1;
      if (level > levelsMax) return null;
    } else if (code === closeBracket || code === closeBrace) level -= 1;
  }
  return members;
};

const childrenOf = (value: object): readonly unknown[] => (Array.isArray(value) ? value : Object.values(value));

const membersRead = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  let members = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const child of childrenOf(value)) if (typeof child === 'object') members += membersRead(child);
  return members;
};

/** The first text or name that may not be, or `null`. */
const misleadingIn = (value: unknown, pointer = ''): Misleading | null => {
  if (typeof value === 'string') return isWellFormed(value) ? null : { pointer, message: illFormed };
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, child] of Object.entries(value)) {
    if (!isWellFormed(name)) return { pointer, message: illFormed };
    const below = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    // It would reach the prototype of what it is copied into.
    if (name === forbiddenName) return { pointer: below, message: 'is no name of a member' };
    const found = misleadingIn(child, below);
    if (found !== null) return found;
  }
  return null;
};

const decode = (bytes: Buffer): string => {
  const source = bytes.toString('utf8');
  return source.charCodeAt(0) === byteOrderMark ? source.slice(1) : source;
};

export const readStrictJson = (bytes: Buffer): JsonReading => {
  if (!isUtf8(bytes)) return { fault: 'The body is not valid UTF-8.' };
  const source = decode(bytes);
  const written = membersWritten(source);
  if (written === null) return { fault: `The body is nested more than ${levelsMax} levels deep.` };
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return { fault: 'The body could not be parsed.' };
  }
  if (membersRead(value) !== written) return { fault: 'An object in the body names a member twice.' };
  return (suspicious.test(source) ? misleadingIn(value) : null) ?? { value };
};
