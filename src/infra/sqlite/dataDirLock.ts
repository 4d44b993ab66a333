import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../commands/ports.ts';
import { keyStoreFileName } from './fileNames.ts';
import { openFile } from './openFile.ts';
import { isBusy } from './sqliteErrors.ts';

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

const lockFile = (path: string): DatabaseSync => openFile(path, { timeout: 0 }, (db) => db.exec('BEGIN EXCLUSIVE'));

/**
 * The lock file may have been removed under a service that runs. That service also holds a lock on the key store for as
 * long as it has it open, and the key store is missed when it is removed.
 */
const requireUnused = (path: string): void => {
  if (!existsSync(path)) return;
  openFile(path, { timeout: keysWaitMs }, (db) => {
    db.exec('PRAGMA locking_mode=EXCLUSIVE');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
  }).close();
};

/**
 * Makes sure that one service works on a directory, which is made if absent. The locks are those of the operating system
 * on open files, so they are gone with the process however that dies. Keep the result for as long as the service runs: a
 * lock that nobody holds on to is released when memory is cleaned up.
 * Tools that run beside the service by design, such as a rebuild, don't take it.
 * @throws DataDirLocked
 */
export const lockDataDir = (directory: string): DataDirLock => {
  mkdirSync(directory, { recursive: true });
  let lock: DatabaseSync | undefined;
  try {
    lock = lockFile(join(directory, lockFileName));
    requireUnused(join(directory, keyStoreFileName));
  } catch (error) {
    lock?.close();
    if (!isBusy(error)) throw error;
    throw new DataDirLocked(`Another service runs on ${directory}. Stop it, or give this one a directory of its own.`, {
      cause: error,
    });
  }
  const held = lock;
  return {
    release: () => {
      if (held.isOpen) held.close();
    },
  };
};
