/** The data directory is its owner's alone: to read it is to have the orders, and with the keys the customers too (R7.5). */
import { chmodSync, closeSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const directoryMode = 0o700;
const fileMode = 0o600;
/** Any right of the group or of others. */
const othersMask = 0o077;

/** For `mkdir`. */
export const privateDirectory = { recursive: true, mode: directoryMode } as const;

/** Leaves a file that is there as it is. What is wrong with the place is told better where the file is opened. */
export const createPrivateFile = (path: string): void => {
  try {
    closeSync(openSync(path, 'wx', fileMode));
  } catch {
    return;
  }
};

/** What the names of our files begin with; SQLite adds `-wal`, `-shm` and `-journal`. */
const ownNames: readonly string[] = [
  'stockledger.',
  'keys.',
  'service.lock',
  'log.mark',
  'erasures.log',
  'key-encryption.key',
  'oidc-signing-keys.json',
  'access-log',
];
const isOwn = (name: string): boolean => ownNames.some((own) => name.startsWith(own));

const tighten = (path: string, mode: number): boolean => {
  try {
    chmodSync(path, mode);
    return true;
  } catch {
    // It belongs to another user.
    return false;
  }
};

const isLoose = (path: string): boolean => (lstatSync(path).mode & othersMask) !== 0;

const entriesOf = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
};

const tightenDirectory = (directory: string, names: readonly string[]): readonly string[] => {
  if (names.length === 0 || !isLoose(directory)) return [];
  // A directory that is used for other things as well may be open for a reason.
  return names.every(isOwn) && tighten(directory, directoryMode) ? [] : [directory];
};

/**
 * Takes the rights of others from what an earlier release or a copy has left open in a data directory, which may be absent.
 * @returns paths that others can still reach.
 */
export const closeDataDir = (directory: string): readonly string[] => {
  const names = entriesOf(directory);
  const loose = names
    .filter((name) => isOwn(name))
    .map((name) => join(directory, name))
    .filter((path) => lstatSync(path).isFile() && isLoose(path));
  return [...tightenDirectory(directory, names), ...loose.filter((path) => !tighten(path, fileMode))];
};

/** Events, read models, checkpoints, jobs and idempotency answers of the embedded form. */
export const databaseFileName = 'stockledger.db';
/** Wrapped keys of personal data. */
export const keyStoreFileName = 'keys.db';
/** How far the log had come a moment ago. */
export const markFileName = 'log.mark';

/** A file, or the names in a directory, on the disk and not only in the cache of the operating system. */
export const syncPath = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
