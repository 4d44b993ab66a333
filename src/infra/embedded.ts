/** The embedded engines: one SQLite file for events, read models and jobs, one for keys, one process (S8). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../commands/ports.ts';
import { decodeStored } from '../domain/events.ts';
import type { Clock, StoreDamaged } from '../eventsourcing/ports.ts';
import { openPersonalData } from './keys/sqliteKeyStore.ts';
import { databaseFileName } from './privateFiles.ts';
import { createSoleLeases, createSqliteCheckpoints } from './sqlite/checkpoints.ts';
import { createSqliteDocuments } from './sqlite/documents/documents.ts';
import { createSqliteEvents, type SqliteEventsOptions } from './sqlite/events/events.ts';
import { fillChecksums, keepMark } from './sqlite/events/logIntegrity.ts';
import { isOfEarlierRelease } from './sqlite/events/upgrades.ts';
import { startCheckpointer } from './sqlite/file/connection.ts';
import { type Database, openDatabase } from './sqlite/file/database.ts';
import { bindStoreFiles, lockDataDir } from './sqlite/file/storeFiles.ts';
import { openThreadedDatabase } from './sqlite/file/threadedDatabase.ts';
import { storeCheckWrites } from './sqlite/file/writes.ts';
import { createSqliteIdempotency } from './sqlite/idempotency.ts';
import { createSqliteJobs } from './sqlite/jobs.ts';
import { createSqliteSnapshots } from './sqlite/snapshots.ts';

/** The files of one store. A log without its keys is worth as little as keys without their log: damage of one stops all. */

type StoreFile = Pick<Database, 'check' | 'condemn'>;

interface FileSet {
  add<File extends StoreFile>(file: File): File;
  /** For the files themselves, when they find damage. */
  condemn(damage: StoreDamaged): void;
  /** Looks at all of them. @returns the damage that is known. */
  look(): StoreDamaged | null;
  /** Looks every second, until told otherwise. */
  watch(): void;
  unwatch(): void;
}

/** Each commit looks too; this is for when nothing is written. */
const lookEveryMs = 1_000;

/** `onDamage` is called once, with the first damage. */
const createFileSet = (onDamage: (damage: StoreDamaged) => void = () => undefined): FileSet => {
  const files: StoreFile[] = [];
  let known: StoreDamaged | null = null;
  let timer: NodeJS.Timeout | undefined;

  const condemn = (damage: StoreDamaged): void => {
    if (known !== null) return;
    known = damage;
    onDamage(damage);
    for (const file of files) file.condemn(damage);
  };
  const look = (): StoreDamaged | null => {
    for (const file of files) file.check();
    return known;
  };

  return {
    add: (file) => {
      files.push(file);
      return file;
    },
    condemn,
    look,
    watch: () => {
      timer = setInterval(look, lookEveryMs);
    },
    unwatch: () => clearInterval(timer),
  };
};

/** Log, read models and checkpoints on an open file: all that a rebuild needs. */
export const createReadEngines = async (db: Database, options: SqliteEventsOptions = {}) => {
  const { generations, ...checkpoints } = await createSqliteCheckpoints(db);
  return {
    events: await createSqliteEvents(db, decodeStored, options),
    snapshots: await createSqliteSnapshots(db),
    documents: createSqliteDocuments(db),
    checkpoints,
    generations,
    leases: createSoleLeases(),
  };
};

/** Opens the file of a directory beside the service, for a tool. */
export const openReadEngines = async (dataDir: string) => {
  const path = join(dataDir, databaseFileName);
  // SQLite would make an empty one.
  if (!existsSync(path)) throw new OperatorError(`${path} is not there. Set DATA_DIR.`);
  const db = openDatabase(path);
  if (isOfEarlierRelease(db)) {
    await db.close();
    throw new OperatorError(`${path} is of an earlier release. Start the service of this one first.`);
  }
  return { engines: await createReadEngines(db), close: () => db.close() };
};

const createStoreCheck = async (db: Database, files: FileSet) => {
  const write = await db.writer(storeCheckWrites);
  const failureOf = async (): Promise<string | null> => {
    const damage = files.look();
    if (damage !== null) return damage.message;
    return write('touch', []).then(
      () => null,
      () => 'cannot write',
    );
  };
  return async () => [{ name: 'store', isVital: true, failure: await failureOf() }];
};

interface EmbeddedOptions {
  /** Made if absent. */
  readonly dataDir: string;
  readonly keyEncryptionKey: Uint8Array | undefined;
  /** Absent: in `dataDir`. */
  readonly erasuresFile?: string | undefined;
  readonly clock: Clock;
  /** Called with the first damage. From then on every read and write is refused. */
  readonly onDamage?: (damage: StoreDamaged) => void;
  /** `log.mark` could not be written; told once, until it is written again. */
  readonly onMarkFailure?: (error: unknown) => void;
}

const lockAndBind = (dataDir: string) => {
  const lock = lockDataDir(dataDir);
  try {
    return { lock, bound: bindStoreFiles(dataDir) };
  } catch (error) {
    lock.release();
    throw error;
  }
};

/**
 * All engines of the embedded form on one directory, which is this service's alone until it is closed.
 * @throws DataDirLocked, StoreIncomplete, KeyStoreLocked
 */
export const openEmbeddedEngines = async ({
  dataDir,
  clock,
  onDamage,
  onMarkFailure = () => undefined,
  ...keys
}: EmbeddedOptions) => {
  const { lock, bound } = lockAndBind(dataDir);
  const files = createFileSet(onDamage);
  const path = join(dataDir, databaseFileName);
  const db = files.add(await openThreadedDatabase(path, { hasCheckpointer: true, onDamage: files.condemn }));
  const personalData = files.add(await openPersonalData({ directory: dataDir, ...keys, onDamage: files.condemn }));
  bound.close();
  files.watch();
  const engines = await createReadEngines(db, { isSoleWriter: true });
  const checkpointer = startCheckpointer(path);
  const mark = keepMark(dataDir, bound.id, db, onMarkFailure);
  const stopping = new AbortController();
  const filling = fillChecksums(db, stopping.signal).catch(() => undefined);
  return {
    ...engines,
    jobs: await createSqliteJobs(db, clock),
    idempotencyRecords: await createSqliteIdempotency(db, { isSoleWriter: true }),
    personalData,
    openSharedCache: null,
    /** Known in this process: there is no other. */
    usedProofs: undefined,
    checkEngines: await createStoreCheck(db, files),
    /** No client of others runs here that could be replaced. */
    recover: (_reason: unknown): boolean => false,
    close: async () => {
      stopping.abort();
      await filling;
      files.unwatch();
      await mark.stop();
      await checkpointer.stop();
      await db.close();
      await personalData.close();
      lock.release();
    },
  };
};
