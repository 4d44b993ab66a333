/**
 * Documents as a projection reads them to fold the next events in: those that it wrote last are held, so that a batch is
 * one way to the server and not two. Another writer makes what is held stale, which the next compare-and-set notices:
 * that is enough for whoever writes back what he read, and not for queries.
 */
import type { Documents, DocumentWrite, StoredDocument } from '../../eventsourcing/projecting/documents.ts';
import { createLru, type Lru } from '../lru.ts';
import { bytesOf } from './documentCodec.ts';

interface Entry {
  readonly stored: StoredDocument<unknown>;
  readonly bytes: number;
}

/** The documents of a busy day; measured as they travel, which is about as they lie in memory. */
const bytesMax = 32 * 1_024 * 1_024;

const keyOf = (collection: string, id: string): string => `${collection} ${id}`;

const createMemory = (): Lru<string, Entry> => createLru(bytesMax, ({ bytes }) => bytes);

export const createFoldedDocuments = (documents: Documents): Documents => {
  let memory = createMemory();
  const forgetAll = (): void => {
    memory = createMemory();
  };

  const remember = (collection: string, stored: StoredDocument<unknown>): void => {
    memory.set(keyOf(collection, stored.id), { stored, bytes: bytesOf(stored.document) });
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
        // Somebody else writes here too: nothing that is held can be relied on.
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
