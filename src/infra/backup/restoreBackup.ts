/** A backup into an empty directory: checked before it counts, and with every erasure that came after it. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { keyEncryptionKeyFileName } from '../keys/keyFiles.ts';
import type { KeyStore } from '../keys/keyStore.ts';
import { openSqliteKeyStore } from '../keys/sqliteKeyStore.ts';
import { databaseFileName, keyStoreFileName, privateDirectory, syncPath } from '../privateFiles.ts';
import { removeIndex } from '../sqlite/events/upgrades.ts';
import { openDatabase } from '../sqlite/file/database.ts';
import { lockDataDir, lockFileName } from '../sqlite/file/storeFiles.ts';
import {
  BackupBroken,
  BackupRefused,
  type EventsManifest,
  eventsManifestName,
  hashFile,
  keysManifestName,
  type Manifest,
  readManifest,
} from './takeBackup.ts';

const one = (db: DatabaseSync, sql: string): Record<string, unknown> => db.prepare(sql).get() ?? {};

/**
 * Positions are 1, 2, 3 … and revisions of each stream 0, 1, 2 …, as nothing is ever deleted. Read models lie in the same
 * file and were copied at the same moment, so none may know more than the log.
 * @returns position of the newest event. @throws BackupBroken that says what is wrong.
 */
const checkLog = (db: DatabaseSync): number => {
  const { quick_check: verdict } = one(db, 'PRAGMA quick_check(1)');
  if (verdict !== 'ok') throw new BackupBroken(`The file is damaged: ${verdict as string}`);
  const { count, first, last } = one(
    db,
    'SELECT count(*) AS count, min(position) AS first, max(position) AS last FROM events',
  );
  const head = Number(last ?? 0);
  if (count !== head || Number(first ?? 0) !== Math.min(1, head)) throw new BackupBroken('The log has gaps.');
  const { name } = one(
    db,
    `SELECT s.name FROM events e JOIN streams s ON s.id = e.stream GROUP BY e.stream
     HAVING min(e.revision) <> 0 OR max(e.revision) + 1 <> count(*) LIMIT 1`,
  );
  if (name !== undefined) throw new BackupBroken(`The stream ${name as string} has gaps.`);
  const ahead = db.prepare('SELECT name FROM checkpoints WHERE commitAt > ? LIMIT 1').get(head);
  if (ahead !== undefined) throw new BackupBroken(`The checkpoint of ${ahead.name as string} is ahead of the log.`);
  return head;
};

interface RestoreOptions {
  readonly from: string;
  readonly keysFrom: string;
  readonly dataDir: string;
  /** Fences of all that were erased since the backup, and of others too if that is easier. */
  readonly erasures: readonly Buffer[];
}

interface Restored {
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
    // It follows from the log. The first start makes it, whatever was wrong with the one in the backup.
    removeIndex({ prepare: (sql) => db.prepare(sql) });
    return found;
  } finally {
    db.close();
  }
};

/** A subject without a key there gets a fence too. */
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
