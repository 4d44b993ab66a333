/** How a document stands in its collection, and what becomes of it when it is deleted. */
import type { Filter, Collection as MongoCollection, Sort } from 'mongodb';
import type { CollectionSpec, DocumentQuery, StoredDocument } from '../../eventsourcing/projecting/documents.ts';
import { type Collection, checkedName, endOfPrefix, indexedField, listField } from '../collection.ts';

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

const decodeDocument = (document: object): object =>
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

export interface MongoRow {
  readonly _id: string;
  /** Of the last event folded in; of a tombstone, the complement, which no guard of a living document matches. */
  readonly position: bigint;
  /** Who wrote it: a new one for each call, so that the call can find out afterwards which writes were its own. */
  readonly writer: string;
  /** `null` in a tombstone. */
  readonly document: object | null;
  /** Of a tombstone only. */
  readonly deletedAt?: Date;
}

export type Rows = MongoCollection<MongoRow>;

/**
 * How long a tombstone stays: far longer than any runner sleeps between reading and writing, so that one that wakes up
 * late can't bring back what another one deleted.
 */
export const tombstoneKeptSeconds = 24 * 3_600;

/** The complement of a position, and back: below zero for a tombstone, as positions begin at 0. */
export const buried = (position: bigint): bigint => -1n - position;

export const isTombstone = ({ position }: Pick<MongoRow, 'position'>): boolean => position < 0n;

/** The condition that leaves tombstones out. */
export const isAlive = { position: { $gte: 0n } } as const;

/** The only cast: who asks for `T` has written it. */
export const toStored = <T>({ _id, document, position }: MongoRow): StoredDocument<T> => ({
  id: _id,
  document: decodeDocument(document ?? {}) as T,
  position,
});

/**
 * A query over documents as a filter and an order that an index answers. Every value stands behind an operator of ours,
 * so that none is ever taken for an operator itself (R6.2).
 */

type MongoCondition = DocumentQuery['where'][string];
type Conditions = Filter<MongoRow>[];

const pathOf = (field: string): string => `document.${checkedName(field)}`;

/** The id ends each index: it breaks ties, and a page goes on behind it. */
export const indexKeysOf = ({ indexes, lists = [] }: CollectionSpec): readonly Readonly<Record<string, 1>>[] =>
  [...indexes, ...lists.map((field) => [field])].map((fields) => ({
    ...Object.fromEntries(fields.map((field) => [pathOf(field), 1 as const])),
    _id: 1 as const,
  }));

const range = (path: string, from: string | number | undefined, below: string | number | undefined): Conditions => [
  ...(from === undefined ? [] : [{ [path]: { $gte: from } }]),
  ...(below === undefined ? [] : [{ [path]: { $lt: below } }]),
];

const conditionsOf = (collection: Collection, field: string, condition: MongoCondition): Conditions => {
  if ('has' in condition) return [{ [pathOf(listField(collection, field))]: { $eq: condition.has } }];
  const path = pathOf(indexedField(collection, field));
  if ('equals' in condition) return [{ [path]: { $eq: condition.equals } }];
  if ('startsWith' in condition) {
    return range(path, condition.startsWith, endOfPrefix(condition.startsWith) ?? undefined);
  }
  return range(path, condition.from, condition.below);
};

/**
 * Where a page goes on. Null comes before everything else, and a comparison never crosses types, so the documents
 * without a value are named apart. What seems said twice lets an index begin at the value.
 */
const keyset = (path: string | null, isDescending: boolean, after: DocumentQuery['after']): Conditions => {
  if (after === undefined) return [];
  const beyond = isDescending ? '$lt' : '$gt';
  const idBeyond = { _id: { [beyond]: after.id } };
  if (path === null) return [idBeyond];
  const sameValue = { [path]: { $eq: after.value }, ...idBeyond };
  if (after.value === null) return isDescending ? [sameValue] : [{ $or: [sameValue, { [path]: { $ne: null } }] }];
  const onward = [{ [path]: { [beyond]: after.value } }, sameValue];
  return isDescending
    ? [{ $or: [...onward, { [path]: { $eq: null } }] }]
    : [{ [path]: { $gte: after.value } }, { $or: onward }];
};

/** @throws RangeError for what was not declared as a list. */
export const anyOfList = (collection: Collection, list: string, values: readonly string[]): Filter<MongoRow> => ({
  $and: [{ [pathOf(listField(collection, list))]: { $in: [...values] } }, isAlive],
});

/** @throws RangeError for a field that has no index. */
export const findArguments = (
  collection: Collection,
  { where, orderBy, after }: DocumentQuery,
): { readonly filter: Filter<MongoRow>; readonly sort: Sort } => {
  const path = orderBy === undefined ? null : pathOf(indexedField(collection, orderBy.field));
  const isDescending = orderBy?.direction === 'descending';
  const direction = isDescending ? -1 : 1;
  const conditions = Object.entries(where).flatMap(([field, condition]) => conditionsOf(collection, field, condition));
  return {
    filter: { $and: [...conditions, ...keyset(path, isDescending, after), isAlive] },
    sort: path === null ? { _id: direction } : { [path]: direction, _id: direction },
  };
};
