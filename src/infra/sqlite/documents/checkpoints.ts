import type { Checkpoints, Generations } from '../../../eventsourcing/ports.ts';
import type { Database } from '../file/database.ts';
import { activeOf, checkpointWrites } from './checkpointWrites.ts';

/**
 * Where each consumer of the log stands, and which build of each projection answers. Both compare-and-set.
 * The log may be a server's, whose positions fill 64 bits, so they are read as bigint.
 */
export const createSqliteCheckpoints = async (
  db: Database,
): Promise<Checkpoints & { readonly generations: Generations }> => {
  const write = await db.writer(checkpointWrites, 'first');
  const find = db.prepare('SELECT commitAt, prepareAt FROM checkpoints WHERE name = ?');
  find.setReadBigInts(true);
  const get: Checkpoints['get'] = (name) =>
    db.read(() => {
      const row = find.get(name);
      return row === undefined ? null : { commit: row.commitAt as bigint, prepare: row.prepareAt as bigint };
    });
  return {
    get,
    take: async (name, epoch) => {
      await write('take', [name, epoch]);
      return get(name);
    },
    advance: (name, move) => write('advance', [name, move]),
    reset: (name) => write('reset', [name]),
    generations: {
      active: (projection) => db.read(() => activeOf(db, projection)),
      activate: (projection, from, to) => write('activate', [projection, from, to]),
    },
  };
};
