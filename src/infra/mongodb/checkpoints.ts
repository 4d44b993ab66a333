import type { Checkpoints, Generations } from '../../eventsourcing/ports.ts';
import type { Mongo } from './connect.ts';
import { createBatchedRead, unlessDuplicate } from './driver.ts';

interface CheckpointRow {
  readonly _id: string;
  readonly epoch: number;
  /** Both `null` while it stands before everything. */
  readonly commit: bigint | null;
  readonly prepare: bigint | null;
}

interface GenerationRow {
  readonly _id: string;
  readonly generation: number;
}

const beginning = { commit: null, prepare: null };
const firstGeneration = 1;

/**
 * Where each consumer of the log stands, and which build of each projection answers: a document each, and each change is
 * one guarded update. Where nothing is there yet, the update inserts, and a duplicate key says that another process did.
 */
export const createMongoCheckpoints = ({
  db,
  read,
  write,
}: Mongo): Checkpoints & { readonly generations: Generations } => {
  const checkpoints = db.collection<CheckpointRow>('checkpoints');
  const generations = db.collection<GenerationRow>('generations');

  const checkpointOf = createBatchedRead<CheckpointRow>((filter) => read(() => checkpoints.find(filter).toArray()));
  const generationOf = createBatchedRead<GenerationRow>((filter) => read(() => generations.find(filter).toArray()));

  const get: Checkpoints['get'] = async (name) => {
    const row = await checkpointOf(name);
    if (row === null || row.commit === null || row.prepare === null) return null;
    return { commit: row.commit, prepare: row.prepare };
  };

  return {
    get,
    take: async (name, epoch) => {
      const raise = () =>
        checkpoints.updateOne({ _id: name }, { $max: { epoch }, $setOnInsert: beginning }, { upsert: true });
      // Two that insert at once: the second one finds what the first one made.
      if ((await unlessDuplicate(write(raise))) === null) await write(raise);
      return get(name);
    },
    advance: async (name, { from, to, epoch }) => {
      const filter = { _id: name, epoch, commit: from?.commit ?? null, prepare: from?.prepare ?? null };
      const change = { $set: { commit: to.commit, prepare: to.prepare } };
      const upsert = from === null && epoch === 0;
      const result = await unlessDuplicate(write(() => checkpoints.updateOne(filter, change, { upsert })));
      return result !== null && result.matchedCount + result.upsertedCount > 0 ? 'advanced' : 'lost';
    },
    reset: async (name) => {
      await write(() => checkpoints.updateOne({ _id: name }, { $set: beginning }));
    },
    generations: {
      active: async (projection) => (await generationOf(projection))?.generation ?? firstGeneration,
      activate: async (projection, from, to) => {
        const upsert = from === firstGeneration;
        const change = { $set: { generation: to } };
        const result = await unlessDuplicate(
          write(() => generations.updateOne({ _id: projection, generation: from }, change, { upsert })),
        );
        return result !== null && result.matchedCount + result.upsertedCount > 0 ? 'activated' : 'lost';
      },
    },
  };
};
