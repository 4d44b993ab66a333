/**
 * Ids in names of streams and documents. What is no letter, digit, `.`, `_` or `-` of ASCII is written as its code point
 * in hex between two tildes: `SOFA BLAU` is `SOFA~20~BLAU`. Names that had these characters only are as they always were.
 * Reversible, and never two ids with one name. STORED FOREVER: another rule would lose every stream that it renames.
 */
const escaped = /[^A-Za-z0-9._-]/gu;
const escapes = /~([0-9a-f]+)~/g;

const needsNone = /^[A-Za-z0-9._-]*$/;

export const escapeName = (id: string): string =>
  // Most ids need none, and looking costs a tenth of replacing.
  needsNone.test(id) ? id : id.replace(escaped, (character) => `~${(character.codePointAt(0) ?? 0).toString(16)}~`);

export const unescapeName = (name: string): string =>
  name.replace(escapes, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));
