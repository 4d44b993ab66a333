/**
 * Documents with declared indexes, kept natively. Reads and guards go to the primary; queries too, unless told otherwise.
 *
 * On a sharded cluster, shard each collection by `{ _id: 1 }`: every guarded write then goes to one shard, and as ids of
 * stock begin with the warehouse, what belongs to a warehouse lies together.
 */
import { LRUCache } from 'lru-cache';
import type { Filter } from 'mongodb';
import type {
  CollectionSpec,
  Documents,
  DocumentWrite,
  StoredDocument,
} from '../../eventsourcing/projecting/documents.ts';
import { type Collection, checkedName, collectionOf } from '../collection.ts';
import type { Mongo } from './connect.ts';
import {
  anyOfList,
  bytesOf,
  charsOf,
  findArguments,
  indexKeysOf,
  isAlive,
  isTombstone,
  type MongoRow,
  type Rows,
  tombstoneKeptSeconds,
  toStored,
} from './documentRows.ts';
import { createDocumentWrites } from './documentWrites.ts';
import { createBatchedRead, idsPerRead, readByIds } from './driver.ts';

/** Of a page that ends by its size: the largest orders have 300 kB each. */
const rowsPerBatch = 20;

export const createMongoDocuments = ({ db, queryReadPreference, read, write, hasPlainIndexes }: Mongo): Documents => {
  const writeDocuments = createDocumentWrites();
  const collections = new Map<string, Collection>();
  const ensured = (name: string): Collection => {
    const known = collections.get(name);
    if (known === undefined) throw new Error(`collection ${name} was not ensured`);
    return known;
  };
  const rowsOf = (name: string): Rows => db.collection<MongoRow>(checkedName(name));

  const createIndexes = async (rows: Rows, spec: CollectionSpec): Promise<void> => {
    const indexes = indexKeysOf(spec).map((key) => ({ key }));
    const tombstones = { key: { deletedAt: 1 as const }, expireAfterSeconds: tombstoneKeptSeconds };
    const guard = { key: { _id: 1 as const, position: 1 as const }, unique: true };
    await write(() => rows.createIndexes([...indexes, tombstones]));
    // MongoDB takes the index of `_id` for a guard. There, one more index would cost each write and gain nothing.
    if (await hasPlainIndexes()) await write(() => rows.createIndexes([guard]));
  };

  const readRows =
    (name: string) =>
    (filter: Filter<MongoRow>): Promise<readonly MongoRow[]> =>
      read(() => rowsOf(name).find(filter, { batchSize: idsPerRead }).toArray());

  const gathered = new Map<string, (id: string) => Promise<MongoRow | null>>();
  const gatheredOf = (name: string): ((id: string) => Promise<MongoRow | null>) => {
    const known = gathered.get(name) ?? createBatchedRead<MongoRow>(readRows(name));
    gathered.set(name, known);
    return known;
  };

  return {
    // A new index over very many documents may take longer than an operation may: it goes on, and the next try finds it.
    ensure: async (spec) => {
      const collection = collectionOf(spec);
      await createIndexes(rowsOf(spec.name), spec);
      collections.set(spec.name, collection);
    },
    get: async <T>(name: string, id: string) => {
      const row = await gatheredOf(name)(id);
      return row === null || isTombstone(row) ? null : toStored<T>(row);
    },
    getMany: async <T>(name: string, ids: readonly string[]) => {
      const rows = await readByIds(readRows(name), ids);
      return new Map(rows.filter((row) => !isTombstone(row)).map((row) => [row._id, toStored<T>(row)]));
    },
    write: async (name, writes) => {
      const rows = rowsOf(ensured(name).name);
      return write(() => writeDocuments(rows, writes));
    },
    find: async <T>(name: string, query: Parameters<Documents['find']>[1]) => {
      const { filter, sort } = findArguments(ensured(name), query);
      const { limit, charsMax = Number.POSITIVE_INFINITY } = query;
      const batchSize = Number.isFinite(charsMax) ? Math.min(limit, rowsPerBatch) : limit;
      const options = { sort, limit, batchSize, readPreference: queryReadPreference };
      return read(async () => {
        const found: StoredDocument<T>[] = [];
        let chars = 0;
        for await (const row of rowsOf(name).find(filter, options)) {
          const size = charsOf(row.document ?? {});
          found.push({ ...toStored<T>(row), chars: size });
          chars += size;
          if (chars >= charsMax) break;
        }
        return found;
      });
    },
    hasAny: async (name, list, values) => {
      if (values.length === 0) return false;
      const filter = anyOfList(ensured(name), list, values);
      const options = { projection: { _id: 1 }, readPreference: queryReadPreference } as const;
      return (await read(() => rowsOf(name).findOne(filter, options))) !== null;
    },
    count: (name) => read(() => rowsOf(name).countDocuments(isAlive)),
    drop: async (name) => {
      // Not every server lets an absent one be dropped.
      const present = await read(() => db.listCollections({ name: checkedName(name) }).toArray());
      if (present.some((each) => each.name === name)) await write(() => rowsOf(name).drop());
      collections.delete(name);
    },
  };
};

/**
 * Documents as a projection reads them to fold the next events in: those that it wrote last are held, so that a batch is
 * one way to the server and not two. Another writer makes what is held stale, which the next compare-and-set notices:
 * that is enough for a projection, which writes back what it read, and not for queries.
 */

interface FoldedDocument {
  readonly stored: StoredDocument<unknown>;
  readonly bytes: number;
}

/** The documents of a busy day; measured as they travel, which is about as they lie in memory. */
const bytesMax = 32 * 1_024 * 1_024;

/** Of an entry, beside its document. */
const keyBytes = 100;
const keyOf = (collection: string, id: string): string => `${collection} ${id}`;

const createMemory = () =>
  new LRUCache<string, FoldedDocument>({ maxSize: bytesMax, sizeCalculation: ({ bytes }) => bytes });

export const createFoldedDocuments = (documents: Documents): Documents => {
  let memory = createMemory();
  const forgetAll = (): void => {
    memory = createMemory();
  };

  const remember = (collection: string, stored: StoredDocument<unknown>): void => {
    memory.set(keyOf(collection, stored.id), { stored, bytes: keyBytes + bytesOf(stored.document) });
  };

  const rememberWritten = (collection: string, { id, document, position }: DocumentWrite): void => {
    if (document === null) memory.delete(keyOf(collection, id));
    else remember(collection, { id, document, position });
  };

  return {
    ...documents,
    getMany: async <T>(collection: string, ids: readonly string[]) => {
      const found = new Map<string, StoredDocument<T>>();
      for (const id of ids) {
        const held = memory.get(keyOf(collection, id));
        if (held !== undefined) found.set(id, held.stored as StoredDocument<T>);
      }
      const others = ids.filter((id) => !found.has(id));
      if (others.length === 0) return found;
      for (const [id, stored] of await documents.getMany<T>(collection, others)) {
        found.set(id, stored);
        remember(collection, stored);
      }
      return found;
    },
    write: async (collection, writes) => {
      try {
        const outcomes = await documents.write(collection, writes);
        // Another process writes here too: nothing that is held can be relied on.
        if (outcomes.includes('lost')) forgetAll();
        else for (const write of writes) rememberWritten(collection, write);
        return outcomes;
      } catch (error) {
        forgetAll();
        throw error;
      }
    },
    drop: async (collection) => {
      forgetAll();
      await documents.drop(collection);
    },
  };
};
