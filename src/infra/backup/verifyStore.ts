/** Whether the files of a store are whole: every page, every event, every key. Reads only, beside a service or without. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../commands/ports.ts';
import { keysThatDoNotOpen } from '../keys/checkKeys.ts';
import { checkEvents, type EventsChecked } from '../sqlite/events/checkEvents.ts';
import { lossAtEnd, readMark } from '../sqlite/events/logMark.ts';
import { databaseFileName, keyStoreFileName } from '../sqlite/file/fileNames.ts';
import { openFile } from '../sqlite/file/openFile.ts';
import { isDamage } from '../sqlite/file/sqliteErrors.ts';

export interface VerifyOptions {
  readonly dataDir: string;
  /** Absent: the file in the directory. */
  readonly keyEncryptionKey: Uint8Array | undefined;
  readonly onProgress: (step: string, done: number, total: number) => void;
}

export interface Verified {
  readonly events: number;
  /** Written by an earlier release, and not given a checksum yet. */
  readonly unchecked: number;
  readonly keys: number;
  /** Empty: the store is sound. */
  readonly faults: readonly string[];
}

const lockWaitMaxMs = 5_000;
const faultsMax = 20;

/** A read transaction holds one moment still. */
const openToRead = (path: string): DatabaseSync => {
  if (!existsSync(path)) throw new OperatorError(`${path} is not there. Set DATA_DIR.`);
  return openFile(path, { readOnly: true, timeout: lockWaitMaxMs }, (db) => {
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
  });
};

const checkPages = (db: DatabaseSync): string[] =>
  db
    .prepare(`PRAGMA integrity_check(${faultsMax})`)
    .all()
    .map((row) => String(row.integrity_check));

const pageFaults = (db: DatabaseSync, name: string): string[] => {
  try {
    return checkPages(db)
      .filter((text) => text !== 'ok')
      .map((text) => `${name}: ${text}`);
  } catch (error) {
    // Some pages the check itself can't do without.
    if (isDamage(error)) return [`${name}: ${error.message}`];
    throw error;
  }
};

const storeIdOf = (db: DatabaseSync): string | null => {
  const has = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'store'").get() !== undefined;
  return has ? ((db.prepare('SELECT id FROM store').get()?.id as string | undefined) ?? null) : null;
};

const checkpointFaults = (db: DatabaseSync, head: number): string[] =>
  db
    .prepare('SELECT name, commitAt FROM checkpoints WHERE commitAt > ?')
    .all(head)
    .map(
      ({ name, commitAt }) => `the checkpoint of ${String(name)} (${String(commitAt)}) is ahead of the log (${head})`,
    );

const endFaults = (db: DatabaseSync, dataDir: string, keysId: string | null): string[] => {
  const id = storeIdOf(db);
  const faults = id !== null && keysId !== null && id !== keysId ? ['the log and the keys are of two stores'] : [];
  const loss = id === null ? null : lossAtEnd({ prepare: (sql) => db.prepare(sql) }, readMark(dataDir), id);
  return loss === null ? faults : [...faults, loss];
};

/** @throws OperatorError when there is nothing to verify, or it can't be opened at all. */
export const verifyStore = async ({ dataDir, keyEncryptionKey, onProgress }: VerifyOptions): Promise<Verified> => {
  const log = openToRead(join(dataDir, databaseFileName));
  const keys = openToRead(join(dataDir, keyStoreFileName));
  try {
    onProgress('pages', 0, 1);
    const pages = [...pageFaults(log, databaseFileName), ...pageFaults(keys, keyStoreFileName)];
    onProgress('pages', 1, 1);
    // On damaged pages nothing else can be trusted, or read at all.
    if (pages.length > 0) return { events: 0, unchecked: 0, keys: 0, faults: pages };
    const checked: EventsChecked = checkEvents(log, (done, total) => onProgress('events', done, total));
    const ends = [...checkpointFaults(log, checked.head), ...endFaults(log, dataDir, storeIdOf(keys))];
    const opened = await keysThatDoNotOpen(keys, dataDir, keyEncryptionKey);
    const faults = [...checked.faults, ...ends, ...opened.faults].slice(0, faultsMax);
    return { events: checked.events, unchecked: checked.unchecked, keys: opened.keys, faults };
  } finally {
    log.close();
    keys.close();
  }
};
