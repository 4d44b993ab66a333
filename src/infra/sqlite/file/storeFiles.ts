/**
 * Whether the files of a data directory belong together. Each carries the id of its store, so that one that is missing, or
 * of another store, is noticed before anything is written: a log without its keys can't be read, and a new log beside used
 * keys would begin at 1 and hide that the old one is gone.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../../commands/ports.ts';
import { eventColumns, selectEvents, upgradeEvents } from '../events/eventRows.ts';
import { lossAtEnd, readMark } from '../events/logMark.ts';
import { openConnection } from './connection.ts';
import { databaseFileName, keyStoreFileName, markFileName } from './fileNames.ts';

/** A file is missing beside the other, or they are of two stores. */
export class StoreIncomplete extends OperatorError {
  override readonly name = 'StoreIncomplete';
}

export interface StoreFiles {
  readonly id: string;
  /** When the engines have opened the files: the last connection to close would move the whole write-ahead log. */
  close(): void;
}

interface Facts {
  readonly exists: boolean;
  /** `null` before this store had one, and in a file that is new. */
  readonly id: string | null;
  /** Whether anything was ever kept in it. */
  readonly isUsed: boolean;
}

const schema = 'CREATE TABLE IF NOT EXISTS store (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL) STRICT';
const connectionOptions = { lockWaitMaxMs: 2_000, hasCheckpointer: true, cacheKiB: 256 };

const hasTable = (db: DatabaseSync, name: string): boolean =>
  db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;

const factsOf = (db: DatabaseSync | null, table: 'events' | 'proof'): Facts => {
  if (db === null) return { exists: false, id: null, isUsed: false };
  const row = hasTable(db, 'store') ? db.prepare('SELECT id FROM store').get() : undefined;
  const isUsed = hasTable(db, table) && db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() !== undefined;
  return { exists: true, id: (row?.id as string | undefined) ?? null, isUsed };
};

const writeId = (db: DatabaseSync, id: string): void => {
  db.exec(schema);
  db.prepare('INSERT OR IGNORE INTO store VALUES (1, ?)').run(id);
};

const advice = 'Restore it (docs/disaster-recovery.md). To begin again on purpose, give DATA_DIR an empty directory.';

/** A file that was there once, and is missing or new. On a first start the log has its id before the keys have theirs. */
const lossOf = (log: Facts, keys: Facts, hasMark: boolean): string | null => {
  if (!log.exists && keys.isUsed) return `${databaseFileName} is missing beside ${keyStoreFileName}.`;
  if (!log.exists && hasMark) return `${databaseFileName} is missing beside ${markFileName}.`;
  if (keys.id !== null && log.id === null && !log.isUsed) return `${databaseFileName} is empty beside used keys.`;
  if (log.isUsed && !keys.exists) return `${keyStoreFileName} is missing beside ${databaseFileName}.`;
  if (log.isUsed && !keys.isUsed) return `${keyStoreFileName} is empty beside ${databaseFileName}.`;
  return null;
};

const refusalOf = (directory: string, log: Facts, keys: Facts): string | null => {
  const loss = lossOf(log, keys, existsSync(join(directory, markFileName)));
  if (loss !== null) return `${directory}: ${loss} ${advice}`;
  if (log.id === null || keys.id === null || log.id === keys.id) return null;
  return `${directory}: ${databaseFileName} and ${keyStoreFileName} are of two stores. Restore both from one backup.`;
};

/** The newest events are read as well: what was written last is what a crash of the machine damages. */
const newestMax = 1_000;

/** @throws StoreDamaged when one of the newest events is not what was written. */
const lossAtEndOf = (directory: string, db: DatabaseSync, id: string): string | null => {
  const statements = { prepare: (sql: string) => db.prepare(sql) };
  upgradeEvents(statements);
  const loss = lossAtEnd(statements, readMark(directory), id);
  if (loss !== null) return loss;
  const newest = selectEvents(
    statements,
    `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream ORDER BY e.position DESC LIMIT ?`,
  ).stored(newestMax);
  const gap = newest.find(({ position }, index) => newest[0]?.position.commit !== position.commit + BigInt(index));
  return gap === undefined ? null : `the log has a gap after event ${gap.position.commit}. ${advice}`;
};

const requireEnd = (directory: string, db: DatabaseSync, id: string): void => {
  const loss = lossAtEndOf(directory, db, id);
  if (loss !== null) throw new StoreIncomplete(`${directory}: ${loss}`);
};

const openIfThere = (path: string): DatabaseSync | null =>
  existsSync(path) ? openConnection(path, connectionOptions) : null;

/**
 * Both files, made if neither was there. The directory is locked by the caller.
 * @throws StoreIncomplete
 */
export const bindStoreFiles = (directory: string): StoreFiles => {
  const paths = [join(directory, databaseFileName), join(directory, keyStoreFileName)] as const;
  const opened: DatabaseSync[] = [];
  const close = (): void => {
    for (const db of opened.splice(0)) db.close();
  };
  const keep = (db: DatabaseSync): DatabaseSync => {
    opened.push(db);
    return db;
  };
  try {
    const found = paths.map((path) => {
      const db = openIfThere(path);
      return db === null ? null : keep(db);
    });
    const [log, keys] = [factsOf(found[0] ?? null, 'events'), factsOf(found[1] ?? null, 'proof')];
    const refusal = refusalOf(directory, log, keys);
    if (refusal !== null) throw new StoreIncomplete(refusal);
    const id = log.id ?? keys.id ?? randomUUID();
    const [logDb, keysDb] = paths.map((path, index) => found[index] ?? keep(openConnection(path, connectionOptions)));
    if (logDb === undefined || keysDb === undefined) throw new Error('two paths make two connections');
    if (log.id === null) writeId(logDb, id);
    if (keys.id === null) writeId(keysDb, id);
    if (log.isUsed) requireEnd(directory, logDb, id);
    return { id, close };
  } catch (error) {
    close();
    throw error;
  }
};
