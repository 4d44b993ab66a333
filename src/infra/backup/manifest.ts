/** What a backup consists of: which files, how long, with which hash, as of when. Written last, so that a backup without one is none. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export class BackupBroken extends Error {
  override readonly name = 'BackupBroken';
}

export interface BackupFile {
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

/** A file, or the names in a directory, on the disk and not only in the cache of the operating system. */
export const syncPath = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

export const writeManifest = async (directory: string, name: string, manifest: Manifest): Promise<void> => {
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
