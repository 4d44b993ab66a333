/** Files that belong to one store, and what a start says when they do not. */
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import { StoreDamaged } from '../../src/eventsourcing/ports.ts';
import { openPersonalData } from '../../src/infra/keys/sqliteKeyStore.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { bindStoreFiles, DataDirLocked, lockDataDir, StoreIncomplete } from '../../src/infra/sqlite/file/storeFiles.ts';
import { openThreadedDatabase } from '../../src/infra/sqlite/file/threadedDatabase.ts';
import { jobWrites } from '../../src/infra/sqlite/jobs.ts';
import { newEvents } from '../contracts/eventSamples.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stockledger-files-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const bind = (directory: string): string => {
  const { id, close } = bindStoreFiles(directory);
  close();
  return id;
};

const useLog = async (directory: string): Promise<void> => {
  const db = openDatabase(join(directory, 'stockledger.db'));
  await (await createSqliteEvents(db, decodeStored)).append('warehouse-BER', 'no_stream', newEvents(1));
  await db.close();
};
const useKeys = async (directory: string): Promise<void> => (await openPersonalData({ directory })).close();

const storeIn = async (name: string, bound = true): Promise<string> => {
  const directory = join(root, name);
  await mkdir(directory);
  if (bound) bind(directory);
  await useLog(directory);
  await useKeys(directory);
  return directory;
};

describe('the files of a store', () => {
  it('get one id, and keep it', async () => {
    const directory = await storeIn('a');
    const id = bind(directory);
    expect(bind(directory)).toBe(id);
    for (const name of ['stockledger.db', 'keys.db']) {
      const db = new DatabaseSync(join(directory, name), { readOnly: true });
      expect(db.prepare('SELECT id FROM store').get()).toEqual({ id });
      db.close();
    }
  });

  it('of an earlier release get their id at the next start, and so does a log from an earlier backup', async () => {
    const directory = await storeIn('old', false);
    await copyFile(join(directory, 'stockledger.db'), join(root, 'backup.db'));
    const id = bind(directory);
    await copyFile(join(root, 'backup.db'), join(directory, 'stockledger.db'));
    expect(bind(directory)).toBe(id);
  });

  it('are whole again after a first start that died between any two steps', async () => {
    const [noLogId, noKeys, noKeysId] = ['a', 'b', 'c'].map((name) => join(root, name)) as [string, string, string];
    for (const directory of [noLogId, noKeys, noKeysId]) await mkdir(directory);
    await writeFile(join(noLogId, 'stockledger.db'), '');
    expect(() => bind(noLogId)).not.toThrow();
    for (const directory of [noKeys, noKeysId]) bind(directory);
    await rm(join(noKeys, 'keys.db'));
    expect(() => bind(noKeys)).not.toThrow();
    await writeFile(join(noKeysId, 'keys.db'), '');
    expect(() => bind(noKeysId)).not.toThrow();
  });

  it.each([
    ['a log that is gone', 'stockledger.db', 'rm', /stockledger\.db is missing beside keys\.db\. Restore it/],
    ['a log that is new', 'stockledger.db', 'empty', /stockledger\.db is empty beside used keys/],
    ['keys that are gone', 'keys.db', 'rm', /keys\.db is missing beside stockledger\.db/],
    ['keys that are new', 'keys.db', 'empty', /keys\.db is empty beside stockledger\.db/],
    ['a log of another store', 'stockledger.db', 'swap', /are of two stores/],
    ['keys of another store', 'keys.db', 'swap', /are of two stores/],
  ])('do not start with %s, and nothing is made or changed (17)', async (_, name, what, message) => {
    const [directory, other] = [await storeIn('a'), await storeIn('b')];
    await rm(join(directory, name));
    if (what === 'empty') await writeFile(join(directory, name), '');
    if (what === 'swap') await rename(join(other, name), join(directory, name));
    for (const _again of [1, 2]) {
      expect(() => bind(directory)).toThrow(StoreIncomplete);
      expect(() => bind(directory)).toThrow(message);
    }
  });
});

describe('a mark of a log', () => {
  it('lets no new store begin where the log and its keys are gone (17)', async () => {
    const directory = await storeIn('a');
    for (const name of ['stockledger.db', 'keys.db']) await rm(join(directory, name));
    await writeFile(join(directory, 'log.mark'), '{}');
    for (const _again of [1, 2]) {
      expect(() => bind(directory)).toThrow(/stockledger\.db is missing beside log\.mark/);
    }
  });
});

describe('the lock of a data directory', () => {
  it('holds when the lock file is removed, as the service has the keys open (17)', async () => {
    const directory = await storeIn('a');
    const lock = lockDataDir(directory);
    const keys = await openPersonalData({ directory });
    await rm(join(directory, 'service.lock'));
    expect(() => lockDataDir(directory)).toThrow(DataDirLocked);
    await keys.close();
    lock.release();
    lockDataDir(directory).release();
  });
});

describe('a file that is removed while it is open', () => {
  const openings = { 'by this thread': openDatabase, 'by a thread of its own': openThreadedDatabase };

  it.each(
    Object.entries(openings).flatMap(([name, openFile]) =>
      ['', '-wal', '-shm'].map((part) => [name, part, openFile] as const),
    ),
  )('takes no write any more, %s, whether it is the file%s itself or beside it (17)', async (_, suffix, openFile) => {
    const path = join(root, 'a.db');
    const damages: string[] = [];
    const db = await openFile(path, { onDamage: ({ message }) => damages.push(message) });
    const write = await db.writer(jobWrites);
    await write('add', ['queue', [['a', '{}', 0]]]);
    await rm(`${path}${suffix}`);
    await expect(write('add', ['queue', [['b', '{}', 0]]])).rejects.toThrow(StoreDamaged);
    // What may stand in the removed file is not found by a retry either.
    await expect(db.read(() => 1)).rejects.toThrow(StoreDamaged);
    await expect(write('add', ['queue', [['c', '{}', 0]]])).rejects.toThrow(`a.db${suffix} was removed`);
    expect(damages).toEqual([`a.db${suffix} was removed while it was in use.`]);
    await db.close();
  });

  it('is noticed when another file has its name', async () => {
    const path = join(root, 'a.db');
    const db = openDatabase(path);
    await rename(path, join(root, 'b.db'));
    await copyFile(join(root, 'b.db'), path);
    expect(db.check()).toMatchObject({ message: 'a.db is not the file that was opened.' });
    await db.close();
  });
});
