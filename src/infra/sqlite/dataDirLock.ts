import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isBusy } from './sqliteErrors.ts';

/** Another service works on the same directory: two would send every webhook twice and fight over every checkpoint. */
export class DataDirLocked extends Error {
  override readonly name = 'DataDirLocked';
}

export interface DataDirLock {
  release(): void;
}

export const lockFileName = 'service.lock';

/**
 * Makes sure that one service works on a directory, which is made if absent. The lock is one of the operating system,
 * held by a transaction that never ends, so it is gone with the process however that dies. Keep the result for as long
 * as the service runs: a lock that nobody holds on to is released when memory is cleaned up.
 * Tools that run beside the service by design, such as a rebuild, don't take it.
 * @throws DataDirLocked
 */
export const lockDataDir = (directory: string): DataDirLock => {
  mkdirSync(directory, { recursive: true });
  const db = new DatabaseSync(join(directory, lockFileName), { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw error;
    throw new DataDirLocked(`Another service runs on ${directory}. Stop it, or give this one a directory of its own.`, {
      cause: error,
    });
  }
  return {
    release: () => {
      if (db.isOpen) db.close();
    },
  };
};
