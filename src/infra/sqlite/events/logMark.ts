/**
 * How far the log had come a moment ago, in a file beside it. A file that lost its end is whole for SQLite: a write-ahead
 * log that was cut off, or an older copy. A log that ends before its mark has lost what was acknowledged.
 */
import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../../../commands/ports.ts';
import type { Database } from '../file/database.ts';
import { databaseFileName, markFileName } from '../file/fileNames.ts';
import type { Statements } from '../file/writes.ts';

export interface Mark {
  /** Id of the store. */
  readonly store: string;
  /** Of the newest event; 0 when there is none. */
  readonly position: number;
  /** Of that event. */
  readonly checksum: number | null;
}

type Head = Omit<Mark, 'store'>;

/** So much of what was acknowledged last may be missing without notice after a crash. */
const everyMs = 1_000;

const headOf = ({ prepare }: Statements): Head => {
  const row = prepare('SELECT position, checksum FROM events ORDER BY position DESC LIMIT 1').get();
  return { position: Number(row?.position ?? 0), checksum: (row?.checksum as number | null | undefined) ?? null };
};

const isMark = (value: unknown): value is Mark => {
  const { store, position } = (value ?? {}) as Partial<Mark>;
  return typeof store === 'string' && typeof position === 'number';
};

/** `null` when there is none. @throws OperatorError when it can't be read. */
export const readMark = (directory: string): Mark | null => {
  const path = join(directory, markFileName);
  if (!existsSync(path)) return null;
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isMark(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new OperatorError(`${path} is damaged. Check the log with npm run verify, then remove ${markFileName}.`);
};

const writeMark = async (directory: string, mark: Mark): Promise<void> => {
  const path = join(directory, markFileName);
  const handle = await open(`${path}.tmp`, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(mark)}\n`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.tmp`, path);
};

const goOn = `Restore ${databaseFileName} and its -wal, or a backup. To go on without those events, remove ${markFileName}.`;

/** What is missing at the end of the log, or `null`. Where no checksum was kept, only the position is compared. */
export const lossAtEnd = (db: Statements, mark: Mark | null, store: string): string | null => {
  if (mark === null || mark.position === 0) return null;
  if (mark.store !== store)
    return `${markFileName} is of another store. Remove it if ${databaseFileName} is the right one.`;
  const head = headOf(db).position;
  if (head < mark.position) {
    return `${databaseFileName} ends at event ${head}, and event ${mark.position} was acknowledged (${markFileName}). ${goOn}`;
  }
  const { checksum } = db.prepare('SELECT checksum FROM events WHERE position = ?').get(mark.position) ?? {};
  if (mark.checksum === null || checksum === null || checksum === mark.checksum) return null;
  return `event ${mark.position} is not the one that was acknowledged (${markFileName}): this is another log. ${goOn}`;
};

export interface MarkKeeper {
  /** Writes it once more, for the log as it is. Call it when nothing is appended any more. */
  stop(): Promise<void>;
}

/** Writes the mark whenever the log has grown. A mark that can't be written is told, and tried again. */
export const keepMark = (
  directory: string,
  store: string,
  db: Pick<Database, 'prepare' | 'read'>,
  onFailure: (error: unknown) => void,
): MarkKeeper => {
  let written = -1;
  let writing: Promise<void> = Promise.resolve();
  let isFailing = false;

  const step = async (): Promise<void> => {
    const head = await db.read(() => headOf(db));
    if (head.position === written) return;
    await writeMark(directory, { store, ...head });
    written = head.position;
    isFailing = false;
  };
  const next = (): Promise<void> => {
    writing = writing.then(step).catch((error: unknown) => {
      if (!isFailing) onFailure(error);
      isFailing = true;
    });
    return writing;
  };
  const timer = setInterval(() => void next(), everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      return next();
    },
  };
};
