/** Documents with declared indexes. A document is kept as JSON; its position is what writers compare and set. */
import type { StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import type { Documents, DocumentWrite, StoredDocument } from '../../../eventsourcing/projecting/documents.ts';
import { type Collection, collectionOf } from '../../collection.ts';
import type { Database } from '../file/database.ts';
import { anyOfList, columnValue, tableOf } from './documentQuery.ts';
import { type DocumentValues, documentWrites } from './documentWrites.ts';
import { createFind } from './findDocuments.ts';

/**
 * Documents that are asked for again and again, held as they are, so that neither file nor parser is in the way. Only
 * one process writes a collection that it serves; another one's write is noticed at the next compare-and-set.
 */

interface WrittenDocument {
  readonly write: DocumentWrite;
  readonly json: string | undefined;
  readonly outcome: 'applied' | 'lost' | undefined;
}

interface HotDocuments {
  /** What is committed: `null` when nothing is there, `undefined` when it is not known here. */
  get<T>(collection: string, id: string): StoredDocument<T> | null | undefined;
  /** What was read just now, with its JSON. */
  set(collection: string, id: string, stored: StoredDocument<unknown> | null, json: string | undefined): void;
  /** What was written, with its JSON; called in the order of commits, before anybody else goes on. */
  remember(collection: string, writes: readonly WrittenDocument[]): void;
  clear(): void;
}

const bytesMax = 8 * 1_024 * 1_024;

interface HotDocument {
  readonly stored: StoredDocument<unknown> | null;
  readonly bytes: number;
}

/** Objects take about three times the bytes of their JSON; an entry for nothing is a key and two pointers. */
const bytesOf = (json: string | undefined): number => 200 + 3 * (json?.length ?? 0);

const createHotDocuments = (): HotDocuments => {
  const create = () => new LRUCache<string, HotDocument>({ maxSize: bytesMax, sizeCalculation: ({ bytes }) => bytes });
  let entries = create();
  const keyOf = (collection: string, id: string): string => `${collection} ${id}`;

  return {
    get: <T>(collection: string, id: string) =>
      entries.get(keyOf(collection, id))?.stored as StoredDocument<T> | null | undefined,
    set: (collection, id, stored, json) => {
      entries.set(keyOf(collection, id), { stored, bytes: bytesOf(json) });
    },
    remember: (collection, writes) => {
      for (const { write, json, outcome } of writes) {
        const { id, document, position } = write;
        const key = keyOf(collection, id);
        if (outcome === 'lost') entries.delete(key);
        // A document that was not asked for yet is not hot.
        else if (entries.get(key) !== undefined) {
          entries.set(key, { stored: document === null ? null : { id, document, position }, bytes: bytesOf(json) });
        }
      }
    },
    clear: () => {
      entries = create();
    },
  };
};

/** Statements with up to this many ids each, so that few different ones are prepared. */
const idsPerRead = 64;
const idsPerSmallRead = 8;

type DocumentRow = Record<string, unknown>;

const toStored = <T>(row: DocumentRow): StoredDocument<T> => ({
  id: row.id as string,
  document: JSON.parse(row.body as string) as T,
  position: row.position as bigint,
});

const listOf = (document: object, field: string): readonly string[] => {
  const value = (document as DocumentRow)[field];
  return Array.isArray(value) ? value.map(String) : [];
};

const valuesOf = (
  { fields, lists }: Collection,
  { id, document, position, expected }: DocumentWrite,
): DocumentValues => {
  if (document === null) return { id, expected, content: null, fields: [], lists: [] };
  return {
    id,
    expected,
    content: [position, JSON.stringify(document)],
    fields: fields.map((field) => columnValue((document as DocumentRow)[field])),
    lists: lists.map((field) => JSON.stringify(listOf(document, field))),
  };
};

export const createSqliteDocuments = (db: Database): Documents => {
  const opened = db.writer(documentWrites, 'first');
  const collections = new Map<string, Collection>();
  const ensured = (name: string): Collection => {
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

  const readOne = (collection: string, id: string): DocumentRow | undefined =>
    select(`SELECT id, position, body FROM ${tableOf(collection)} WHERE id = ?`).get(id);

  const hot = createHotDocuments();

  const readCold = <T>(collection: string, id: string): StoredDocument<T> | null => {
    const row = readOne(collection, id);
    const stored = row === undefined ? null : toStored<T>(row);
    hot.set(collection, id, stored, row?.body as string | undefined);
    return stored;
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
    // What is looked for before it is there is written next, and then asked for again.
    for (const id of cold) if (!found.has(id)) hot.set(collection, id, null, undefined);
    return found;
  };

  return {
    ensure: async (spec) => {
      const collection = collectionOf(spec);
      const { name, indexes, lists } = spec;
      // Whatever else the object has, such as functions, can't go to another thread.
      await (await opened)('ensure', [{ name, indexes, ...(lists === undefined ? {} : { lists }) }]);
      collections.set(spec.name, collection);
    },
    get: <T>(collection: string, id: string) => {
      const known = hot.get<T>(collection, id);
      return known === undefined ? db.read(() => readCold<T>(collection, id)) : Promise.resolve(known);
    },
    getMany: <T>(collection: string, ids: readonly string[]) => db.read(() => getMany<T>(collection, ids)),
    write: async (name, writes) => {
      const collection = ensured(name);
      const values = writes.map((write) => valuesOf(collection, write));
      return (await opened)('write', [name, values], (outcomes) => {
        hot.remember(
          name,
          writes.map((write, index) => ({ write, json: values[index]?.content?.[1], outcome: outcomes[index] })),
        );
      });
    },
    find: createFind({ db, ensured, select, toStored }),
    hasAny: async (name, list, values) => {
      const { sql, values: bound } = anyOfList(ensured(name), list, values);
      return db.read(() => db.prepare(sql).get(...bound) !== undefined);
    },
    count: (name) => db.read(() => db.prepare(`SELECT count(*) AS n FROM ${tableOf(name)}`).get()?.n as number),
    drop: async (name) => {
      await (await opened)('drop', [name]);
      collections.delete(name);
      hot.clear();
    },
  };
};
