/** Writing documents: compare-and-set by position, with a column for each indexed field and a row for each listed value. */
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { CollectionSpec } from '../../../eventsourcing/projecting/documents.ts';
import { type Collection, checkedName, collectionOf } from '../../collection.ts';
import type { Statements, WriteModule } from '../file/writes.ts';
import { columnOf, indexOf, listColumnOf, listTableOf, tableOf } from './documentQuery.ts';

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
const createTables = (db: Statements, { name, indexes }: CollectionSpec, { fields, lists }: Collection): void => {
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

const dropTables = (db: Statements, name: string): void => {
  db.prepare(`DROP TABLE IF EXISTS ${tableOf(name)}`).run();
  db.prepare(`DROP TABLE IF EXISTS ${listTableOf(name)}`).run();
};

/** What becomes of a document: its position and body as JSON, then its indexed fields and its lists, also as JSON. */
export interface DocumentValues {
  readonly id: string;
  /** The position it must have; `null`: it must not be there. */
  readonly expected: bigint | null;
  /** `null` deletes. */
  readonly content: readonly [bigint, string] | null;
  readonly fields: readonly SQLInputValue[];
  readonly lists: readonly string[];
}

type WriteOutcome = 'applied' | 'lost';

interface Table extends Collection {
  readonly has: StatementSync;
  /** id, position, body, then the fields, then the lists. */
  readonly insert: StatementSync;
  /** position, body; then id, the position it must have, and the fields and lists that it must have too. */
  readonly replaceBody: StatementSync;
  /** position, body, fields, lists; then id and the position it must have. */
  readonly replace: StatementSync;
  /** id, position. */
  readonly remove: StatementSync;
  /** id, position: its lists as JSON. */
  readonly findLists: StatementSync;
  /** field, value, id. */
  readonly addValue: StatementSync;
  /** field, value, id. */
  readonly removeValue: StatementSync;
}

const prepareTable = ({ prepare }: Statements, collection: Collection): Table => {
  const { name, fields, lists } = collection;
  const table = tableOf(name);
  const listed = listTableOf(name);
  const values = [...fields.map(columnOf), ...lists.map(listColumnOf)];
  const columns = ['position', 'body', ...values];
  const unchanged = values.map((column) => ` AND ${column} IS ?`).join('');
  return {
    ...collection,
    has: prepare(`SELECT 1 FROM ${table} WHERE id = ?`),
    insert: prepare(
      `INSERT INTO ${table} (id, ${columns.join(', ')}) VALUES (?${', ?'.repeat(columns.length)}) ON CONFLICT (id) DO NOTHING`,
    ),
    replaceBody: prepare(`UPDATE ${table} SET position = ?, body = ? WHERE id = ? AND position = ?${unchanged}`),
    replace: prepare(
      `UPDATE ${table} SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE id = ? AND position = ?`,
    ),
    remove: prepare(`DELETE FROM ${table} WHERE id = ? AND position = ?`),
    findLists: prepare(
      `SELECT ${['id', ...lists.map(listColumnOf)].join(', ')} FROM ${table} WHERE id = ? AND position = ?`,
    ),
    addValue: prepare(`INSERT OR IGNORE INTO ${listed} VALUES (?, ?, ?)`),
    removeValue: prepare(`DELETE FROM ${listed} WHERE field = ? AND value = ? AND id = ?`),
  };
};

/** Touches only the values that came or went. `before` and `after` are JSON, or `null` for no list at all. */
const spreadLists = (
  { lists, addValue, removeValue }: Table,
  id: string,
  before: readonly unknown[],
  after: readonly string[],
): void => {
  for (const [index, field] of lists.entries()) {
    const old = before[index] ?? '[]';
    const current = after[index] ?? '[]';
    if (old === current) continue;
    const oldValues = new Set(JSON.parse(old as string) as readonly string[]);
    const values = new Set(JSON.parse(current) as readonly string[]);
    for (const value of oldValues) if (!values.has(value)) removeValue.run(field, value, id);
    for (const value of values) if (!oldValues.has(value)) addValue.run(field, value, id);
  }
};

const insert = (table: Table, { id, content, fields, lists }: DocumentValues): WriteOutcome => {
  if (content === null) return table.has.get(id) === undefined ? 'applied' : 'lost';
  if (table.insert.run(id, ...content, ...fields, ...lists).changes === 0) return 'lost';
  spreadLists(table, id, [], lists);
  return 'applied';
};

/** Most changes leave the indexed fields as they are, and SQLite writes every index whose column is set at all. */
const replace = (table: Table, values: DocumentValues, expected: bigint): WriteOutcome => {
  const { id, content, fields, lists } = values;
  if (content !== null && table.replaceBody.run(...content, id, expected, ...fields, ...lists).changes > 0) {
    return 'applied';
  }
  const row = table.findLists.get(id, expected);
  if (row === undefined) return 'lost';
  const { changes } =
    content === null
      ? table.remove.run(id, expected)
      : table.replace.run(...content, ...fields, ...lists, id, expected);
  if (changes === 0) return 'lost';
  const before = table.lists.map((field) => row[listColumnOf(field)]);
  spreadLists(table, id, before, content === null ? [] : lists);
  return 'applied';
};

const create = (db: Statements) => {
  const tables = new Map<string, Table>();
  const tableFor = (name: string): Table => {
    const known = tables.get(name);
    if (known === undefined) throw new Error(`collection ${name} was not ensured`);
    return known;
  };
  return {
    ensure: (spec: CollectionSpec): void => {
      const collection = collectionOf(spec);
      createTables(db, spec, collection);
      tables.set(spec.name, prepareTable(db, collection));
    },
    write: (name: string, writes: readonly DocumentValues[]): readonly WriteOutcome[] => {
      const table = tableFor(name);
      return writes.map((values) =>
        values.expected === null ? insert(table, values) : replace(table, values, values.expected),
      );
    },
    drop: (name: string): void => {
      dropTables(db, name);
      tables.delete(name);
    },
  };
};

export const documentWrites: WriteModule<ReturnType<typeof create>> = { name: 'documents', schema: [], create };
