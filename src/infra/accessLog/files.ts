/** The files of an access log: a new one on each day, when one is full, and after each start. Old ones are removed. */
import type { KeyObject } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findEnd, type LogEnd } from './end.ts';
import { fileNameOf, headName, headOf, lineOf, logFilesIn, type Seal } from './lines.ts';

/** A person's tools read a file of this size within a second. */
const fileBytesMax = 64 * 1_024 * 1_024;
const privateFile = 0o600;
const dayMs = 24 * 3_600_000;

export interface AccessLogOptions {
  /** Of this process alone. Made if absent. */
  readonly directory: string;
  readonly key: KeyObject;
  readonly keptDays: number;
  readonly nowMs: () => number;
  /** Lines can not be written; told once, until they are again. */
  readonly onFailure: (error: unknown) => void;
  /** A file ends at so many bytes. */
  readonly fileBytes?: number;
}

interface CurrentFile {
  /** Lines that begin the file; empty when it has begun. */
  readonly prefix: string;
  /** All of it or, as far as the log is concerned, nothing. */
  append(parts: readonly Uint8Array[]): Promise<void>;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export const createLogFiles = (
  { directory, key, keptDays, nowMs, fileBytes = fileBytesMax }: AccessLogOptions,
  end: Pick<LogEnd, 'unsealed' | 'fileNumber'>,
) => {
  let { fileNumber, unsealed } = end;
  let file: { readonly handle: FileHandle; readonly day: string; bytes: number } | null = null;

  /** @returns what stands in the log of it. */
  const removeOld = async (today: string): Promise<string> => {
    const before = dayOf(Date.parse(today) - keptDays * dayMs);
    const old = logFilesIn(await readdir(directory)).filter(({ day }) => day < before);
    for (const { name } of old) await rm(join(directory, name));
    return old.length === 0 ? '' : lineOf({ removed: old.map(({ name }) => name) });
  };

  const close = async (): Promise<void> => {
    const closing = file;
    file = null;
    await closing?.handle.datasync();
    await closing?.handle.close();
  };

  /** What it left in the file is not sealed: the next write goes into another one, which says how much of this one counts. */
  const giveUp = async (): Promise<void> => {
    await file?.handle.close().catch(() => undefined);
    file = null;
    const there = await findEnd(directory).catch(() => null);
    if (there !== null) ({ unsealed, fileNumber } = there);
  };

  const append = async (parts: readonly Uint8Array[]): Promise<void> => {
    if (file === null) throw new Error('a block was written to no file');
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const { bytesWritten } = await file.handle.writev([...parts]);
    if (bytesWritten < length) throw new Error(`${bytesWritten} of ${length} bytes were written`);
    file.bytes += length;
    unsealed = 0;
  };

  return {
    /** @param after what is sealed so far. */
    current: async ({ lines, seal }: Seal): Promise<CurrentFile> => {
      const today = dayOf(nowMs());
      if (file !== null && (file.bytes >= fileBytes || file.day !== today)) await close();
      let prefix = '';
      if (file === null) {
        prefix = lineOf({ version: 1, after: seal, next: lines + 1, unsealed }) + (await removeOld(today));
        const handle = await open(join(directory, fileNameOf(today, fileNumber)), 'ax', privateFile);
        fileNumber += 1;
        file = { handle, day: today, bytes: 0 };
      }
      return {
        prefix,
        append: async (parts) => {
          try {
            await append(parts);
          } catch (error) {
            await giveUp();
            throw error;
          }
        },
      };
    },
    /** On the disk before it is said to be there. */
    markHead: async (sealed: Seal): Promise<void> => {
      await file?.handle.datasync();
      const path = join(directory, headName);
      await writeFile(`${path}.new`, `${JSON.stringify(headOf(key, sealed))}\n`, { mode: privateFile });
      await rename(`${path}.new`, path);
    },
    close,
  };
};
