import type { Adapters } from '../../src/compose.ts';

/** Documents of this collection can't be written, so its read model stands still. */
export const stuckOn =
  (collection: string) =>
  ({ documents }: Adapters): Partial<Adapters> => ({
    documents: {
      ...documents,
      write: async (name, writes) => {
        if (name.startsWith(collection)) throw new Error('SQLITE_FULL: the disk is full');
        return documents.write(name, writes);
      },
    },
  });
