/** Writes the access log: gathers lines for a moment, seals them, and appends them to the newest file. */
import { createHmac, type KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import type { AccessLog } from '../../audit/accessLog.ts';
import { privateDirectory } from '../privateFiles.ts';
import { findEnd } from './end.ts';
import { type AccessLogOptions, createLogFiles } from './files.ts';
import { entryLine, lineOf, sealOf } from './lines.ts';
import { createPendingLines, type Pending } from './pending.ts';

/** The end of the process loses what came within this time. */
const everyMs = 100;
/** The loss of the machine loses what came within this time, and of lines cut off later than that nobody can tell. */
const headEveryMs = 1_000;
/** Enough to tell addresses apart, and to find all requests of one. */
const addressChars = 16;
const addressesMax = 10_000;

export interface OpenAccessLog extends AccessLog {
  /** Resolves when all that came before is in the file. */
  flush(): Promise<void>;
  /** All of it is on the disk. */
  close(): Promise<void>;
}

/** The same for the same address, and of no use to who lacks the key. */
const createAddressNames = (key: KeyObject) => {
  const names = new LRUCache<string, string>({ max: addressesMax });
  return (address: string): string => {
    const known = names.get(address);
    if (known !== undefined) return known;
    const name = createHmac('sha256', key).update(`address ${address}`).digest('base64url').slice(0, addressChars);
    names.set(address, name);
    return name;
  };
};

export const openAccessLog = async (options: AccessLogOptions): Promise<OpenAccessLog> => {
  const { directory, key, onFailure } = options;
  await mkdir(directory, privateDirectory);
  const end = await findEnd(directory, key);
  const files = createLogFiles(options, end);
  const nameOf = createAddressNames(key);
  const lines = createPendingLines(end.lines);
  let sealed = { lines: end.lines, seal: end.seal };
  /** What a write that failed is to write yet. */
  let left: Pending | null = null;
  let isFailing = false;
  let marked: typeof sealed | null = null;
  let headAtMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | null = null;
  let writing = Promise.resolve();

  const writeBlock = async ({ bytes, last, lost }: Pending): Promise<void> => {
    const { prefix, append } = await files.current(sealed);
    const start = prefix + (lost === 0 ? '' : lineOf({ lost }));
    const seal = { lines: last, seal: sealOf(key, sealed.seal, start, bytes) };
    await append([Buffer.from(start), bytes, Buffer.from(lineOf(seal))]);
    sealed = seal;
  };

  const writeHead = async (): Promise<void> => {
    if (marked === sealed) return;
    if (performance.now() - headAtMs < headEveryMs) {
      arm();
      return;
    }
    headAtMs = performance.now();
    await files.markHead(sealed);
    marked = sealed;
  };

  const writeWaiting = async (): Promise<void> => {
    try {
      // What failed goes first and alone, so that lines stay in their order.
      left ??= lines.take();
      while (left !== null) {
        await writeBlock(left);
        left = lines.take();
      }
      await writeHead();
      isFailing = false;
    } catch (error) {
      if (!isFailing) onFailure(error);
      isFailing = true;
      arm();
    }
  };

  const flush = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    writing = writing.then(writeWaiting);
    return writing;
  };
  const arm = (): void => {
    timer ??= setTimeout(() => void flush(), everyMs);
  };

  return {
    write: (entry) => {
      lines.add(entryLine(lines.next(), entry, nameOf(entry.address)));
      arm();
    },
    flush,
    close: async () => {
      headAtMs = Number.NEGATIVE_INFINITY;
      await flush();
      if (timer !== null) clearTimeout(timer);
      await files.close();
    },
  };
};
