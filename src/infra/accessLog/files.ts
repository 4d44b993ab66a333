/** The files of an access log: a new one on each day, when one is full, and after each start. Old ones are removed. */
import type { KeyObject } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { privateDirectory } from '../privateFiles.ts';
import { findEnd, type LogEnd } from './end.ts';
import { fileNameOf, headName, headOf, type LogFile, lineOf, logFilesIn, type Seal } from './lines.ts';

/** A person's tools read a file of this size within a second. */
const fileBytesMax = 64 * 1_024 * 1_024;
/** Ten gigabytes of full files: whoever floods us must not fill the disk that the store is on. */
const filesMax = 160;
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

interface OpenFile {
  readonly handle: FileHandle;
  readonly day: string;
  /** 0: it has not begun. */
  bytes: number;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** From the oldest on, so that what stays is whole, whatever the clock has done. */
const oldOf = (files: readonly LogFile[], before: string): readonly LogFile[] => {
  const firstKept = files.findIndex(({ day }, index) => day >= before && files.length - index <= filesMax);
  return files.slice(0, firstKept < 0 ? Math.max(0, files.length - filesMax) : firstKept);
};

export const createLogFiles = (
  { directory, key, keptDays, nowMs, fileBytes = fileBytesMax }: AccessLogOptions,
  end: Pick<LogEnd, 'unsealed' | 'fileNumber' | 'isHeadless'>,
) => {
  let { fileNumber, unsealed, isHeadless } = end;
  let file: OpenFile | null = null;
  let removing: readonly LogFile[] = [];

  const close = async (): Promise<void> => {
    const closing = file;
    file = null;
    await closing?.handle.datasync();
    await closing?.handle.close();
  };

  const openNext = async (today: string): Promise<OpenFile> => {
    await mkdir(directory, privateDirectory);
    // One that is there already belongs to who knows whom: the next number then.
    for (let tries = 0; ; tries += 1) {
      const name = fileNameOf(today, fileNumber);
      fileNumber += 1;
      try {
        return { handle: await open(join(directory, name), 'ax', privateFile), day: today, bytes: 0 };
      } catch (error) {
        if (codeOf(error) === 'EEXIST' && tries < 8) continue;
        fileNumber -= 1;
        throw error;
      }
    }
  };

  /** Takes back what a write has left. Where that can't be done, the next one goes into another file. */
  const undo = async (failed: OpenFile): Promise<void> => {
    try {
      await failed.handle.truncate(failed.bytes);
    } catch {
      await failed.handle.close().catch(() => undefined);
      file = null;
      const there = await findEnd(directory, key).catch(() => null);
      if (there !== null) ({ unsealed, fileNumber } = there);
    }
  };

  const append = async (to: OpenFile, parts: readonly Uint8Array[]): Promise<void> => {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    try {
      const { bytesWritten } = await to.handle.writev([...parts]);
      if (bytesWritten < length) throw new Error(`${bytesWritten} of ${length} bytes were written`);
    } catch (error) {
      await undo(to);
      throw error;
    }
    to.bytes += length;
    [unsealed, isHeadless] = [0, false];
    // Only now does a line say so.
    for (const { name } of removing) await rm(join(directory, name), { force: true });
    removing = [];
  };

  const beginning = async ({ lines, seal }: Seal, today: string): Promise<string> => {
    const before = dayOf(Date.parse(today) - keptDays * dayMs);
    removing = oldOf(logFilesIn(await readdir(directory)), before);
    const headless = isHeadless ? { headless: true as const } : {};
    const begin = { version: 1 as const, after: seal, next: lines + 1, unsealed, ...headless };
    return lineOf(begin) + (removing.length === 0 ? '' : lineOf({ removed: removing.map(({ name }) => name) }));
  };

  return {
    /** @param after what is sealed so far. */
    current: async (after: Seal): Promise<CurrentFile> => {
      const today = dayOf(nowMs());
      if (file !== null && (file.bytes >= fileBytes || file.day !== today)) await close();
      const open = file ?? (await openNext(today));
      file = open;
      const prefix = open.bytes === 0 ? await beginning(after, today) : '';
      return { prefix, append: (parts) => append(open, parts) };
    },
    /** On the disk before it is said to be there. A file that was taken away is written no further. */
    markHead: async (sealed: Seal): Promise<void> => {
      await file?.handle.datasync();
      if ((await file?.handle.stat())?.nlink === 0) {
        await close();
        throw new Error('the newest file of the access log was removed');
      }
      const path = join(directory, headName);
      await writeFile(`${path}.new`, `${JSON.stringify(headOf(key, sealed))}\n`, { mode: privateFile });
      await rename(`${path}.new`, path);
    },
    close,
  };
};
