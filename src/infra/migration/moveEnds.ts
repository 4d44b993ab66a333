/** Both ends of a move: the embedded form as it lies on the disk, and the stores that a URL names. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IdempotencyRecords } from '../../commands/ports.ts';
import { decodeStored } from '../../domain/events.ts';
import type { Position, RecordedEvent } from '../../eventsourcing/message.ts';
import type { Checkpoints, EventSource, EventStore } from '../../eventsourcing/ports.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { createEventStoreEvents } from '../eventstoredb/events.ts';
import type { KeyStore } from '../keys/keyStore.ts';
import { openSqliteKeyStore } from '../keys/sqliteKeyStore.ts';
import { createMongoCheckpoints } from '../mongodb/checkpoints.ts';
import { openMongo } from '../mongodb/connect.ts';
import { createMongoDocuments } from '../mongodb/documents.ts';
import { createMongoIdempotency } from '../mongodb/idempotency.ts';
import { createMongoKeyStore } from '../mongodb/keyStore.ts';
import { databaseFileName, keyStoreFileName, privateDirectory } from '../privateFiles.ts';
import { createSqliteCheckpoints } from '../sqlite/checkpoints.ts';
import { createSqliteDocuments } from '../sqlite/documents/documents.ts';
import { eventWrites } from '../sqlite/events/appends.ts';
import { asWritten, eventColumns, selectEvents } from '../sqlite/events/eventRows.ts';
import { createSqliteEvents } from '../sqlite/events/events.ts';
import { type Database, type LocalDatabase, openDatabase } from '../sqlite/file/database.ts';
import { type DataDirLock, lockDataDir, requireKeysUnused } from '../sqlite/file/storeFiles.ts';
import { createSqliteIdempotency } from '../sqlite/idempotency.ts';
import { createIdempotencyRows, createSqliteKeyRows, type IdempotencyRows, type KeyRows } from './sideStores.ts';

/** The log of a file as it is stored, never upcast: what is moved elsewhere must stay what it was. */

export interface StoredLog {
  /** Events after a position (exclusive) in order, at most `limit`. */
  read(from: Position | null, limit: number): Promise<readonly RecordedEvent[]>;
  /** The event at this very position; `null` when none is there. */
  at(position: Position): Promise<RecordedEvent | null>;
  /** How many there are. */
  count(): Promise<number>;
}

export const createStoredLog = (db: Database): StoredLog => {
  const selectAfter = selectEvents(
    db,
    `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream
     WHERE e.position > ? ORDER BY e.position LIMIT ?`,
    asWritten,
  );
  const selectAt = selectEvents(
    db,
    `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream WHERE e.position = ?`,
    asWritten,
  );
  const selectCount = db.prepare('SELECT count(*) AS count FROM events');
  return {
    read: (from, limit) => db.read(() => selectAfter.all(from?.commit ?? 0n, limit)),
    at: ({ commit }) => db.read(() => selectAt.all(commit)[0] ?? null),
    count: () => db.read(() => selectCount.get()?.count as number),
  };
};

/** There is nothing to move there, or no adapter for that place. */
export class NoSuchPlace extends Error {
  override readonly name = 'NoSuchPlace';
}

export interface MoveSource {
  readonly log: StoredLog;
  readonly keys: KeyRows;
  readonly answers: IdempotencyRows;
  readonly documents: Documents;
  readonly checkpoints: Checkpoints;
  close(): Promise<void>;
}

const closeAll = async (databases: readonly LocalDatabase[], lock: DataDirLock): Promise<void> => {
  for (const db of databases) await db.close();
  lock.release();
};

/**
 * The directory is locked until it is closed: what a service wrote meanwhile would be missing in the end.
 * @throws DataDirLocked when a service runs on it, NoSuchPlace.
 */
export const openEmbeddedSource = async (dataDir: string): Promise<MoveSource> => {
  for (const name of [databaseFileName, keyStoreFileName]) {
    if (!existsSync(join(dataDir, name))) throw new NoSuchPlace(`${join(dataDir, name)} is not there. Set DATA_DIR.`);
  }
  const lock = lockDataDir(dataDir);
  const db = openDatabase(join(dataDir, databaseFileName));
  const keysDb = openDatabase(join(dataDir, keyStoreFileName));
  await db.writer(eventWrites);
  return {
    log: createStoredLog(db),
    keys: await createSqliteKeyRows(keysDb),
    answers: await createIdempotencyRows(db),
    documents: createSqliteDocuments(db),
    checkpoints: await createSqliteCheckpoints(db),
    close: () => closeAll([db, keysDb], lock),
  };
};

interface Opened<Port> {
  readonly port: Port;
  close(): Promise<void>;
}

/** A connection string with several hosts is no URL by the standard, so only its beginning is looked at. */
const protocolOf = (url: string): string => /^([a-z+]+:)\/\//.exec(url)?.[1] ?? '';

/** A store in another directory, which takes events as any other does. The keys go there first, and are still open. */
const openFileEvents = async (url: string): Promise<Opened<EventStore & EventSource>> => {
  const directory = fileURLToPath(url);
  const lock = lockDataDir(directory, { hasKeysOpen: true });
  const db = openDatabase(join(directory, databaseFileName));
  return {
    port: await createSqliteEvents(db, decodeStored, { isSoleWriter: true }),
    close: () => closeAll([db], lock),
  };
};

/** A move follows nothing, so no subscription can drop. */
const noLogger = { warn: () => undefined, info: () => undefined };

const openServerEvents = (url: string, debug: string | undefined): Opened<EventStore & EventSource> => {
  const port = createEventStoreEvents({ url, debug, decode: decodeStored, logger: noLogger });
  return { port, close: () => port.close() };
};

/**
 * @param debug the environment variable `DEBUG`, by which the client would print secrets
 * @throws NoSuchPlace, ConfigError
 */
export const openEventTarget = async (url: string, debug?: string): Promise<Opened<EventStore & EventSource>> => {
  switch (protocolOf(url)) {
    case 'file:':
      return openFileEvents(url);
    case 'esdb:':
    case 'esdb+discover:':
      return openServerEvents(url, debug);
    default:
      throw new NoSuchPlace('--to must be a URL of an EventStoreDB (esdb:) or of a directory (file:).');
  }
};

/** What is kept beside the log and can't be made anew from it. */
export interface SideStores {
  readonly keys: KeyStore;
  readonly answers: IdempotencyRecords;
  /** For the ledger of webhook deliveries, where the service will look for it. */
  readonly documents: Documents;
  readonly checkpoints: Checkpoints;
}

const openFileSideStores = async (url: string): Promise<Opened<SideStores>> => {
  const directory = fileURLToPath(url);
  mkdirSync(directory, privateDirectory);
  requireKeysUnused(directory);
  const db = openDatabase(join(directory, databaseFileName));
  const keysDb = openDatabase(join(directory, keyStoreFileName));
  const port = {
    keys: (await openSqliteKeyStore(keysDb)).store,
    answers: await createSqliteIdempotency(db),
    documents: createSqliteDocuments(db),
    checkpoints: await createSqliteCheckpoints(db),
  };
  return {
    port,
    close: async () => {
      await db.close();
      await keysDb.close();
    },
  };
};

const openServerSideStores = (url: string): Opened<SideStores> => {
  const mongo = openMongo({ url });
  const port = {
    keys: createMongoKeyStore(mongo),
    answers: createMongoIdempotency(mongo),
    documents: createMongoDocuments(mongo),
    checkpoints: createMongoCheckpoints(mongo),
  };
  return { port, close: () => mongo.close() };
};

/** @throws NoSuchPlace, ConfigError */
export const openSideStores = async (url: string): Promise<Opened<SideStores>> => {
  switch (protocolOf(url)) {
    case 'file:':
      return openFileSideStores(url);
    case 'mongodb:':
    case 'mongodb+srv:':
      return openServerSideStores(url);
    default:
      throw new NoSuchPlace('--keys-to must be a URL of a MongoDB (mongodb:) or of a directory (file:).');
  }
};
