/**
 * A query over documents as a filter and an order that an index answers. Every value stands behind an operator of ours,
 * so that none is ever taken for an operator itself (R6.2).
 */
import type { Filter, Sort } from 'mongodb';
import type { CollectionSpec, DocumentQuery } from '../../eventsourcing/projecting/documents.ts';
import { type Collection, checkedName, endOfPrefix, indexedField, listField } from '../collection.ts';
import { isAlive, type Row } from './documentRows.ts';

type Condition = DocumentQuery['where'][string];
type Conditions = Filter<Row>[];

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

const conditionsOf = (collection: Collection, field: string, condition: Condition): Conditions => {
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
export const anyOfList = (collection: Collection, list: string, values: readonly string[]): Filter<Row> => ({
  $and: [{ [pathOf(listField(collection, list))]: { $in: [...values] } }, isAlive],
});

/** @throws RangeError for a field that has no index. */
export const findArguments = (
  collection: Collection,
  { where, orderBy, after }: DocumentQuery,
): { readonly filter: Filter<Row>; readonly sort: Sort } => {
  const path = orderBy === undefined ? null : pathOf(indexedField(collection, orderBy.field));
  const isDescending = orderBy?.direction === 'descending';
  const direction = isDescending ? -1 : 1;
  const conditions = Object.entries(where).flatMap(([field, condition]) => conditionsOf(collection, field, condition));
  return {
    filter: { $and: [...conditions, ...keyset(path, isDescending, after), isAlive] },
    sort: path === null ? { _id: direction } : { [path]: direction, _id: direction },
  };
};
