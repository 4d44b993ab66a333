/** A backup of the embedded form while it runs (R20.4): events and read models in one file, keys in another. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { createPrivateFile, databaseFileName, keyStoreFileName, privateDirectory, syncPath } from '../privateFiles.ts';
import { openFile } from '../sqlite/file/connection.ts';

/** 4 MiB between two looks at the clock of the screen. */
const pagesAtOnce = 1_000;
const lockWaitMaxMs = 5_000;

interface CopyProgress {
  readonly donePages: number;
  readonly totalPages: number;
}

/**
 * Copies the state of one moment. A read transaction holds it still: writers don't wait, and no write makes the copy begin
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

/** A manifest lists the files of a backup, with lengths, hashes and their moment. It is written last: without it there is no backup. */

export class BackupBroken extends Error {
  override readonly name = 'BackupBroken';
}

interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface Manifest {
  readonly format: 1;
  /** Of the service that took it. */
  readonly version: string;
  /** When the copied state was the present one, ISO 8601 UTC. */
  readonly asOf: string;
  readonly file: BackupFile;
}

/** Of the events: position of the newest one, in decimal digits, which is also how many there are. */
export interface EventsManifest extends Manifest {
  readonly head: string;
}

export const eventsManifestName = 'manifest.json';
export const keysManifestName = 'keys-manifest.json';

export const hashFile = async (path: string): Promise<Omit<BackupFile, 'name'>> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { bytes: (await stat(path)).size, sha256: hash.digest('hex') };
};

const writeManifest = async (directory: string, name: string, manifest: Manifest): Promise<void> => {
  const path = join(directory, name);
  await writeFile(path, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await syncPath(path);
  await syncPath(directory);
};

const isManifest = (value: unknown): value is Manifest => {
  const { format, asOf, file } = (value ?? {}) as Partial<Manifest>;
  return format === 1 && typeof asOf === 'string' && typeof file?.bytes === 'number' && typeof file.sha256 === 'string';
};

/** @throws BackupBroken when there is none, or it is not one of ours. */
export const readManifest = async <M extends Manifest>(directory: string, name: string): Promise<M> => {
  const path = join(directory, name);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new BackupBroken(`${path} is not there: this is no backup, or one that was not finished.`, { cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BackupBroken(`${path} is damaged.`, { cause: error });
  }
  if (!isManifest(value)) throw new BackupBroken(`${path} is damaged, or of another version.`);
  return value as M;
};

/** The place to copy from or to is not as it must be; nothing was done. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused';
}

interface BackupOptions {
  readonly dataDir: string;
  readonly to: string;
  /** Apart from the events by preference: the same as `to` if need be. */
  readonly keysTo: string;
  readonly version: string;
  readonly onProgress: (file: string, progress: CopyProgress) => void;
}

interface BackupTaken {
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
