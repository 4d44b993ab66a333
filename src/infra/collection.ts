/** What every store of documents holds its collections and queries to, whatever engine is behind it. */
import type { CollectionSpec } from '../eventsourcing/projecting/documents.ts';

const namePattern = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** Names become part of what an engine is asked, so nothing else may get through. @throws RangeError */
export const checkedName = (name: string): string => {
  if (!namePattern.test(name)) throw new RangeError(`not a collection or field name: ${name}`);
  return name;
};

/** A collection as queries and writes see it. */
export interface Collection {
  readonly name: string;
  /** Each is an ordered list of fields, and the id after them. */
  readonly indexes: readonly (readonly string[])[];
  /** Fields that answer to anything but `has`, in the order of their declaration. */
  readonly fields: readonly string[];
  /** Fields that answer to `has`, in the order of their declaration. */
  readonly lists: readonly string[];
}

/** @throws RangeError for a list that is also indexed. */
export const collectionOf = ({ name, indexes, lists: declared = [] }: CollectionSpec): Collection => {
  const fields = [...new Set(indexes.flat())];
  const lists = [...new Set(declared)];
  const both = lists.find((field) => fields.includes(field));
  if (both !== undefined) throw new RangeError(`${name}.${both} is a list: it answers to has and can't be sorted on`);
  return { name, indexes, fields, lists };
};

/** @throws RangeError for a field without an index: no query looks at every document. */
export const indexedField = ({ name, fields }: Collection, field: string): string => {
  if (!fields.includes(field)) throw new RangeError(`${name} has no index on ${field}`);
  return field;
};

/** @throws RangeError for what was not declared as a list. */
export const listField = ({ name, lists }: Collection, field: string): string => {
  if (!lists.includes(field)) throw new RangeError(`${name} has no list ${field}`);
  return field;
};

const firstSurrogate = 0xd8_00;
const afterSurrogates = 0xe0_00;
const lastCodePoint = 0x10_ff_ff;

/** The smallest text above all that start with `prefix`, in the order of UTF-8 bytes; `null` when there is none. */
export const endOfPrefix = (prefix: string): string | null => {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const next = (last.codePointAt(0) ?? lastCodePoint) + 1;
    if (next > lastCodePoint) continue;
    return points.join('') + String.fromCodePoint(next === firstSurrogate ? afterSurrogates : next);
  }
  return null;
};
