/** Proves an access log: each line is what was written, none is missing, and they are in order (R13.1). */
import type { KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { OperatorError } from '../../commands/ports.ts';
import {
  type Begin,
  firstSeal,
  type Head,
  headName,
  headOf,
  logFilesIn,
  readSeal,
  type Seal,
  sealOf,
} from './lines.ts';

export interface AccessLogReport {
  readonly files: number;
  /** Requests whose lines are sealed. */
  readonly lines: number;
  /** At the end, being written or left by a crash: no seal vouches for them. */
  readonly unsealedBytes: number;
  /** In words, with file and line; empty: the log is whole. */
  readonly faults: readonly string[];
}

/** A log with more faults is no log. */
const faultsMax = 20;

interface Told {
  readonly n?: number;
  readonly removed?: readonly string[];
}

const readJson = (line: string): Told | null => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
};

const readHead = async (directory: string): Promise<Head | null> => {
  const text = await readFile(join(directory, headName), 'utf8').catch(() => null);
  return text === null ? null : (readJson(text) as Head | null);
};

interface FoundSeal extends Seal {
  readonly name: string;
  /** Number of its line in the file. */
  readonly at: number;
}

/** Walks over all lines in order, and holds what the next one must follow on. */
const createWalk = (key: KeyObject) => {
  const faults: string[] = [];
  /** Number of the newest file that was removed for its age; 0: none. */
  let removed = 0;
  let [seal, lines] = [firstSeal, 0];
  let block: string[] = [];
  /** Since the newest seal, in whatever file, and as many at the end of the file before. */
  let [unsealedBytes, unsealedBefore] = [0, 0];
  let isFirstFile = true;
  const say = (fault: string): void => {
    if (faults.length < faultsMax) faults.push(fault);
  };

  const judgeBegin = (name: string, line: string): void => {
    const begin = readJson(line) as Begin | null;
    if (begin?.version !== 1) {
      say(`${name}, line 1: not the beginning of a file of this log`);
      return;
    }
    const { after, next, unsealed } = begin;
    // What was removed for its age is not there to follow on.
    if (isFirstFile) [seal, lines] = [after, next - 1];
    else if (after !== seal || next !== lines + 1) say(`${name}: does not follow on the file before it`);
    else if (unsealed !== unsealedBefore) say(`${name}: the file before it does not end as it did`);
    isFirstFile = false;
  };

  const closeBlock = ({ name, at, ...found }: FoundSeal): void => {
    const first = at - block.length;
    if (first === 1) judgeBegin(name, block[0] ?? '');
    const told = block.map(readJson);
    const numbers = told.flatMap((each) => each?.n ?? []);
    const isInOrder = numbers.every((number, index) => number === lines + 1 + index);
    const text = block.map((line) => `${line}\n`).join('');
    if (sealOf(key, seal, text) !== found.seal || !isInOrder || found.lines !== lines + numbers.length) {
      say(`${name}, lines ${first} to ${at}: not what was written`);
    }
    for (const old of logFilesIn(told.flatMap((each) => each?.removed ?? []))) removed = Math.max(removed, old.number);
    [seal, lines, block, unsealedBytes] = [found.seal, found.lines, [], 0];
  };

  return {
    faults,
    say,
    /** @returns the seal that stands there. */
    line: (name: string, at: number, line: string): Seal | null => {
      unsealedBytes += Buffer.byteLength(line) + 1;
      const found = readSeal(line);
      if (found === null) block.push(line);
      else closeBlock({ ...found, name, at });
      return found;
    },
    /** @param isCutOff its last line has no end. */
    endFile: (isCutOff: boolean): void => {
      if (isCutOff) unsealedBytes -= 1;
      unsealedBefore = unsealedBytes;
      block = [];
    },
    end: () => ({ lines, removed, unsealedBytes }),
  };
};

const endsWithLine = async (path: string): Promise<boolean> => {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    return bytesRead === 0 || buffer.toString('latin1') === '\n';
  } finally {
    await handle.close();
  }
};

/** @returns what is wrong with the mark of the head. */
const headFault = (key: KeyObject, head: Head | null, isMet: boolean): string | null => {
  if (head === null) return `${headName} is missing: lines may have been cut off at the end.`;
  if (headOf(key, head).proof !== head.proof) return `${headName} is not what was written.`;
  return isMet ? null : `Lines are missing at the end: there were ${head.lines}.`;
};

/** @throws OperatorError when there is no log. */
export const verifyAccessLog = async (directory: string, key: KeyObject): Promise<AccessLogReport> => {
  const files = logFilesIn(await readdir(directory).catch(() => []));
  const [oldest] = files;
  if (oldest === undefined) throw new OperatorError(`${directory} holds no access log.`);
  const head = await readHead(directory);
  const walk = createWalk(key);
  let isHeadMet = false;
  let next = oldest.number;
  for (const { name, number } of files) {
    if (number !== next) walk.say(`${name}: files are missing before it`);
    next = number + 1;
    const path = join(directory, name);
    let at = 0;
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      at += 1;
      const found = walk.line(name, at, line);
      isHeadMet ||= found !== null && found.lines === head?.lines && found.seal === head.seal;
    }
    walk.endFile(!(await endsWithLine(path)));
  }
  const { lines, removed, unsealedBytes } = walk.end();
  if (removed < oldest.number - 1) walk.say('The oldest files are missing, and no line says that they were removed.');
  const fault = headFault(key, head, isHeadMet);
  if (fault !== null) walk.say(fault);
  return { files: files.length, lines, unsealedBytes, faults: walk.faults };
};
