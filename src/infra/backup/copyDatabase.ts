/** A copy of a SQLite file that others write meanwhile. */
import { backup, DatabaseSync } from 'node:sqlite';
import { createPrivateFile } from '../privateFiles.ts';
import { openFile } from '../sqlite/file/openFile.ts';

/** 4 MiB between two looks at the clock of the screen. */
const pagesAtOnce = 1_000;
const lockWaitMaxMs = 5_000;

export interface CopyProgress {
  readonly donePages: number;
  readonly totalPages: number;
}

/**
 * The state of one moment: a read transaction holds it still, so nobody waits for the copy, and no write makes it begin
 * anew. The write-ahead log can't shrink until it is done. @returns that moment, ISO 8601 UTC.
 */
export const copyDatabase = async (
  from: string,
  to: string,
  onProgress: (progress: CopyProgress) => void,
): Promise<string> => {
  createPrivateFile(to);
  const source = openFile(from, { timeout: lockWaitMaxMs }, (db) => {
    db.exec('BEGIN');
    // The transaction begins with its first read.
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
  });
  try {
    const asOf = new Date().toISOString();
    const pages = await backup(source, to, {
      rate: pagesAtOnce,
      progress: ({ totalPages, remainingPages }) => {
        onProgress({ donePages: totalPages - remainingPages, totalPages });
      },
    });
    // It tells of each step but the last.
    onProgress({ donePages: pages, totalPages: pages });
    source.exec('COMMIT');
    return asOf;
  } finally {
    source.close();
  }
};

/** Makes a copy one file that needs no other beside it. The service turns it back to a write-ahead log. */
export const settleCopy = <T>(path: string, read: (copy: DatabaseSync) => T): T => {
  const copy = new DatabaseSync(path);
  try {
    copy.exec('PRAGMA journal_mode=DELETE');
    return read(copy);
  } finally {
    copy.close();
  }
};
