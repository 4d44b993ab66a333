/** The files of a data directory: one service's alone, and of one store. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../../commands/ports.ts';
import { databaseFileName, keyStoreFileName, markFileName, privateDirectory } from '../../privateFiles.ts';
import { lossAtEndOf, restoreAdvice } from '../events/logIntegrity.ts';
import { isBusy, openConnection, openFile } from './connection.ts';

/** A file is missing beside the other, or they are of two stores. */
export class StoreIncomplete extends OperatorError {
  override readonly name = 'StoreIncomplete';
}

interface StoreFiles {
  readonly id: string;
  /** When the engines have opened the files: the last connection to close would move the whole write-ahead log. */
  close(): void;
}

interface Facts {
  readonly exists: boolean;
  /** `null` before this store had one, and in a file that is new. */
  readonly id: string | null;
  /** Whether anything was ever kept in it. */
  readonly isUsed: boolean;
}

const schema = 'CREATE TABLE IF NOT EXISTS store (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL) STRICT';
const connectionOptions = { lockWaitMaxMs: 2_000, hasCheckpointer: true, cacheKiB: 256 };

const hasTable = (db: DatabaseSync, name: string): boolean =>
  db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;

const factsOf = (db: DatabaseSync | null, table: 'events' | 'proof'): Facts => {
  if (db === null) return { exists: false, id: null, isUsed: false };
  const row = hasTable(db, 'store') ? db.prepare('SELECT id FROM store').get() : undefined;
  const isUsed = hasTable(db, table) && db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() !== undefined;
  return { exists: true, id: (row?.id as string | undefined) ?? null, isUsed };
};

const writeId = (db: DatabaseSync, id: string): void => {
  db.exec(schema);
  db.prepare('INSERT OR IGNORE INTO store VALUES (1, ?)').run(id);
};

/** A file that was there once, and is missing or new. On a first start the log has its id before the keys have theirs. */
const lossOf = (log: Facts, keys: Facts, hasMark: boolean): string | null => {
  if (!log.exists && keys.isUsed) return `${databaseFileName} is missing beside ${keyStoreFileName}.`;
  if (!log.exists && hasMark) return `${databaseFileName} is missing beside ${markFileName}.`;
  if (keys.id !== null && log.id === null && !log.isUsed) return `${databaseFileName} is empty beside used keys.`;
  if (log.isUsed && !keys.exists) return `${keyStoreFileName} is missing beside ${databaseFileName}.`;
  if (log.isUsed && !keys.isUsed) return `${keyStoreFileName} is empty beside ${databaseFileName}.`;
  return null;
};

const refusalOf = (directory: string, log: Facts, keys: Facts): string | null => {
  const loss = lossOf(log, keys, existsSync(join(directory, markFileName)));
  if (loss !== null) return `${directory}: ${loss} ${restoreAdvice}`;
  if (log.id === null || keys.id === null || log.id === keys.id) return null;
  return `${directory}: ${databaseFileName} and ${keyStoreFileName} are of two stores. Restore both from one backup.`;
};

const requireEnd = (directory: string, db: DatabaseSync, id: string): void => {
  const loss = lossAtEndOf(directory, db, id);
  if (loss !== null) throw new StoreIncomplete(`${directory}: ${loss}`);
};

const openIfThere = (path: string): DatabaseSync | null =>
  existsSync(path) ? openConnection(path, connectionOptions) : null;

/**
 * Both files, made if neither was there. The directory is locked by the caller.
 * @throws StoreIncomplete
 */
export const bindStoreFiles = (directory: string): StoreFiles => {
  const paths = [join(directory, databaseFileName), join(directory, keyStoreFileName)] as const;
  const opened: DatabaseSync[] = [];
  const close = (): void => {
    for (const db of opened.splice(0)) db.close();
  };
  const keep = (db: DatabaseSync): DatabaseSync => {
    opened.push(db);
    return db;
  };
  try {
    const found = paths.map((path) => {
      const db = openIfThere(path);
      return db === null ? null : keep(db);
    });
    const [log, keys] = [factsOf(found[0] ?? null, 'events'), factsOf(found[1] ?? null, 'proof')];
    const refusal = refusalOf(directory, log, keys);
    if (refusal !== null) throw new StoreIncomplete(refusal);
    const id = log.id ?? keys.id ?? randomUUID();
    const [logDb, keysDb] = paths.map((path, index) => found[index] ?? keep(openConnection(path, connectionOptions)));
    if (logDb === undefined || keysDb === undefined) throw new Error('two paths make two connections');
    if (log.id === null) writeId(logDb, id);
    if (keys.id === null) writeId(keysDb, id);
    if (log.isUsed) requireEnd(directory, logDb, id);
    return { id, close };
  } catch (error) {
    close();
    throw error;
  }
};

/** Another service works on the same directory: two would send every webhook twice and fight over every checkpoint. */
export class DataDirLocked extends OperatorError {
  override readonly name = 'DataDirLocked';
}

export interface DataDirLock {
  release(): void;
}

export const lockFileName = 'service.lock';

/** A backup has the keys open for a moment, beside a service that starts. */
const keysWaitMs = 2_000;

const asLocked = (directory: string, error: unknown): unknown =>
  isBusy(error)
    ? new DataDirLocked(`Another service runs on ${directory}. Stop it, or give this one a directory of its own.`, {
        cause: error,
      })
    : error;

const lockFile = (directory: string): DatabaseSync => {
  try {
    return openFile(join(directory, lockFileName), { timeout: 0 }, (db) => db.exec('BEGIN EXCLUSIVE'));
  } catch (error) {
    throw asLocked(directory, error);
  }
};

/**
 * The lock file may have been removed under a service that runs. That service also holds a lock on the key store for as
 * long as it has it open, and the key store is missed when it is removed. @throws DataDirLocked
 */
export const requireKeysUnused = (directory: string): void => {
  const path = join(directory, keyStoreFileName);
  if (!existsSync(path)) return;
  try {
    openFile(path, { timeout: keysWaitMs }, (db) => {
      db.exec('PRAGMA locking_mode=EXCLUSIVE');
      db.prepare('SELECT count(*) FROM sqlite_schema').get();
    }).close();
  } catch (error) {
    throw asLocked(directory, error);
  }
};

/**
 * Makes sure that one service works on a directory, which is made if absent. The locks are those of the operating
 * system on open files, so they are gone with the process however that dies. Keep the result for as long as the service
 * runs: a lock without a reference is released when memory is cleaned up. Tools that run beside the service by design,
 * such as a rebuild, don't take it. `hasKeysOpen`: this process has the key store open already, after it looked by
 * `requireKeysUnused`.
 * @throws DataDirLocked
 */
export const lockDataDir = (directory: string, { hasKeysOpen = false } = {}): DataDirLock => {
  mkdirSync(directory, privateDirectory);
  const lock = lockFile(directory);
  const release = (): void => {
    if (lock.isOpen) lock.close();
  };
  try {
    if (!hasKeysOpen) requireKeysUnused(directory);
  } catch (error) {
    release();
    throw error;
  }
  return { release };
};
