/** Documents with declared indexes. A document is kept as JSON; its position is what writers compare and set. */
import type { StatementSync } from 'node:sqlite';
import type { DocumentQuery, Documents, DocumentWrite, StoredDocument } from '../../projections/ports.ts';
import { type Collection, columnValue, dropCollection, ensureCollection, tableOf } from './collection.ts';
import type { Database } from './database.ts';
import { listCounts, querySteps } from './documentQuery.ts';
import { createHotDocuments } from './hotDocuments.ts';

/** Statements with up to this many ids each, so that few different ones are prepared. */
const idsPerRead = 64;
const idsPerSmallRead = 8;
/** So many documents are faster looked up and sorted than found on a walk along an index. */
const driverMax = 2_000;

type Row = Record<string, unknown>;

const toStored = <T>(row: Row): StoredDocument<T> => ({
  id: row.id as string,
  document: JSON.parse(row.body as string) as T,
  position: row.position as bigint,
});

const listOf = (document: object, field: string): readonly string[] => {
  const value = (document as Row)[field];
  return Array.isArray(value) ? value.map(String) : [];
};

/** Touches only the values that came or went. `before` and `after` are JSON, or `null` for no list at all. */
const spreadLists = (
  { lists, addValue, removeValue }: Collection,
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

/** The lists a document has now; `undefined` when it does not stand at that position. */
const listsBefore = (
  { lists, findLists }: Collection,
  { id, expected }: DocumentWrite,
): readonly unknown[] | undefined => {
  if (lists.length === 0 || expected === null) return [];
  return findLists.get(id, expected) as readonly unknown[] | undefined;
};

const put = (collection: Collection, write: DocumentWrite, document: object): 'applied' | 'lost' => {
  const { id, position, expected } = write;
  const before = listsBefore(collection, write);
  if (before === undefined) return 'lost';
  const lists = collection.lists.map((field) => JSON.stringify(listOf(document, field)));
  const fields = collection.fields.map((field) => columnValue((document as Row)[field]));
  const values = [position, JSON.stringify(document), ...fields, ...lists];
  const { changes } =
    expected === null ? collection.insert.run(id, ...values) : collection.update.run(...values, id, expected);
  if (changes === 0) return 'lost';
  spreadLists(collection, id, before, lists);
  return 'applied';
};

const remove = (collection: Collection, write: DocumentWrite, expected: bigint): 'applied' | 'lost' => {
  const before = listsBefore(collection, write);
  if (before === undefined || collection.remove.run(write.id, expected).changes === 0) return 'lost';
  spreadLists(collection, write.id, before, []);
  return 'applied';
};

export const createSqliteDocuments = (db: Database): Documents => {
  const collections = new Map<string, Collection>();
  const collectionOf = (name: string): Collection => {
    const known = collections.get(name);
    if (known === undefined) throw new Error(`collection ${name} was not ensured`);
    return known;
  };

  /** Positions of a server go beyond what a number can hold. */
  const select = (sql: string): StatementSync => {
    const statement = db.prepare(sql);
    statement.setReadBigInts(true);
    return statement;
  };

  const readOne = (collection: string, id: string): Row | undefined =>
    select(`SELECT id, position, body FROM ${tableOf(collection)} WHERE id = ?`).get(id);

  const hot = createHotDocuments();

  const getOne = <T>(collection: string, id: string): StoredDocument<T> | null => {
    const known = hot.get<T>(collection, id);
    if (known !== undefined) return known;
    const row = readOne(collection, id);
    const stored = row === undefined ? null : toStored<T>(row);
    hot.set(collection, id, stored, row?.body as string | undefined);
    return stored;
  };

  const writeOne = (collection: Collection, write: DocumentWrite): 'applied' | 'lost' => {
    if (write.document !== null) return put(collection, write, write.document);
    if (write.expected !== null) return remove(collection, write, write.expected);
    return readOne(collection.name, write.id) === undefined ? 'applied' : 'lost';
  };

  const readMany = <T>(collection: string, ids: readonly string[]): readonly StoredDocument<T>[] => {
    const found: StoredDocument<T>[] = [];
    for (let from = 0; from < ids.length; from += idsPerRead) {
      const slice = ids.slice(from, from + idsPerRead);
      // Padded with nulls, so that one prepared statement serves many sizes.
      const size = slice.length === 1 ? 1 : slice.length <= idsPerSmallRead ? idsPerSmallRead : idsPerRead;
      const values = [...slice, ...Array<null>(size - slice.length).fill(null)];
      const sql = `SELECT id, position, body FROM ${tableOf(collection)} WHERE id IN (${'?, '.repeat(size - 1)}?)`;
      for (const row of select(sql).all(...values)) {
        const stored = toStored<T>(row);
        found.push(stored);
        hot.set(collection, stored.id, stored, row.body as string);
      }
    }
    return found;
  };

  const getMany = <T>(collection: string, ids: readonly string[]): ReadonlyMap<string, StoredDocument<T>> => {
    const found = new Map<string, StoredDocument<T>>();
    const cold: string[] = [];
    for (const id of ids) {
      const known = hot.get<T>(collection, id);
      if (known === undefined) cold.push(id);
      else if (known !== null) found.set(id, known);
    }
    for (const stored of readMany<T>(collection, cold)) found.set(stored.id, stored);
    return found;
  };

  /** The list that narrows a query down most, if any narrows it enough, and to how many documents. */
  const driverOf = (
    collection: Collection,
    where: DocumentQuery['where'],
  ): { readonly driver: string | null; readonly count: number } => {
    let driver: string | null = null;
    let fewest = driverMax + 1;
    for (const { field, count } of listCounts(collection, where)) {
      const n = db.prepare(count.sql).get(...count.values, fewest)?.n as number;
      if (n >= fewest) continue;
      fewest = n;
      driver = field;
    }
    return { driver, count: fewest };
  };

  const find = <T>(name: string, query: DocumentQuery): readonly StoredDocument<T>[] => {
    const collection = collectionOf(name);
    const rows: Row[] = [];
    const { driver, count } = driverOf(collection, query.where);
    if (count === 0) return [];
    for (const { sql, values } of querySteps(collection, query, driver)) {
      if (rows.length >= query.limit) break;
      rows.push(...select(sql).all(...values, query.limit - rows.length));
    }
    return rows.map((row) => toStored<T>(row));
  };

  return {
    ensure: async (spec) => {
      collections.set(spec.name, await db.write(() => ensureCollection(db, spec)));
    },
    get: <T>(collection: string, id: string) => db.read(() => getOne<T>(collection, id)),
    getMany: <T>(collection: string, ids: readonly string[]) => db.read(() => getMany<T>(collection, ids)),
    write: (name, writes) =>
      db.write(
        () => {
          const collection = collectionOf(name);
          return writes.map((write) => writeOne(collection, write));
        },
        (outcomes) => {
          hot.remember(name, writes, outcomes);
        },
      ),
    find: <T>(name: string, query: DocumentQuery) => db.read(() => find<T>(name, query)),
    count: (name) => db.read(() => db.prepare(`SELECT count(*) AS n FROM ${tableOf(name)}`).get()?.n as number),
    drop: async (name) => {
      await db.write(() => {
        dropCollection(db, name);
      });
      collections.delete(name);
      hot.clear();
    },
  };
};
