/**
 * Documents that are asked for again and again, held as they are, so that neither file nor parser is in the way. Only
 * one process writes a collection that it serves; another one's write is noticed at the next compare-and-set.
 */
import type { DocumentWrite, StoredDocument } from '../../../eventsourcing/projecting/documents.ts';
import { createLru } from '../../lru.ts';

export interface Written {
  readonly write: DocumentWrite;
  readonly json: string | undefined;
  readonly outcome: 'applied' | 'lost' | undefined;
}

export interface HotDocuments {
  /** What is committed: `null` when nothing is there, `undefined` when it is not known here. */
  get<T>(collection: string, id: string): StoredDocument<T> | null | undefined;
  /** What was read just now, with its JSON. */
  set(collection: string, id: string, stored: StoredDocument<unknown> | null, json: string | undefined): void;
  /** What was written, with its JSON; called in the order of commits, before anybody else goes on. */
  remember(collection: string, writes: readonly Written[]): void;
  clear(): void;
}

const bytesMax = 8 * 1_024 * 1_024;

interface Entry {
  readonly stored: StoredDocument<unknown> | null;
  readonly bytes: number;
}

/** Objects take about three times the bytes of their JSON; an entry for nothing is a key and two pointers. */
const bytesOf = (json: string | undefined): number => 200 + 3 * (json?.length ?? 0);

export const createHotDocuments = (): HotDocuments => {
  const create = () => createLru<string, Entry>(bytesMax, ({ bytes }) => bytes);
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
        // A document that nobody has asked for yet is not hot.
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
