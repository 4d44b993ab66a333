/** Opening a SQLite file, with a failure that names the file and says what to do: SQLite's own words do neither. */
import { DatabaseSync, type DatabaseSyncOptions } from 'node:sqlite';
import { OperatorError } from '../../../commands/ports.ts';
import { createPrivateFile } from '../../privateFiles.ts';
import { isBusy, primaryCode } from './sqliteErrors.ts';

/** The file is there and can't be used, or can't be made. */
export class FileUnusable extends OperatorError {
  override readonly name = 'FileUnusable';
}

const inMemory = ':memory:';

const restore = 'Restore it from a backup (docs/disaster-recovery.md); npm run verify says more.';
const permit =
  'Let the user of the service read and write it and its directory (the limit of open files may be too low).';
const access = `It can't be opened. ${permit}`;
const readOnly =
  'It is read-only. Let the user of the service write it and its directory, on a disk that can be written.';

/** By the result codes of SQLite (https://sqlite.org/rescode.html). */
const reasons: Readonly<Record<number, string>> = {
  3: access,
  8: readOnly,
  10: 'It can not be read, written or locked. Look at its owner and rights, at the disk, and at the log of the system.',
  11: `It is damaged. ${restore}`,
  13: 'The disk is full. Make room.',
  14: access,
  23: access,
  26: `It is damaged, or no database at all. ${restore}`,
};

/** The failure of an open as the operator needs it. A file that is locked, and what is not known, stays as it is. */
export const asUnusable = (path: string, error: unknown): unknown => {
  const reason = reasons[primaryCode(error) ?? 0];
  return reason === undefined || isBusy(error) ? error : new FileUnusable(`${path}: ${reason}`, { cause: error });
};

/**
 * Opens the file, made for its owner alone if absent, and does what `prepare` says; closes it when that throws. @throws FileUnusable
 */
export const openFile = (
  path: string,
  options: DatabaseSyncOptions,
  prepare: (db: DatabaseSync) => void,
): DatabaseSync => {
  let db: DatabaseSync | undefined;
  try {
    // SQLite gives the write-ahead log and its index the mode of the file.
    if (path !== inMemory && options.readOnly !== true) createPrivateFile(path);
    db = new DatabaseSync(path, options);
    prepare(db);
    return db;
  } catch (error) {
    db?.close();
    throw asUnusable(path, error);
  }
};
