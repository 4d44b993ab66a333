import type { Checkpoints, Generations } from '../../projections/ports.ts';
import type { Database } from './database.ts';

/**
 * Where each consumer of the log stands, and which build of each projection answers. Both compare-and-set.
 * The log may be a server's, whose positions fill 64 bits, so they are read as bigint.
 */
export const createSqliteCheckpoints = async (
  db: Database,
): Promise<Checkpoints & { readonly generations: Generations }> => {
  await db.write(() => {
    db.prepare(
      'CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, commitAt INTEGER NOT NULL, prepareAt INTEGER NOT NULL) STRICT',
    ).run();
    db.prepare(
      'CREATE TABLE IF NOT EXISTS generations (projection TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT',
    ).run();
  });
  const find = db.prepare('SELECT commitAt, prepareAt FROM checkpoints WHERE name = ?');
  find.setReadBigInts(true);
  const add = db.prepare(
    'INSERT INTO checkpoints (name, commitAt, prepareAt) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING',
  );
  const move = db.prepare(
    'UPDATE checkpoints SET commitAt = ?, prepareAt = ? WHERE name = ? AND commitAt = ? AND prepareAt = ?',
  );
  const remove = db.prepare('DELETE FROM checkpoints WHERE name = ?');
  const findGeneration = db.prepare('SELECT generation FROM generations WHERE projection = ?');
  const setGeneration = db.prepare(
    'INSERT INTO generations VALUES (?, ?) ON CONFLICT (projection) DO UPDATE SET generation = excluded.generation',
  );

  const active = (projection: string): number =>
    (findGeneration.get(projection)?.generation as number | undefined) ?? 1;
  return {
    get: (name) =>
      db.read(() => {
        const row = find.get(name);
        return row === undefined ? null : { commit: row.commitAt as bigint, prepare: row.prepareAt as bigint };
      }),
    advance: (name, from, to) =>
      db.write(() => {
        const { changes } =
          from === null
            ? add.run(name, to.commit, to.prepare)
            : move.run(to.commit, to.prepare, name, from.commit, from.prepare);
        return changes === 0 ? 'lost' : 'advanced';
      }),
    reset: (name) =>
      db.write(() => {
        remove.run(name);
      }),
    generations: {
      active: (projection) => db.read(() => active(projection)),
      activate: (projection, from, to) =>
        db.write(() => {
          if (active(projection) !== from) return 'lost';
          setGeneration.run(projection, to);
          return 'activated';
        }),
    },
  };
};
