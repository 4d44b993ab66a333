/** Proves an access log: each line is what was written, none is missing, and they are in order (R13.1). */
import type { KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../../commands/ports.ts';
import { type Begin, firstSeal, headName, logFilesIn, readHead, readSeal, type Seal, sealOf } from './lines.ts';

export interface AccessLogReport {
  readonly files: number;
  /** Requests whose lines are sealed. */
  readonly lines: number;
  /** Bytes that no seal vouches for: being written, left by a crash, or added by somebody. */
  readonly unsealed: readonly { readonly name: string; readonly bytes: number }[];
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

interface Line {
  /** Without its end. */
  readonly bytes: Buffer;
  /** It has an end. */
  readonly isWhole: boolean;
}

const newLine = 10;

/** At the one character that ends a line, and at no other that a reader of texts would take for one. */
async function* linesOf(path: string): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    let from = 0;
    for (let at = bytes.indexOf(newLine); at >= 0; at = bytes.indexOf(newLine, from)) {
      yield { bytes: bytes.subarray(from, at), isWhole: true };
      from = at + 1;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) yield { bytes: rest, isWhole: false };
}

interface FoundSeal extends Seal {
  readonly name: string;
  /** Number of its line in the file. */
  readonly at: number;
}

const endOfLine = Buffer.from('\n');

/** Walks over all lines in order, and holds what the next one must follow on. */
const createWalk = (key: KeyObject) => {
  const faults: string[] = [];
  const unsealed: { name: string; bytes: number }[] = [];
  /** Number of the newest file that was removed for its age; 0: none. */
  let removed = 0;
  let [seal, lines] = [firstSeal, 0];
  let block: Buffer[] = [];
  /** Since the newest seal: in this file, and at the end of those before. */
  let [bytesHere, bytesBefore] = [0, 0];
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
    const { after, next, unsealed: left, headless } = begin;
    // What was removed for its age is not there to follow on.
    const isFollowing = isFirstFile && !name.includes('-00000001.') ? true : after === seal && next === lines + 1;
    if (!isFollowing) say(`${name}: does not follow on what was before it; lines are missing`);
    else if (!isFirstFile && left !== bytesBefore) say(`${name}: the file before it does not end as it did`);
    if (headless === true) say(`${name}: ${headName} was missing when it began; lines may have been cut off before it`);
    [seal, lines] = [after, next - 1];
    isFirstFile = false;
  };

  const closeBlock = ({ name, at, ...found }: FoundSeal): void => {
    const first = at - block.length;
    if (first === 1) judgeBegin(name, block[0]?.toString('utf8') ?? '');
    const told = block.map((line) => readJson(line.toString('utf8')));
    const numbers = told.flatMap((each) => each?.n ?? []);
    const isInOrder = numbers.every((number, index) => number === lines + 1 + index);
    const isSealed = sealOf(key, seal, ...block.flatMap((line) => [line, endOfLine])) === found.seal;
    if (!isSealed || !isInOrder || found.lines !== lines + numbers.length) {
      say(`${name}, lines ${first} to ${at}: not what was written`);
    }
    for (const old of logFilesIn(told.flatMap((each) => each?.removed ?? []))) removed = Math.max(removed, old.number);
    [seal, lines, block, bytesHere, bytesBefore] = [found.seal, found.lines, [], 0, 0];
  };

  return {
    faults,
    say,
    /** @returns the seal that stands there. */
    line: (name: string, at: number, { bytes, isWhole }: Line): Seal | null => {
      bytesHere += bytes.length + (isWhole ? 1 : 0);
      const found = isWhole ? readSeal(bytes.toString('utf8')) : null;
      if (found === null) block.push(bytes);
      else closeBlock({ ...found, name, at });
      return found;
    },
    endFile: (name: string): void => {
      if (bytesHere > 0) unsealed.push({ name, bytes: bytesHere });
      bytesBefore += bytesHere;
      [bytesHere, block] = [0, []];
    },
    end: () => ({ lines, removed, unsealed }),
  };
};

/** @returns `false`: it was removed while the log was read. */
const walkOver = async (
  walk: ReturnType<typeof createWalk>,
  path: string,
  name: string,
  onSeal: (seal: Seal) => void,
): Promise<boolean> => {
  let at = 0;
  try {
    for await (const line of linesOf(path)) {
      at += 1;
      const found = walk.line(name, at, line);
      if (found !== null) onSeal(found);
    }
  } catch (error) {
    if (at === 0 && error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
  walk.endFile(name);
  return true;
};

/** @throws OperatorError when there is no log. */
export const verifyAccessLog = async (directory: string, key: KeyObject): Promise<AccessLogReport> => {
  const headText = await readFile(join(directory, headName), 'utf8').catch(() => null);
  const files = logFilesIn(await readdir(directory).catch(() => []));
  if (files.length === 0) throw new OperatorError(`${directory} holds no access log.`);
  const head = readHead(key, headText);
  const walk = createWalk(key);
  let isHeadMet = false as boolean;
  let oldest: number | null = null;
  let before: number | null = null;
  for (const { name, number } of files) {
    const isThere = await walkOver(walk, join(directory, name), name, ({ lines, seal }) => {
      isHeadMet ||= lines === head?.lines && seal === head.seal;
    });
    if (!isThere) continue;
    oldest ??= number;
    if (before !== null && number !== before + 1) walk.say(`${name}: files are missing before it`);
    before = number;
  }
  const { lines, removed, unsealed } = walk.end();
  if (removed < (oldest ?? 1) - 1) walk.say('The oldest files are missing, and no line says that they were removed.');
  if (headText === null) walk.say(`${headName} is missing: lines may have been cut off at the end.`);
  else if (head === null) walk.say(`${headName} is not what was written.`);
  else if (!isHeadMet) walk.say(`Lines are missing at the end: there were ${head.lines}.`);
  return { files: files.length, lines, unsealed, faults: walk.faults };
};
