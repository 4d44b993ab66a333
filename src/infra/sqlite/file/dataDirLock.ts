import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../../commands/ports.ts';
import { privateDirectory } from '../../privateFiles.ts';
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
 * Makes sure that one service works on a directory, which is made if absent. The locks are those of the operating system
 * on open files, so they are gone with the process however that dies. Keep the result for as long as the service runs: a
 * lock without a reference is released when memory is cleaned up.
 * Tools that run beside the service by design, such as a rebuild, don't take it.
 * `hasKeysOpen`: this process has the key store open already, after it looked by `requireKeysUnused`.
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
