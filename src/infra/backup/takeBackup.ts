/** A backup of the embedded form while it runs (R20.4): events and read models in one file, keys in another. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { privateDirectory } from '../privateFiles.ts';
import { databaseFileName, keyStoreFileName } from '../sqlite/file/fileNames.ts';
import { type CopyProgress, copyDatabase, settleCopy } from './copyDatabase.ts';
import {
  type BackupFile,
  type EventsManifest,
  eventsManifestName,
  hashFile,
  keysManifestName,
  type Manifest,
  syncPath,
  writeManifest,
} from './manifest.ts';

/** The place to copy from or to is not as it must be; nothing was done. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused';
}

export interface BackupOptions {
  readonly dataDir: string;
  readonly to: string;
  /** Apart from the events by preference: the same as `to` if need be. */
  readonly keysTo: string;
  readonly version: string;
  readonly onProgress: (file: string, progress: CopyProgress) => void;
}

export interface BackupTaken {
  readonly events: EventsManifest;
  readonly keys: Manifest;
}

const makeEmpty = async (directory: string): Promise<void> => {
  await mkdir(directory, privateDirectory);
  if ((await readdir(directory)).length > 0) {
    throw new BackupRefused(`${directory} is not empty. Each backup takes a directory of its own.`);
  }
};

const finish = async (path: string, name: string): Promise<BackupFile> => {
  await chmod(path, 0o600);
  await syncPath(path);
  return { name, ...(await hashFile(path)) };
};

/**
 * The events first: a key is durable before anything is sealed with it, so a later copy of the keys has all that the
 * events need. A subject that was erased in between has no key in the copy, and its events stay unreadable, as they must.
 * @throws BackupRefused
 */
export const takeBackup = async ({ dataDir, to, keysTo, version, onProgress }: BackupOptions): Promise<BackupTaken> => {
  for (const name of [databaseFileName, keyStoreFileName]) {
    // SQLite would make an empty one.
    if (!existsSync(join(dataDir, name))) throw new BackupRefused(`${join(dataDir, name)} is not there. Set DATA_DIR.`);
  }
  for (const directory of new Set([to, keysTo])) await makeEmpty(directory);

  const copy = async (name: string, directory: string): Promise<string> =>
    copyDatabase(join(dataDir, name), join(directory, name), (progress) => {
      onProgress(name, progress);
    });

  const eventsAsOf = await copy(databaseFileName, to);
  const keysAsOf = await copy(keyStoreFileName, keysTo);

  const headOf = settleCopy(join(to, databaseFileName), (db) =>
    db.prepare('SELECT coalesce(max(position), 0) AS head FROM events').get(),
  );
  settleCopy(join(keysTo, keyStoreFileName), () => undefined);

  const base = { format: 1, version } as const;
  const keysFile = await finish(join(keysTo, keyStoreFileName), keyStoreFileName);
  const keys: Manifest = { ...base, asOf: keysAsOf, file: keysFile };
  const eventsFile = await finish(join(to, databaseFileName), databaseFileName);
  const events: EventsManifest = { ...base, asOf: eventsAsOf, head: String(headOf?.head), file: eventsFile };
  await writeManifest(keysTo, keysManifestName, keys);
  await writeManifest(to, eventsManifestName, events);
  return { events, keys };
};
