/** What shows that the log lost its end or a byte: a mark beside the file, and a checksum in each event. */
import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { OperatorError } from '../../../commands/ports.ts';
import { databaseFileName, markFileName } from '../../privateFiles.ts';
import type { Database } from '../file/database.ts';
import type { Statements } from '../file/writes.ts';
import { eventWrites } from './appends.ts';
import { asWritten, eventColumns, selectEvents } from './eventRows.ts';
import { addChecksums } from './upgrades.ts';

interface LogMark {
  /** Id of the store. */
  readonly store: string;
  /** Of the newest event; 0 when there is none. */
  readonly position: number;
  /** Of that event. */
  readonly checksum: number | null;
}

type Head = Omit<LogMark, 'store'>;

/** So much of what was acknowledged last may be missing without notice after a crash. */
const everyMs = 1_000;

const headOf = ({ prepare }: Statements): Head => {
  const row = prepare('SELECT position, checksum FROM events ORDER BY position DESC LIMIT 1').get();
  return { position: Number(row?.position ?? 0), checksum: (row?.checksum as number | null | undefined) ?? null };
};

const isMark = (value: unknown): value is LogMark => {
  const { store, position } = (value ?? {}) as Partial<LogMark>;
  return typeof store === 'string' && typeof position === 'number';
};

/** `null` when there is none. @throws OperatorError when it can't be read. */
export const readMark = (directory: string): LogMark | null => {
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

const writeMark = async (directory: string, mark: LogMark): Promise<void> => {
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
export const lossAtEnd = (db: Statements, mark: LogMark | null, store: string): string | null => {
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

interface MarkKeeper {
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

/**
 * Events of earlier releases have no checksum. They get one while the service runs, from the newest to the oldest, so that
 * those without one are always the oldest.
 */

/** Some milliseconds of the thread that writes; requests go between. */
const rowsAtOnce = 500;
const restMs = 20;

/** 0 when every event has one. */
const newestWithout = ({ prepare }: Database): number => {
  const lacksOne = prepare('SELECT checksum IS NULL AS lacks FROM events WHERE position = ?');
  let [low, high] = [0, Number(prepare('SELECT max(position) AS head FROM events').get()?.head ?? 0)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (lacksOne.get(middle)?.lacks === 1) low = middle;
    else high = middle - 1;
  }
  return low;
};

/** Until all have one, or aborted. A start goes on where the last one ended. @throws StoreUnavailable */
export const fillChecksums = async (db: Database, signal: AbortSignal): Promise<void> => {
  const write = await db.writer(eventWrites);
  let upTo = await db.read(() => newestWithout(db));
  while (upTo > 0 && !signal.aborted) {
    const from = Math.max(1, upTo - rowsAtOnce + 1);
    await write('fillChecksums', [from, upTo]);
    upTo = from - 1;
    await pause(restMs);
  }
};

export const restoreAdvice =
  'Restore it (docs/disaster-recovery.md). To begin again on purpose, give DATA_DIR an empty directory.';

/** The newest events are read as well: what was written last is what a crash of the machine damages. */
const newestMax = 1_000;

/** @throws StoreDamaged when one of the newest events is not what was written. */
export const lossAtEndOf = (directory: string, db: DatabaseSync, id: string): string | null => {
  const statements = { prepare: (sql: string) => db.prepare(sql) };
  addChecksums(statements);
  const loss = lossAtEnd(statements, readMark(directory), id);
  if (loss !== null) return loss;
  const newest = selectEvents(
    statements,
    `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream ORDER BY e.position DESC LIMIT ?`,
    asWritten,
  ).all(newestMax);
  const gap = newest.find(({ position }, index) => newest[0]?.position.commit !== position.commit + BigInt(index));
  return gap === undefined ? null : `the log has a gap after event ${gap.position.commit}. ${restoreAdvice}`;
};
