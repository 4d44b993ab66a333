/**
 * Documents as MongoDB keeps them: natively, so that it can index them. Only names of fields need care: not every server
 * takes `.` or a leading `$` in them, and BSON has no zero byte in a name, so these are written as in a URL.
 */

/** What a field costs beside its text: type, length, terminator. */
const fieldBytes = 8;
const numberBytes = 8;
/** UTF-8 takes at most this for each character of a string. */
const bytesPerCharacter = 3;

const special = /[.$%\0]/;
const specials = /[.$%\0]/g;
const escaped = /%(?:2E|24|25|00)/g;

const escapeName = (name: string): string =>
  name.replaceAll(specials, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

const unescapeName = (name: string): string =>
  name.replaceAll(escaped, (found) => String.fromCharCode(Number.parseInt(found.slice(1), 16)));

type Fields = { readonly [name: string]: unknown };

/** By keys: every document that is read or written comes through here, and entries would be a list for each field. */
const hasName = (value: unknown, pattern: RegExp): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => hasName(item, pattern));
  return Object.keys(value).some((name) => pattern.test(name) || hasName((value as Fields)[name], pattern));
};

/** `fromEntries` takes any name, `__proto__` too. */
const renamed = (value: unknown, rename: (name: string) => string): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => renamed(item, rename));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [rename(name), renamed(item, rename)]));
};

/** Nearly always, no name changes. */
export const encodeDocument = (document: object): object =>
  hasName(document, special) ? (renamed(document, escapeName) as object) : document;

export const decodeDocument = (document: object): object =>
  hasName(document, /%/) ? (renamed(document, unescapeName) as object) : document;

const sizeOf = (value: unknown, perCharacter: number): number => {
  if (typeof value === 'string') return value.length * perCharacter;
  if (typeof value !== 'object' || value === null) return numberBytes;
  let sum = 0;
  for (const name of Object.keys(value)) {
    sum += fieldBytes + name.length + sizeOf((value as Fields)[name], perCharacter);
  }
  return sum;
};

/** About as many bytes as it takes on the way, never fewer than half: enough to keep a message within its limit. */
export const bytesOf = (value: unknown): number => sizeOf(value, bytesPerCharacter);

/** About as many characters as its JSON has: what a page has room for. */
export const charsOf = (value: unknown): number => sizeOf(value, 1);
