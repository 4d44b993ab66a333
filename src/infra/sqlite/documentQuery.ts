/** A query over documents as SQL that walks an index. */
import type { SQLInputValue } from 'node:sqlite';
import type { DocumentQuery } from '../../projections/ports.ts';
import { type Collection, endOfPrefix, indexedField, listField } from '../collection.ts';
import { columnOf, columnValue, listTableOf, tableOf } from './collection.ts';

export interface Sql {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

type Where = DocumentQuery['where'];
type Condition = Where[string];

const range = (column: string, from: SQLInputValue | undefined, below: SQLInputValue | undefined): Sql => {
  const parts: Sql[] = [];
  if (from !== undefined) parts.push({ sql: `${column} >= ?`, values: [from] });
  if (below !== undefined) parts.push({ sql: `${column} < ?`, values: [below] });
  return {
    sql: parts.length === 0 ? '1' : parts.map(({ sql }) => sql).join(' AND '),
    values: parts.flatMap(({ values }) => values),
  };
};

const fieldColumn = (collection: Collection, field: string): string => `t.${columnOf(indexedField(collection, field))}`;

const conditionSql = (collection: Collection, field: string, condition: Condition): Sql => {
  if ('has' in condition) {
    return {
      sql: `(SELECT 1 FROM ${listTableOf(collection.name)} WHERE field = ? AND value = ? AND id = t.id) IS NOT NULL`,
      values: [listField(collection, field), condition.has],
    };
  }
  const column = fieldColumn(collection, field);
  if ('equals' in condition) return { sql: `${column} IS ?`, values: [columnValue(condition.equals)] };
  if ('startsWith' in condition) {
    return range(column, condition.startsWith, endOfPrefix(condition.startsWith) ?? undefined);
  }
  return range(column, condition.from, condition.below);
};

/**
 * Where a page goes on, as steps to take until it is full. SQLite puts NULL before everything else, and a comparison
 * with it is never true, so the documents without a value are a step of their own.
 */
const keyset = (column: string | null, descending: boolean, after: DocumentQuery['after']): readonly Sql[] => {
  if (after === undefined) return [{ sql: '1', values: [] }];
  const beyond = descending ? '<' : '>';
  if (column === null) return [{ sql: `t.id ${beyond} ?`, values: [after.id] }];
  if (after.value !== null) {
    const onward = { sql: `(${column}, t.id) ${beyond} (?, ?)`, values: [columnValue(after.value), after.id] };
    return descending ? [onward, { sql: `${column} IS NULL`, values: [] }] : [onward];
  }
  const restOfNulls = { sql: `${column} IS NULL AND t.id ${beyond} ?`, values: [after.id] };
  return descending ? [restOfNulls] : [restOfNulls, { sql: `${column} IS NOT NULL`, values: [] }];
};

/**
 * The statements that answer a query, in order; the next one is needed only while the page is not full. Each takes
 * its limit as the last value. `driver` is a list field with few documents for its value: they are looked up one by
 * one and sorted. Without it the sort index is walked, and each document is asked for its lists.
 */
export const querySteps = (collection: Collection, query: DocumentQuery, driver: string | null): readonly Sql[] => {
  const { where, orderBy, after } = query;
  const conditions = Object.entries(where)
    .filter(([field]) => field !== driver)
    .map(([field, condition]) => conditionSql(collection, field, condition));
  const column = orderBy === undefined ? null : fieldColumn(collection, orderBy.field);
  const descending = orderBy?.direction === 'descending';
  const direction = descending ? 'DESC' : 'ASC';
  const order = column === null ? `t.id ${direction}` : `${column} ${direction}, t.id ${direction}`;
  const driving = driver === null ? undefined : where[driver];
  const source: Sql =
    driving !== undefined && 'has' in driving
      ? {
          // CROSS JOIN keeps this order of the two tables, whatever the planner thinks.
          sql: `${listTableOf(collection.name)} AS l CROSS JOIN ${tableOf(collection.name)} AS t ON t.id = l.id
                WHERE l.field = ? AND l.value = ?`,
          values: [driver, driving.has],
        }
      : { sql: `${tableOf(collection.name)} AS t WHERE 1`, values: [] };
  return keyset(column, descending, after).map((step) => {
    const all = [source, ...conditions, step];
    return {
      sql: `SELECT t.id, t.position, t.body FROM ${all.map(({ sql }) => sql).join(' AND ')} ORDER BY ${order} LIMIT ?`,
      values: all.flatMap(({ values }) => values),
    };
  });
};

/** The `has` conditions of a query, each with what counts its documents up to a limit. */
export const listCounts = (collection: Collection, where: Where): readonly { field: string; count: Sql }[] =>
  Object.entries(where).flatMap(([field, condition]) =>
    'has' in condition
      ? [
          {
            field: listField(collection, field),
            count: {
              sql: `SELECT count(*) AS n FROM (SELECT 1 FROM ${listTableOf(collection.name)} WHERE field = ? AND value = ? LIMIT ?)`,
              values: [field, condition.has],
            },
          },
        ]
      : [],
  );
