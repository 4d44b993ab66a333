import type { Adapters } from '../../src/app/adapters.ts';

/** Documents of this collection can't be written, so its read model stands still. */
export const stuckOn =
  (collection: string, error = new Error('SQLITE_FULL: the disk is full')) =>
  ({ documents }: Adapters): Partial<Adapters> => ({
    documents: {
      ...documents,
      write: async (name, writes) => {
        if (name.startsWith(collection)) throw error;
        return documents.write(name, writes);
      },
    },
  });
