/** Where an access log ends, so that it goes on from there. */
import type { KeyObject } from 'node:crypto';
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstSeal, headName, logFilesIn, readHead, readSeal, type Seal } from './lines.ts';

/** Most blocks are smaller. */
const firstLookBytes = 1_024 * 1_024;
const newLine = '\n'.charCodeAt(0);

/** The newest seal in these bytes, and how many stand behind it. */
const newestSeal = (bytes: Buffer): { readonly seal: Seal; readonly behind: number } | null => {
  for (let end = bytes.lastIndexOf(newLine); end >= 0; ) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(newLine, end - 1);
    const seal = readSeal(bytes.toString('utf8', before + 1, end));
    if (seal !== null) return { seal, behind: bytes.length - end - 1 };
    end = before;
  }
  return null;
};

const readEnd = async (handle: FileHandle, size: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, size - length);
  return bytes.subarray(0, bytesRead);
};

const endOf = async (path: string): Promise<{ readonly seal: Seal | null; readonly unsealed: number }> => {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    for (let length = Math.min(size, firstLookBytes); ; length = Math.min(size, 4 * length)) {
      const found = newestSeal(await readEnd(handle, size, length));
      if (found !== null) return { seal: found.seal, unsealed: found.behind };
      if (length === size) return { seal: null, unsealed: size };
    }
  } finally {
    await handle.close();
  }
};

export interface LogEnd extends Seal {
  /** Bytes behind it that a crash left without a seal. */
  readonly unsealed: number;
  /** Of the next file. */
  readonly fileNumber: number;
  /** There are lines, and no mark of ours that says how many there were. */
  readonly isHeadless: boolean;
}

/**
 * Where lines are missing that the mark of the head has seen, the log goes on after those: no file leads there, which is found at
 * each look.
 */
export const findEnd = async (directory: string, key: KeyObject): Promise<LogEnd> => {
  const files = logFilesIn(await readdir(directory));
  const fileNumber = (files.at(-1)?.number ?? 0) + 1;
  const head = readHead(key, await readFile(join(directory, headName), 'utf8').catch(() => null));
  let unsealed = 0;
  for (const { name } of files.toReversed()) {
    const end = await endOf(join(directory, name));
    unsealed += end.unsealed;
    if (end.seal === null) continue;
    const last = head !== null && head.lines > end.seal.lines ? head : end.seal;
    return { ...last, unsealed, fileNumber, isHeadless: head === null };
  }
  return { ...(head ?? { lines: 0, seal: firstSeal }), unsealed, fileNumber, isHeadless: false };
};
