/** Documents with declared indexes: a table a collection, a column an indexed field, the document itself as JSON. */
import type { SQLInputValue } from 'node:sqlite';
import type {
  CollectionSpec,
  DocumentQuery,
  Documents,
  DocumentWrite,
  StoredDocument,
} from '../../projections/ports.ts';
import type { Database } from './database.ts';

/** Statements with up to this many ids each, so that few different ones are prepared. */
const idsPerRead = 64;
const namePattern = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

const checked = (name: string): string => {
  if (!namePattern.test(name)) throw new RangeError(`not a collection or field name: ${name}`);
  return name;
};
const tableOf = (collection: string): string => `doc_${checked(collection)}`;
const columnOf = (field: string): string => `f_${checked(field)}`;

/** Lists are kept between bars, so that `has` is a match on the column; strings, numbers and null as they are. */
const columnValue = (value: unknown): SQLInputValue => {
  if (Array.isArray(value)) return `|${value.join('|')}|`;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'string' || typeof value === 'number' ? value : null;
};

const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, (character) => `\\${character}`);

type Condition = DocumentQuery['where'][string];
const conditionSql = (field: string, condition: Condition): { sql: string; values: SQLInputValue[] } => {
  const column = columnOf(field);
  if ('equals' in condition) return { sql: `${column} IS ?`, values: [columnValue(condition.equals)] };
  if ('has' in condition) {
    return { sql: `${column} LIKE ? ESCAPE '\\'`, values: [`%|${escapeLike(condition.has)}|%`] };
  }
  if ('startsWith' in condition) {
    return { sql: `${column} LIKE ? ESCAPE '\\'`, values: [`${escapeLike(condition.startsWith)}%`] };
  }
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  if (condition.from !== undefined) {
    parts.push(`${column} >= ?`);
    values.push(condition.from);
  }
  if (condition.below !== undefined) {
    parts.push(`${column} < ?`);
    values.push(condition.below);
  }
  return { sql: parts.length === 0 ? '1' : parts.join(' AND '), values };
};

const toStored = <T>(row: Record<string, unknown>): StoredDocument<T> => ({
  id: row['id'] as string,
  document: JSON.parse(row['body'] as string) as T,
  position: BigInt(row['position'] as number),
});

const querySql = (
  collection: string,
  { where, orderBy, after, limit }: DocumentQuery,
): { sql: string; values: SQLInputValue[] } => {
  const parts = Object.entries(where).map(([field, condition]) => conditionSql(field, condition));
  const values = parts.flatMap((part) => part.values);
  const conditions = parts.map(({ sql }) => sql);
  const direction = orderBy?.direction === 'descending' ? 'DESC' : 'ASC';
  const beyond = direction === 'DESC' ? '<' : '>';
  const column = orderBy === undefined ? null : columnOf(orderBy.field);
  if (after !== undefined) {
    conditions.push(column === null ? `id ${beyond} ?` : `(${column}, id) ${beyond} (?, ?)`);
    values.push(...(column === null ? [after.id] : [after.value, after.id]));
  }
  const whereSql = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const orderSql = column === null ? `id ${direction}` : `${column} ${direction}, id ${direction}`;
  return {
    sql: `SELECT id, position, body FROM ${tableOf(collection)} ${whereSql} ORDER BY ${orderSql} LIMIT ?`,
    values: [...values, limit],
  };
};

export const createSqliteDocuments = (db: Database): Documents => {
  const fieldsOf = new Map<string, readonly string[]>();
  const fields = (collection: string): readonly string[] => {
    const known = fieldsOf.get(collection);
    if (known === undefined) throw new Error(`collection ${collection} was not ensured`);
    return known;
  };

  const ensure = async ({ name, indexes }: CollectionSpec): Promise<void> => {
    const all = [...new Set(indexes.flat())];
    const table = tableOf(name);
    await db.write(() => {
      const declared = all.map((field) => `${columnOf(field)} ANY`).join(', ');
      db.prepare(
        `CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, position INTEGER NOT NULL, body TEXT NOT NULL${declared === '' ? '' : `, ${declared}`}) STRICT`,
      ).run();
      for (const index of indexes) {
        db.prepare(
          `CREATE INDEX IF NOT EXISTS ix_${name}_${index.join('_')} ON ${table} (${index.map(columnOf).join(', ')}, id)`,
        ).run();
      }
    });
    fieldsOf.set(name, all);
  };

  const writeOne = (collection: string, { id, document, position, expected }: DocumentWrite): 'applied' | 'lost' => {
    const table = tableOf(collection);
    if (document === null) {
      if (expected === null) return 'applied';
      const { changes } = db.prepare(`DELETE FROM ${table} WHERE id = ? AND position = ?`).run(id, expected);
      return changes === 0 ? 'lost' : 'applied';
    }
    const names = fields(collection);
    const record = document as Record<string, unknown>;
    const values = names.map((field) => columnValue(record[field]));
    const body = JSON.stringify(document);
    const columns = names.map(columnOf);
    const statement =
      expected === null
        ? db.prepare(
            `INSERT INTO ${table} (id, position, body${columns.map((column) => `, ${column}`).join('')})
             VALUES (?, ?, ?${', ?'.repeat(columns.length)}) ON CONFLICT (id) DO NOTHING`,
          )
        : db.prepare(
            `UPDATE ${table} SET position = ?, body = ?${columns.map((column) => `, ${column} = ?`).join('')} WHERE id = ? AND position = ?`,
          );
    const { changes } =
      expected === null
        ? statement.run(id, position, body, ...values)
        : statement.run(position, body, ...values, id, expected);
    return changes === 0 ? 'lost' : 'applied';
  };

  const getMany = <T>(collection: string, ids: readonly string[]): Promise<ReadonlyMap<string, StoredDocument<T>>> => {
    const found = new Map<string, StoredDocument<T>>();
    for (let from = 0; from < ids.length; from += idsPerRead) {
      const slice = ids.slice(from, from + idsPerRead);
      // Padded with nulls, so that one prepared statement serves every size above one.
      const size = slice.length === 1 ? 1 : slice.length <= 8 ? 8 : idsPerRead;
      const values = [...slice, ...Array<null>(size - slice.length).fill(null)];
      const sql = `SELECT id, position, body FROM ${tableOf(collection)} WHERE id IN (${'?, '.repeat(size - 1)}?)`;
      for (const row of db.prepare(sql).all(...values)) {
        const stored = toStored<T>(row);
        found.set(stored.id, stored);
      }
    }
    return Promise.resolve(found);
  };

  return {
    ensure,
    getMany,
    get: <T>(collection: string, id: string): Promise<StoredDocument<T> | null> => {
      const row = db.prepare(`SELECT id, position, body FROM ${tableOf(collection)} WHERE id = ?`).get(id);
      return Promise.resolve(row === undefined ? null : toStored<T>(row));
    },
    write: (collection, writes) => db.write(() => writes.map((write) => writeOne(collection, write))),
    find: <T>(collection: string, query: DocumentQuery): Promise<readonly StoredDocument<T>[]> => {
      const { sql, values } = querySql(collection, query);
      return Promise.resolve(
        db
          .prepare(sql)
          .all(...values)
          .map((row) => toStored<T>(row)),
      );
    },
    count: (collection) =>
      Promise.resolve(db.prepare(`SELECT count(*) AS n FROM ${tableOf(collection)}`).get()?.['n'] as number),
    drop: async (collection) => {
      await db.write(() => {
        db.prepare(`DROP TABLE IF EXISTS ${tableOf(collection)}`).run();
      });
      fieldsOf.delete(collection);
    },
  };
};
