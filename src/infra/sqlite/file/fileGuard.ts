/**
 * Notices that the files behind an open connection are gone. A removed file can still be written, and all of it is lost
 * with the process: SQLite does not look at names after it has opened them.
 */
import { statSync } from 'node:fs';
import { basename } from 'node:path';

/** What is wrong with the files, for an operator; `null` when they are the ones that were opened. */
export type FileGuard = () => string | null;

const identityOf = (path: string): string | null => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || found.nlink === 0 ? null : `${found.dev} ${found.ino}`;
};

/** Call it when the write-ahead log is there: after the first read of a connection. Looks cost some 2 µs a file. */
export const createFileGuard = (path: string): FileGuard => {
  if (path === ':memory:') return () => null;
  const opened = [path, `${path}-wal`, `${path}-shm`].map((name) => [name, identityOf(name)] as const);
  return () => {
    for (const [name, identity] of opened) {
      const now = identityOf(name);
      if (now === identity) continue;
      const found = now === null ? 'was removed while it was in use' : 'is not the file that was opened';
      return `${basename(name)} ${found}`;
    }
    return null;
  };
};
