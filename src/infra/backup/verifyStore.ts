/** Whether the files of a store are whole: every page, every event, every key. Reads only, beside a service or without. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../commands/ports.ts';
import { StoreDamaged } from '../../eventsourcing/ports.ts';
import { keysThatDoNotOpen } from '../keys/sqliteKeyStore.ts';
import { databaseFileName, keyStoreFileName } from '../privateFiles.ts';
import { asWritten, eventColumns, selectEvents } from '../sqlite/events/eventRows.ts';
import { indexAgrees } from '../sqlite/events/index/agreement.ts';
import { lossAtEnd, readMark } from '../sqlite/events/logIntegrity.ts';
import { isDamage, openFile } from '../sqlite/file/connection.ts';

interface EventsChecked {
  readonly events: number;
  /** Position of the newest one. */
  readonly head: number;
  /** Without a checksum, as an earlier release wrote them. */
  readonly unchecked: number;
  readonly faults: readonly string[];
}

/** A restored store gets a new index, made from the log. */
const indexFault = 'the index of the log does not say what the log says: back the store up and restore it';
const rowsAtOnce = 1_000;
const faultsMax = 20;

/** Positions are 1, 2, 3 … and revisions of each stream 0, 1, 2 …, as nothing is ever deleted. */
const orderFaults = (db: DatabaseSync, count: number, head: number): string[] => {
  const gaps = count === head ? [] : [`the log has gaps: ${count} events, and the newest is at ${head}`];
  const streams = db
    .prepare(
      `SELECT e.stream, (SELECT name FROM streams WHERE id = e.stream) AS name FROM events e GROUP BY e.stream
       HAVING min(e.revision) <> 0 OR max(e.revision) + 1 <> count(*) LIMIT ?`,
    )
    .all(faultsMax);
  const ids = db
    .prepare('SELECT min(position) AS position FROM events GROUP BY id HAVING count(*) > 1 LIMIT ?')
    .all(faultsMax);
  return [
    ...gaps,
    ...streams.map(({ name, stream }) => `the stream ${String(name ?? stream)} has gaps`),
    ...ids.map(({ position }) => `the id of the event at position ${String(position)} is there twice`),
  ];
};

const faultOf = (read: () => unknown): string | null => {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof StoreDamaged || error instanceof SyntaxError) return error.message;
    throw error;
  }
};

const hasChecksums = (db: DatabaseSync): boolean =>
  db.prepare("SELECT 1 FROM pragma_table_info('events') WHERE name = 'checksum'").get() !== undefined;

/** Of each event by itself. */
const eventFaults = (db: DatabaseSync, head: number, onProgress: (done: number, total: number) => void): string[] => {
  const faults: string[] = [];
  const { all } = selectEvents(
    { prepare: (sql) => db.prepare(sql) },
    `SELECT ${eventColumns} FROM events e CROSS JOIN streams s ON s.id = e.stream
     WHERE e.position > ? AND e.position <= ? ORDER BY e.position`,
    asWritten,
  );
  for (let at = 0; at < head && faults.length < faultsMax; at += rowsAtOnce) {
    // A batch that fails is read again one by one, so that each fault is told.
    if (faultOf(() => all(at, at + rowsAtOnce)) !== null) {
      for (let one = at; one < at + rowsAtOnce; one += 1) {
        const fault = faultOf(() => all(one, one + 1));
        if (fault !== null) faults.push(fault);
      }
    }
    onProgress(Math.min(head, at + rowsAtOnce), head);
  }
  return faults;
};

const checkEvents = (db: DatabaseSync, onProgress: (done: number, total: number) => void): EventsChecked => {
  const counts = db.prepare('SELECT count(*) AS count, max(position) AS head FROM events').get();
  const [count, head] = [Number(counts?.count ?? 0), Number(counts?.head ?? 0)];
  const inOrder = orderFaults(db, count, head);
  if (!hasChecksums(db)) return { events: count, head, unchecked: count, faults: inOrder };
  const faults = [...inOrder, ...eventFaults(db, head, onProgress)];
  if (!indexAgrees({ prepare: (sql) => db.prepare(sql) })) faults.push(indexFault);
  const unchecked = Number(db.prepare('SELECT count(*) AS count FROM events WHERE checksum IS NULL').get()?.count);
  return { events: count, head, unchecked, faults };
};

interface VerifyOptions {
  readonly dataDir: string;
  /** Absent: the file in the directory. */
  readonly keyEncryptionKey: Uint8Array | undefined;
  readonly onProgress: (step: string, done: number, total: number) => void;
}

interface Verified {
  readonly events: number;
  /** Written by an earlier release, and not given a checksum yet. */
  readonly unchecked: number;
  readonly keys: number;
  /** Empty: the store is sound. */
  readonly faults: readonly string[];
}

const lockWaitMaxMs = 5_000;

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
