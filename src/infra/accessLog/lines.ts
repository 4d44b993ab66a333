/**
 * Lines of the access log (R13.1): JSON, one a line. They are sealed in blocks: after each block stands a MAC of the block and
 * of the seal before it, so that no line can be changed, dropped or put elsewhere by who does not hold the key.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import type { AccessEntry } from '../../audit/accessLog.ts';

/** The first line of a file: what it follows on. */
export interface Begin {
  readonly version: 1;
  /** The seal before it, in whatever file; empty in the first file. */
  readonly after: string;
  /** Number of its next line; lines are numbered through all files. */
  readonly next: number;
  /** Bytes at the end of the file before it that a crash left without a seal. */
  readonly unsealed: number;
  /** There were files, and no mark of the head that said how far they had come. */
  readonly headless?: true;
}

/** Files that were old enough to be removed. */
export interface Removed {
  readonly removed: readonly string[];
}

/** Requests that could not be written. */
export interface Lost {
  readonly lost: number;
}

/** After each block: how many lines were written so far, and the MAC. */
export interface Seal {
  readonly lines: number;
  readonly seal: string;
}

/** Chains start from here, so that an empty log has a seal too. */
export const firstSeal = '';

const objectText = (object: AccessEntry['object']): string => {
  for (const _ in object) return `,"object":${JSON.stringify(object)}`;
  return '';
};

/** A client asks again and again, each time under the same token. */
const callerTexts = new WeakMap<NonNullable<AccessEntry['caller']>, string>();

const callerText = (caller: NonNullable<AccessEntry['caller']>): string => {
  const known = callerTexts.get(caller);
  if (known !== undefined) return known;
  const { subject, client } = caller;
  const text = `,"subject":${JSON.stringify(subject)},"client":${JSON.stringify(client)}`;
  callerTexts.set(caller, text);
  return text;
};

const quoted = (text: string | null): string => (text === null ? 'null' : `"${text}"`);

/**
 * Put together by hand, as each request has one: ids, names and codes of ours need no escapes.
 * @param address what stands for the address.
 */
export const entryLine = (number: number, entry: AccessEntry, address: string): string => {
  const { at, requestId, method, route, operation, object, caller, role, status, isLeft, code, durationMs } = entry;
  return (
    `{"n":${number},"at":"${at}","requestId":"${requestId}","method":"${method}","route":${quoted(route)},` +
    `"operation":${quoted(operation)}${objectText(object)}${caller === null ? '' : callerText(caller)}` +
    `${role === null ? '' : `,"role":"${role}"`},"address":"${address}","status":${status}` +
    `${code === null ? '' : `,"code":"${code}"`}${isLeft ? ',"left":true' : ''},"ms":${Math.round(durationMs * 10) / 10}}\n`
  );
};

export const lineOf = (value: Begin | Removed | Lost | Seal): string => `${JSON.stringify(value)}\n`;

/** @param block the lines, each with its end, in any parts. */
export const sealOf = (key: KeyObject, before: string, ...block: readonly (string | Uint8Array)[]): string => {
  const mac = createHmac('sha256', key).update(`${before}\n`);
  for (const part of block) mac.update(part);
  return mac.digest('base64url');
};

const sealPattern = /^\{"lines":(\d{1,15}),"seal":"([\w-]{43})"\}$/;

/** `null`: another line, or one that only looks like a seal: nothing but the seal stands in it. */
export const readSeal = (line: string): Seal | null => {
  const [, lines, seal] = sealPattern.exec(line) ?? [];
  return seal === undefined ? null : { lines: Number(lines), seal };
};

/** Sorts by the order in which they were made: the day, and a number that only rises. */
export const fileNameOf = (day: string, number: number): string => `${day}-${String(number).padStart(8, '0')}.jsonl`;

const fileNamePattern = /^(\d{4}-\d{2}-\d{2})-(\d{8})\.jsonl$/;

export interface LogFile {
  readonly name: string;
  /** UTC. */
  readonly day: string;
  readonly number: number;
}

/** Of the names in a directory those that are files of the log, the oldest first. */
export const logFilesIn = (names: readonly string[]): readonly LogFile[] =>
  names
    .flatMap((name): readonly LogFile[] => {
      const [, day, number] = fileNamePattern.exec(name) ?? [];
      return day === undefined ? [] : [{ name, day, number: Number(number) }];
    })
    .toSorted((left, right) => left.number - right.number);

/** Beside the files: how far the log had come, sealed, so that lines that are cut off at its end are missed. */
export const headName = 'head.json';

export interface Head {
  readonly lines: number;
  /** Of the newest block. */
  readonly seal: string;
  /** Over both: nobody else can say so. */
  readonly proof: string;
}

export const headOf = (key: KeyObject, { lines, seal }: Seal): Head => ({
  lines,
  seal,
  proof: sealOf(key, seal, `head ${lines}\n`),
});

/** What stands in the mark, if it is ours; `null`: it is missing or made up. */
export const readHead = (key: KeyObject, text: string | null): Seal | null => {
  try {
    const { lines, seal, proof } = JSON.parse(text ?? '') as Partial<Head>;
    if (typeof lines !== 'number' || typeof seal !== 'string') return null;
    return headOf(key, { lines, seal }).proof === proof ? { lines, seal } : null;
  } catch {
    return null;
  }
};
