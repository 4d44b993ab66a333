/** A backup into an empty directory: checked before it counts, and with every erasure that came after it. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { keyEncryptionKeyFileName } from '../keys/keyEncryptionKey.ts';
import type { KeyStore } from '../keys/keyStore.ts';
import { openSqliteKeyStore } from '../keys/sqliteKeyStore.ts';
import { privateDirectory } from '../privateFiles.ts';
import { openDatabase } from '../sqlite/file/database.ts';
import { lockDataDir, lockFileName } from '../sqlite/file/dataDirLock.ts';
import { databaseFileName, keyStoreFileName } from '../sqlite/file/fileNames.ts';
import { checkLog } from './checkLog.ts';
import {
  BackupBroken,
  type EventsManifest,
  eventsManifestName,
  hashFile,
  keysManifestName,
  type Manifest,
  readManifest,
  syncPath,
} from './manifest.ts';
import { BackupRefused } from './takeBackup.ts';

export interface RestoreOptions {
  readonly from: string;
  readonly keysFrom: string;
  readonly dataDir: string;
  /** Fences of all that were erased since the backup, and of others too if that is easier. */
  readonly erasures: readonly Buffer[];
}

export interface Restored {
  readonly events: number;
  readonly asOf: string;
  readonly keysAsOf: string;
}

const keyIdBytes = 16;
const unfinished = (name: string): string => `${name}.restoring`;
const files = [keyStoreFileName, databaseFileName] as const;
/** The key may be put there first; the rest is what a restore that was broken off has left. */
const mayBeThere: readonly string[] = [keyEncryptionKeyFileName, lockFileName, ...files.map(unfinished)];

const refuseUsed = async (directory: string): Promise<void> => {
  if (!existsSync(directory)) return;
  const other = (await readdir(directory)).filter((name) => !mayBeThere.includes(name));
  if (other.length > 0) {
    throw new BackupRefused(`${directory} is not empty: it has ${other[0]}. Restore into a new directory.`);
  }
};

/** The hash is taken of the copy, so it proves the copying too. @returns where it lies. */
const copyChecked = async (from: string, to: string, { file }: Manifest): Promise<string> => {
  if (!files.some((name) => name === file.name)) throw new BackupBroken(`${file.name} is no file of a backup.`);
  const target = join(to, unfinished(file.name));
  await copyFile(join(from, file.name), target);
  await chmod(target, 0o600);
  const { bytes, sha256 } = await hashFile(target);
  if (bytes !== file.bytes || sha256 !== file.sha256) {
    throw new BackupBroken(`${join(from, file.name)} is not the file that the manifest tells of.`);
  }
  return target;
};

const refuseOlderKeys = (events: Manifest, keys: Manifest): void => {
  if (Date.parse(keys.asOf) >= Date.parse(events.asOf)) return;
  throw new BackupRefused(
    `The keys are of ${keys.asOf}, before the events (${events.asOf}): keys made in between would be missing. Take later keys.`,
  );
};

const checkEvents = (path: string, { head }: EventsManifest): number => {
  const db = new DatabaseSync(path);
  try {
    const found = checkLog(db);
    if (String(found) !== head) throw new BackupBroken(`The log ends at ${found}; the manifest says ${head}.`);
    return found;
  } finally {
    db.close();
  }
};

/** Who never had a key there gets a fence too. */
export const eraseAgain = async (store: KeyStore, fences: readonly Buffer[]): Promise<void> => {
  for (const fence of fences) await store.erase(fence, randomBytes(keyIdBytes).toString('base64url'));
};

/** Overwrites each key in the copy where it stands. */
const eraseInFile = async (path: string, fences: readonly Buffer[]): Promise<void> => {
  const db = openDatabase(path);
  try {
    await eraseAgain((await openSqliteKeyStore(db)).store, fences);
  } finally {
    await db.close();
  }
};

const restoreInto = async ({ from, keysFrom, dataDir, erasures }: RestoreOptions): Promise<Restored> => {
  const events = await readManifest<EventsManifest>(from, eventsManifestName);
  const keys = await readManifest(keysFrom, keysManifestName);
  refuseOlderKeys(events, keys);
  const keysPath = await copyChecked(keysFrom, dataDir, keys);
  const eventsPath = await copyChecked(from, dataDir, events);
  const head = checkEvents(eventsPath, events);
  await eraseInFile(keysPath, erasures);
  for (const path of [keysPath, eventsPath]) await syncPath(path);
  // The keys first: no moment may show a log whose keys are missing.
  await rename(keysPath, join(dataDir, keyStoreFileName));
  await rename(eventsPath, join(dataDir, databaseFileName));
  await syncPath(dataDir);
  return { events: head, asOf: events.asOf, keysAsOf: keys.asOf };
};

/**
 * No service can start on the directory meanwhile. A restore that was broken off is simply repeated.
 * @throws BackupRefused, BackupBroken, DataDirLocked
 */
export const restoreBackup = async (options: RestoreOptions): Promise<Restored> => {
  const { dataDir } = options;
  await refuseUsed(dataDir);
  await mkdir(dataDir, privateDirectory);
  const lock = lockDataDir(dataDir);
  try {
    return await restoreInto(options);
  } finally {
    for (const name of files) await rm(join(dataDir, unfinished(name)), { force: true });
    lock.release();
  }
};
