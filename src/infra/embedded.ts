/** The embedded engines: one SQLite file for events, read models and jobs, one for keys, one process (S8). */
import { join } from 'node:path';
import type { Clock } from '../commands/ports.ts';
import { openPersonalData } from './keys/embeddedPersonalData.ts';
import { createSoleLeases } from './soleLeases.ts';
import { startCheckpointer } from './sqlite/checkpointer.ts';
import { createSqliteCheckpoints } from './sqlite/checkpoints.ts';
import { type Database, openDatabase } from './sqlite/database.ts';
import { lockDataDir } from './sqlite/dataDirLock.ts';
import { createSqliteDocuments } from './sqlite/documents.ts';
import { createSqliteEvents } from './sqlite/events.ts';
import { databaseFileName } from './sqlite/fileNames.ts';
import { createSqliteIdempotency } from './sqlite/idempotency.ts';
import { createSqliteJobs } from './sqlite/jobs.ts';
import { storeCheckWrites } from './sqlite/storeCheckWrites.ts';
import { openThreadedDatabase } from './sqlite/threadedDatabase.ts';

/** Log, read models and checkpoints on an open file: all that a rebuild needs. */
export const createReadEngines = async (db: Database) => {
  const { generations, ...checkpoints } = await createSqliteCheckpoints(db);
  return {
    events: await createSqliteEvents(db),
    documents: createSqliteDocuments(db),
    checkpoints,
    generations,
    leases: createSoleLeases(),
  };
};

/** Opens the file of a directory beside the service, for a tool. */
export const openReadEngines = async (dataDir: string) => {
  const db = openDatabase(join(dataDir, databaseFileName));
  return { engines: await createReadEngines(db), close: () => db.close() };
};

const createStoreCheck = async (db: Database) => {
  const write = await db.writer(storeCheckWrites);
  return async () => [
    {
      name: 'store',
      isVital: true,
      failure: await write('touch', []).then(
        () => null,
        () => 'cannot write',
      ),
    },
  ];
};

export interface EmbeddedOptions {
  /** Made if absent. */
  readonly dataDir: string;
  readonly keyEncryptionKey: Uint8Array | undefined;
  /** Absent: in `dataDir`. */
  readonly erasuresFile?: string | undefined;
  readonly clock: Clock;
}

/**
 * All engines of the embedded form on one directory, which is this service's alone until it is closed.
 * @throws DataDirLocked
 */
export const openEmbeddedEngines = async ({ dataDir, clock, ...keys }: EmbeddedOptions) => {
  const lock = lockDataDir(dataDir);
  const db = await openThreadedDatabase(join(dataDir, databaseFileName), { hasCheckpointer: true });
  const { close: closeKeys, ...personalData } = await openPersonalData({ directory: dataDir, ...keys });
  const engines = await createReadEngines(db);
  const checkpointer = startCheckpointer(join(dataDir, databaseFileName));
  return {
    ...engines,
    jobs: await createSqliteJobs(db, clock),
    idempotencyRecords: await createSqliteIdempotency(db, { isSoleWriter: true }),
    personalData,
    openSharedCache: null,
    checkEngines: await createStoreCheck(db),
    /** No client of others runs here that could be replaced. */
    recover: (_reason: unknown): boolean => false,
    close: async () => {
      await checkpointer.stop();
      await db.close();
      await closeKeys();
      lock.release();
    },
  };
};
