/** Snapshots of folded streams, beside the log. A row for each part; what is damaged or not whole is not there. */
import { crc32 } from 'node:zlib';
import type { KeptSnapshot, SnapshotStore } from '../../eventsourcing/commandHandling/snapshotWriter.ts';
import type { Database } from './file/database.ts';
import type { Statements, WriteModule } from './file/writes.ts';

/** `parts`: how many there are of this snapshot. */
const schema = [
  `CREATE TABLE IF NOT EXISTS snapshots (row INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL,
   part INTEGER NOT NULL, parts INTEGER NOT NULL, isMilestone INTEGER NOT NULL, form TEXT NOT NULL, body TEXT NOT NULL,
   checksum INTEGER NOT NULL, UNIQUE (stream, revision, part)) STRICT`,
];

const create = ({ prepare }: Statements) => {
  const removeBefore = prepare(
    'DELETE FROM snapshots WHERE stream = ? AND (revision = ? OR (revision < ? AND isMilestone = 0))',
  );
  const remove = prepare('DELETE FROM snapshots WHERE stream = ?');
  const insert = prepare(
    `INSERT INTO snapshots (stream, revision, part, parts, isMilestone, form, body, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return {
    save: (snapshots: readonly KeptSnapshot[]): void => {
      for (const { stream, revision, isMilestone, form, parts } of snapshots) {
        removeBefore.run(stream, revision, revision);
        for (const [part, body] of parts.entries()) {
          insert.run(stream, revision, part, parts.length, Number(isMilestone), form, body, crc32(body));
        }
      }
    },
    forget: (stream: string): void => {
      remove.run(stream);
    },
  };
};

export const snapshotWrites: WriteModule<ReturnType<typeof create>> = { name: 'snapshots', schema, create };

interface PartRow {
  readonly revision: number;
  readonly parts: number;
  readonly body: string;
  readonly checksum: number;
}

export const createSqliteSnapshots = async (db: Database): Promise<SnapshotStore> => {
  const write = await db.writer(snapshotWrites);
  const selectFirst = db.prepare(
    `SELECT revision, parts, body, checksum FROM snapshots WHERE stream = ? AND revision <= ? AND part = 0 AND form = ?
     ORDER BY revision DESC LIMIT 1`,
  );
  const selectRest = db.prepare(
    'SELECT revision, parts, body, checksum FROM snapshots WHERE stream = ? AND revision = ? AND part > 0 ORDER BY part',
  );
  return {
    find: (stream, form, upTo) =>
      db.read(() => {
        const first = selectFirst.get(stream, upTo, form) as PartRow | undefined;
        if (first === undefined) return null;
        const { revision, parts: count } = first;
        // The thread that writes may have replaced it meanwhile.
        const rest = count === 1 ? [] : (selectRest.all(stream, revision) as readonly object[]);
        const rows = [first, ...(rest as readonly PartRow[])];
        const isWhole = rows.length === count && rows.every(({ body, checksum }) => crc32(body) === checksum);
        return isWhole ? { stream, revision, form, parts: rows.map(({ body }) => body) } : null;
      }),
    save: (snapshots) => write('save', [snapshots]),
    forget: (stream) => write('forget', [stream]),
  };
};
