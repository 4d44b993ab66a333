/**
 * A query over documents as SQL that walks one index in the order of the answer, without sorting. What the index does not
 * answer is asked of each candidate on the way, so that a walk can be stopped after any number of them.
 */
import type { SQLInputValue } from 'node:sqlite';
import type { DocumentQuery } from '../../../eventsourcing/projecting/documents.ts';
import { type Collection, checkedName, endOfPrefix, indexedField, listField } from '../../collection.ts';

export const tableOf = (collection: string): string => `doc_${checkedName(collection)}`;
export const listTableOf = (collection: string): string => `list_${checkedName(collection)}`;
export const columnOf = (field: string): string => `f_${checkedName(field)}`;
/** Quoted, because names joined by underscores could be those of another index. */
export const indexOf = (collection: string, index: readonly string[]): string =>
  `"${[tableOf(collection), ...index.map(checkedName)].join(' ')}"`;
/** That SQLite makes for a primary key. */
const idIndexOf = (collection: string): string => `sqlite_autoindex_${tableOf(collection)}_1`;
/** The list as it was last spread into the list table. */
export const listColumnOf = (field: string): string => `l_${checkedName(field)}`;

/** A field as its column holds it. What can't be compared, such as an object, counts as absent. */
export const columnValue = (value: unknown): SQLInputValue => {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'string' || typeof value === 'number' ? value : null;
};

interface Sql {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

type Where = DocumentQuery['where'];
type SqlCondition = Where[string];
type After = DocumentQuery['after'];

/** A list whose value few documents hold, or any list where the answer is in the order of ids, which is that of the list. */
export interface Driver {
  readonly field: string;
  readonly count: number;
}

const all: Sql = { sql: '1', values: [] };

const allOf = (parts: readonly Sql[]): Sql =>
  parts.length === 0
    ? all
    : { sql: parts.map(({ sql }) => sql).join(' AND '), values: parts.flatMap(({ values }) => values) };

const range = (column: string, from: SQLInputValue | undefined, below: SQLInputValue | undefined): Sql =>
  allOf([
    ...(from === undefined ? [] : [{ sql: `${column} >= ?`, values: [from] }]),
    ...(below === undefined ? [] : [{ sql: `${column} < ?`, values: [below] }]),
  ]);

const fieldColumn = (collection: Collection, field: string): string => `t.${columnOf(indexedField(collection, field))}`;

const conditionSql = (collection: Collection, field: string, condition: SqlCondition): Sql => {
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
const keyset = (column: string | null, id: string, descending: boolean, after: After): readonly Sql[] => {
  if (after === undefined) return [all];
  const beyond = descending ? '<' : '>';
  if (column === null) return [{ sql: `${id} ${beyond} ?`, values: [after.id] }];
  if (after.value !== null) {
    const onward = { sql: `(${column}, ${id}) ${beyond} (?, ?)`, values: [columnValue(after.value), after.id] };
    return descending ? [onward, { sql: `${column} IS NULL`, values: [] }] : [onward];
  }
  const restOfNulls = { sql: `${column} IS NULL AND ${id} ${beyond} ?`, values: [after.id] };
  return descending ? [restOfNulls] : [restOfNulls, { sql: `${column} IS NOT NULL`, values: [] }];
};

const isEquals = (where: Where, field: string): boolean => {
  const condition = where[field];
  return condition !== undefined && 'equals' in condition;
};

/** The index that is in the order of the answer behind as many equal values as there are; `null`: that of the ids. */
const indexFor = ({ name, indexes }: Collection, { where, orderBy }: DocumentQuery): readonly string[] | null => {
  const fitting = indexes.filter((index) => {
    const equal = orderBy === undefined ? index : index.slice(0, -1);
    return equal.every((field) => isEquals(where, field)) && (orderBy === undefined || index.at(-1) === orderBy.field);
  });
  const longest = fitting.reduce<readonly string[] | null>(
    (best, each) => (best === null || each.length > best.length ? each : best),
    null,
  );
  if (longest === null && orderBy !== undefined)
    throw new RangeError(`${name} has no index in the order of ${orderBy.field}`);
  return longest;
};

interface Walk {
  readonly from: Sql;
  readonly id: string;
  /** The fields whose conditions bound the walk, or hold for every document on it. */
  readonly answered: readonly string[];
}

const walkOf = (collection: Collection, query: DocumentQuery, driver: Driver | null): Walk => {
  const table = tableOf(collection.name);
  const driving = driver === null ? undefined : query.where[driver.field];
  if (driver !== null && driving !== undefined && 'has' in driving) {
    return {
      // CROSS JOIN keeps this order of the two tables, whatever the planner thinks.
      from: {
        sql: `${listTableOf(collection.name)} AS l CROSS JOIN ${table} AS t ON t.id = l.id WHERE l.field = ? AND l.value = ?`,
        values: [driver.field, driving.has],
      },
      id: query.orderBy === undefined ? 'l.id' : 't.id',
      answered: [driver.field],
    };
  }
  const index = indexFor(collection, query);
  const by = index === null ? idIndexOf(collection.name) : indexOf(collection.name, index);
  return { from: { sql: `${table} AS t INDEXED BY ${by} WHERE 1`, values: [] }, id: 't.id', answered: index ?? [] };
};

/**
 * The statements that answer a query, in order; the next one is needed only while the page is not full. Each takes the
 * number of candidates as the last value, and gives of each its row, its place, and whether all is met. With a driver and
 * an order, its few documents are sorted.
 */
export const querySteps = (collection: Collection, query: DocumentQuery, driver: Driver | null): readonly Sql[] => {
  const { where, orderBy, after } = query;
  const column = orderBy === undefined ? null : fieldColumn(collection, orderBy.field);
  const descending = orderBy?.direction === 'descending';
  const direction = descending ? 'DESC' : 'ASC';
  const { from, id, answered } = walkOf(collection, query, driver);
  const conditions = Object.entries(where).map(([field, condition]) => ({
    field,
    sql: conditionSql(collection, field, condition),
  }));
  const isDriver = (field: string): boolean => field === driver?.field;
  const isBound = (field: string): boolean => answered.includes(field);
  const bounds = conditions.filter(({ field }) => isBound(field) && !isDriver(field)).map(({ sql }) => sql);
  const asked = allOf(conditions.filter(({ field }) => !isBound(field)).map(({ sql }) => sql));
  const order = column === null ? `${id} ${direction}` : `${column} ${direction}, ${id} ${direction}`;
  return keyset(column, id, descending, after).map((step) => {
    const bounded = allOf([from, ...bounds, step]);
    return {
      sql: `SELECT t.rowid AS row, ${id} AS id, ${column ?? 'NULL'} AS value, (${asked.sql}) AS isMet
            FROM ${bounded.sql} ORDER BY ${order} LIMIT ?`,
      values: [...asked.values, ...bounded.values],
    };
  });
};

/** Answers with a row where a document has any of these values in this list. */
export const anyOfList = (collection: Collection, list: string, values: readonly string[]): Sql => ({
  sql: `SELECT 1 FROM json_each(?) AS each
        CROSS JOIN ${listTableOf(collection.name)} AS l ON l.field = ? AND l.value = each.value LIMIT 1`,
  values: [JSON.stringify(values), listField(collection, list)],
});

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
