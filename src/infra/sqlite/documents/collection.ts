/**
 * The tables of one collection: a row a document, a column an indexed field; and beside it a row for each value of a
 * list, so that `has` is a lookup.
 */
import type { SQLInputValue } from 'node:sqlite';
import type { CollectionSpec } from '../../../eventsourcing/projecting/documents.ts';
import { type Collection, checkedName } from '../../collection.ts';
import type { Statements } from '../file/writes.ts';

export const tableOf = (collection: string): string => `doc_${checkedName(collection)}`;
export const listTableOf = (collection: string): string => `list_${checkedName(collection)}`;
export const columnOf = (field: string): string => `f_${checkedName(field)}`;
/** Quoted, because names joined by underscores could be those of another index. */
export const indexOf = (collection: string, index: readonly string[]): string =>
  `"${[tableOf(collection), ...index.map(checkedName)].join(' ')}"`;
/** That SQLite makes for a primary key. */
export const idIndexOf = (collection: string): string => `sqlite_autoindex_${tableOf(collection)}_1`;
/** The list as it was last spread into the list table. */
export const listColumnOf = (field: string): string => `l_${checkedName(field)}`;

/** A field as its column holds it. What can't be compared, such as an object, counts as absent. */
export const columnValue = (value: unknown): SQLInputValue => {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'string' || typeof value === 'number' ? value : null;
};

/** A field that was declared after the first documents: its column is filled from them. */
const addField = (db: Statements, table: string, field: string): void => {
  const path = `'$.${checkedName(field)}'`;
  db.prepare(`ALTER TABLE ${table} ADD COLUMN ${columnOf(field)} ANY`).run();
  db.prepare(
    `UPDATE ${table} SET ${columnOf(field)} = json_extract(body, ${path})
     WHERE json_type(body, ${path}) NOT IN ('object', 'array')`,
  ).run();
};

const addList = (db: Statements, collection: string, field: string): void => {
  const table = tableOf(collection);
  const path = `'$.${checkedName(field)}'`;
  db.prepare(`ALTER TABLE ${table} ADD COLUMN ${listColumnOf(field)} TEXT`).run();
  db.prepare(
    `UPDATE ${table} SET ${listColumnOf(field)} = json_extract(body, ${path}) WHERE json_type(body, ${path}) = 'array'`,
  ).run();
  db.prepare(
    `INSERT OR IGNORE INTO ${listTableOf(collection)}
     SELECT ?, each.value, ${table}.id FROM ${table}, json_each(${table}.body, ${path}) AS each
     WHERE json_type(${table}.body, ${path}) = 'array'`,
  ).run(field);
};

/** Creates what is missing, inside a write. @throws RangeError for a name that is none. */
export const createTables = (
  db: Statements,
  { name, indexes }: CollectionSpec,
  { fields, lists }: Collection,
): void => {
  const table = tableOf(name);
  // The body is last: what stands behind it could only be read through all of its pages.
  const small = [
    ...fields.map((field) => `${columnOf(field)} ANY`),
    ...lists.map((field) => `${listColumnOf(field)} TEXT`),
  ];
  const columns = ['id TEXT PRIMARY KEY', 'position INTEGER NOT NULL', ...small, 'body TEXT NOT NULL'].join(', ');
  db.prepare(`CREATE TABLE IF NOT EXISTS ${table} (${columns}) STRICT`).run();
  db.prepare(
    `CREATE TABLE IF NOT EXISTS ${listTableOf(name)} (field TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
       PRIMARY KEY (field, value, id)) STRICT, WITHOUT ROWID`,
  ).run();
  const present = new Set(
    db
      .prepare(`PRAGMA table_info(${table})`)
      .all()
      .map((row) => row.name),
  );
  for (const field of fields) {
    if (!present.has(columnOf(field))) addField(db, table, field);
  }
  for (const field of lists) {
    if (!present.has(listColumnOf(field))) addList(db, name, field);
  }
  for (const index of indexes) {
    const columns = [...index.map(columnOf), 'id'].join(', ');
    db.prepare(`CREATE INDEX IF NOT EXISTS ${indexOf(name, index)} ON ${table} (${columns})`).run();
  }
};

export const dropTables = (db: Statements, name: string): void => {
  db.prepare(`DROP TABLE IF EXISTS ${tableOf(name)}`).run();
  db.prepare(`DROP TABLE IF EXISTS ${listTableOf(name)}`).run();
};
