/** Where consumers stand, which build of a projection answers, and the leases of a process that is alone. */
import { pause } from '../../eventsourcing/concurrency.ts';
import type { CheckpointMove, Checkpoints, Generations, Leases } from '../../eventsourcing/ports.ts';
import type { Database } from './file/database.ts';
import type { Statements, WriteModule } from './file/writes.ts';

/** Moving checkpoints and switching builds, each compare-and-set. */

const schema = [
  'CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, commitAt INTEGER NOT NULL, prepareAt INTEGER NOT NULL) STRICT',
  'CREATE TABLE IF NOT EXISTS checkpointEpochs (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT',
  'CREATE TABLE IF NOT EXISTS generations (projection TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT',
];

/** The build of a projection that answers; 1 when it was never rebuilt. */
const activeOf = ({ prepare }: Statements, projection: string): number => {
  const row = prepare('SELECT generation FROM generations WHERE projection = ?').get(projection);
  return (row?.generation as number | undefined) ?? 1;
};

const create = (db: Statements) => {
  const add = db.prepare(
    'INSERT INTO checkpoints (name, commitAt, prepareAt) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING',
  );
  const move = db.prepare(
    'UPDATE checkpoints SET commitAt = ?, prepareAt = ? WHERE name = ? AND commitAt = ? AND prepareAt = ?',
  );
  const setEpoch = db.prepare(
    'INSERT INTO checkpointEpochs VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET epoch = max(epoch, excluded.epoch)',
  );
  const findEpoch = db.prepare('SELECT epoch FROM checkpointEpochs WHERE name = ?');
  const remove = db.prepare('DELETE FROM checkpoints WHERE name = ?');
  const setGeneration = db.prepare(
    'INSERT INTO generations VALUES (?, ?) ON CONFLICT (projection) DO UPDATE SET generation = excluded.generation',
  );
  return {
    take: (name: string, epoch: number): void => {
      setEpoch.run(name, epoch);
    },
    advance: (name: string, { from, to, epoch }: CheckpointMove): 'advanced' | 'lost' => {
      if ((findEpoch.get(name)?.epoch ?? 0) !== epoch) return 'lost';
      const { changes } =
        from === null
          ? add.run(name, to.commit, to.prepare)
          : move.run(to.commit, to.prepare, name, from.commit, from.prepare);
      return changes === 0 ? 'lost' : 'advanced';
    },
    reset: (name: string): void => {
      remove.run(name);
    },
    activate: (projection: string, from: number, to: number): 'activated' | 'lost' => {
      if (activeOf(db, projection) !== from) return 'lost';
      setGeneration.run(projection, to);
      return 'activated';
    },
  };
};

export const checkpointWrites: WriteModule<ReturnType<typeof create>> = { name: 'checkpoints', schema, create };

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

/** Leases of a process that is alone: it holds them all. Its epoch is 0, as that of a checkpoint without a holder. */

const epoch = 0;
/** Work that ended by itself begins again, but not in a hot loop. */
const restMs = 1_000;

/** Within the process, work on one name waits for the work before it. */
export const createSoleLeases = (): Leases => {
  const lastOf = new Map<string, Promise<void>>();

  const repeat = async (signal: AbortSignal, work: Parameters<Leases['whileHeld']>[2]): Promise<void> => {
    while (!signal.aborted) {
      await work({ epoch, signal });
      await pause(restMs, signal);
    }
  };

  return {
    whileHeld: async (name, signal, work) => {
      const before = lastOf.get(name) ?? Promise.resolve();
      const run = before.then(() => repeat(signal, work));
      const ended = run.catch(() => undefined);
      lastOf.set(name, ended);
      await run;
      if (lastOf.get(name) === ended) lastOf.delete(name);
    },
  };
};
