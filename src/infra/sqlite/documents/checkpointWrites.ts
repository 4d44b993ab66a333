/** Moving checkpoints and switching builds, each compare-and-set. */
import type { CheckpointMove } from '../../../eventsourcing/ports.ts';
import type { Statements, WriteModule } from '../file/writes.ts';

const schema = [
  'CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, commitAt INTEGER NOT NULL, prepareAt INTEGER NOT NULL) STRICT',
  'CREATE TABLE IF NOT EXISTS checkpointEpochs (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT',
  'CREATE TABLE IF NOT EXISTS generations (projection TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT',
];

/** The build of a projection that answers; 1 when it was never rebuilt. */
export const activeOf = ({ prepare }: Statements, projection: string): number => {
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
