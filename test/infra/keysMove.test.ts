/** Keys as rows: moved under the same key encryption key, with a fence that always wins; and the notes of erasures. */
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { PersonalData } from '../../src/commands/ports.ts';
import { type KeyStore, noteErasure, readErasures } from '../../src/infra/keys/keyStore.ts';
import { openPersonalData, openSqliteKeyStore } from '../../src/infra/keys/sqliteKeyStore.ts';
import { createSqliteKeyRows, KeysDiffer, moveKeys } from '../../src/infra/migration/sideStores.ts';
import { openMongo } from '../../src/infra/mongodb/connect.ts';
import { createMongoKeyStore, createMongoPersonalData } from '../../src/infra/mongodb/keyStore.ts';
import { type LocalDatabase, openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { uniqueName } from '../contracts/make.ts';
import { mongoMissing, startMongo } from '../support/engines/mongodb.ts';

const keyEncryptionKey = Buffer.alloc(32, 1);
const place = 'order-1/contact';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stockledger-keys-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const withPersonalData = async <T>(name: string, work: (data: PersonalData) => Promise<T>): Promise<T> => {
  const data = await openPersonalData({ directory: join(root, name), keyEncryptionKey });
  try {
    return await work(data);
  } finally {
    await data.close();
  }
};

const withDatabase = async <T>(name: string, work: (db: LocalDatabase) => Promise<T>): Promise<T> => {
  const db = openDatabase(join(root, name, 'keys.db'));
  try {
    return await work(db);
  } finally {
    await db.close();
  }
};

const withStore = <T>(name: string, work: (store: KeyStore) => Promise<T>): Promise<T> =>
  withDatabase(name, async (db) => work((await openSqliteKeyStore(db)).store));

const moveTo = (target: KeyStore) => withDatabase('a', async (db) => moveKeys(await createSqliteKeyRows(db), target));
const move = () => withStore('b', moveTo);

/** Two stores on disk, the second one never used. */
const seal = async (subjects: readonly string[]): Promise<void> => {
  await withPersonalData('a', async (data) => {
    for (const subject of subjects) await data.seal(subject, place, subject);
  });
  await withPersonalData('b', async () => undefined).then(() => rm(join(root, 'b', 'keys.db')));
};

describe('moving keys', () => {
  it('takes every key and every fence, over many pages, and may be repeated', async () => {
    await seal(Array.from({ length: 2_300 }, (_, index) => `customer:${index}`));
    await withPersonalData('a', (data) => data.erase('customer:7'));
    expect(await move()).toEqual({ keys: 2_299, fences: 1 });
    expect(await move()).toEqual({ keys: 2_299, fences: 1 });
    const sealed = await withPersonalData('a', (data) => data.seal('customer:8', place, 'Ada'));
    expect(await withPersonalData('b', (data) => data.open(sealed, place))).toBe('Ada');
    await expect(withPersonalData('b', (data) => data.seal('customer:7', place, 'x'))).rejects.toThrow('erased');
  });

  it('brings nobody back who was erased in the new place meanwhile', async () => {
    await seal(['customer:1']);
    await move();
    await withPersonalData('b', (data) => data.erase('customer:1'));
    expect(await move()).toEqual({ keys: 1, fences: 0 });
    await expect(withPersonalData('b', (data) => data.seal('customer:1', place, 'x'))).rejects.toThrow('erased');
  });

  it('brings a later erasure along', async () => {
    await seal(['customer:1']);
    await move();
    await withPersonalData('a', (data) => data.erase('customer:1'));
    await move();
    await expect(withPersonalData('b', (data) => data.seal('customer:1', place, 'x'))).rejects.toThrow('erased');
  });

  it('takes along by which e-mail address people are found, and not for who was erased in either place', async () => {
    const subjects = Array.from({ length: 1_203 }, (_, index) => `customer:${index}`);
    await withPersonalData('a', async (data) => {
      await Promise.all(subjects.map((subject) => data.remember(subject, 'one@shop.invalid')));
      await data.erase('customer:7');
    });
    await withPersonalData('b', async () => undefined).then(() => rm(join(root, 'b', 'keys.db')));
    await move();
    await withPersonalData('b', (data) => data.erase('customer:8'));
    await move();
    const found = await withPersonalData('b', (data) => data.rememberedBy('one@shop.invalid', 5_000));
    expect([...found].sort()).toEqual(
      subjects.filter((subject) => !['customer:7', 'customer:8'].includes(subject)).sort(),
    );
  });

  it('refuses a store in which a subject of ours has another key', async () => {
    await seal(['customer:1']);
    await withDatabase('a', async (db) => {
      const proof = await (await createSqliteKeyRows(db)).proof();
      await withStore('b', (target) => target.proof(proof!));
    });
    await withPersonalData('b', (data) => data.seal('customer:1', place, 'x'));
    await expect(move()).rejects.toThrow(KeysDiffer);
  });

  it('refuses a store that was made with a proof of its own', async () => {
    await seal(['customer:1']);
    await withPersonalData('b', (data) => data.seal('customer:2', place, 'x'));
    await expect(move()).rejects.toThrow(/made by another service/);
  });
});

const missing = mongoMissing();

describe.skipIf(missing !== null)(`moving keys to MongoDB${missing === null ? '' : ` (${missing})`}`, () => {
  it('takes keys, fences and proof, so that what is sealed opens there and erased people stay erased', async () => {
    const server = await startMongo();
    const url = new URL(server.url);
    url.pathname = `/${uniqueName('move')}`;
    const mongo = openMongo({ url: url.href });
    onTestFinished(async () => {
      await mongo.keysDb.dropDatabase();
      await mongo.close();
      await server.stop();
    });
    await seal(Array.from({ length: 50 }, (_, index) => `customer:${index}`));
    await withPersonalData('a', (data) => data.erase('customer:7'));
    const sealed = await withPersonalData('a', (data) => data.seal('customer:8', place, 'Ada'));
    expect(await moveTo(createMongoKeyStore(mongo))).toEqual({ keys: 49, fences: 1 });
    expect(await moveTo(createMongoKeyStore(mongo))).toEqual({ keys: 49, fences: 1 });
    const erasuresFile = join(root, 'erasures.log');
    const there = createMongoPersonalData(mongo, keyEncryptionKey, 0, erasuresFile);
    expect(await there.open(sealed, place)).toBe('Ada');
    await expect(there.seal('customer:7', place, 'x')).rejects.toThrow('erased');
    await there.erase('customer:8');
    expect((await readErasures(erasuresFile)).fences).toHaveLength(1);
    const other = createMongoPersonalData(mongo, Buffer.alloc(32, 2), 0);
    await expect(other.unlock()).rejects.toMatchObject({ name: 'KeyStoreLocked' });
  });
});

describe('the notes of erasures', () => {
  const notes = (): string => join(root, 'a', 'erasures.log');

  it('get each fence before the key is gone, in a file for the owner alone', async () => {
    await seal(['customer:1', 'customer:2']);
    await withPersonalData('a', async (data) => {
      await data.erase('customer:1');
      await data.erase('customer:never seen');
      await data.erase('customer:1');
    });
    const { fences, unreadable } = await readErasures(notes());
    expect([fences.length, unreadable]).toEqual([2, 0]);
    const all = await withDatabase('a', async (db) => (await createSqliteKeyRows(db)).read(null, 10));
    const erased = all.filter(({ wrapped }) => wrapped === null);
    expect(erased.map(({ subject }) => subject.toString('hex')).sort()).toEqual(
      fences.map((fence) => fence.toString('hex')).sort(),
    );
    expect((await stat(notes())).mode & 0o777).toBe(0o600);
    expect(await readFile(notes(), 'utf8')).not.toContain('customer');
  });

  it('put an end to the key of a copy that is older', async () => {
    await seal(['customer:1']);
    await move();
    await withPersonalData('a', (data) => data.erase('customer:1'));
    const { fences } = await readErasures(notes());
    await withStore('b', (store) => store.erase(fences[0]!, 'A'.repeat(22)));
    await expect(withPersonalData('b', (data) => data.seal('customer:1', place, 'x'))).rejects.toThrow('erased');
  });

  it('lose nothing after a line that a crash has cut off', async () => {
    const path = join(root, 'erasures.log');
    await noteErasure(path, Buffer.alloc(32, 1));
    await appendFile(path, '\nAAAA');
    await noteErasure(path, Buffer.alloc(32, 2));
    const { fences, unreadable } = await readErasures(path);
    expect(fences).toEqual([Buffer.alloc(32, 1), Buffer.alloc(32, 2)]);
    expect(unreadable).toBe(1);
  });

  it('keep the key when they cannot be written: an erasure is whole or not done', async () => {
    await seal(['customer:1']);
    const erasuresFile = join(root, 'file');
    await writeFile(erasuresFile, '');
    const directory = join(root, 'a');
    const data = await openPersonalData({ directory, keyEncryptionKey, erasuresFile: join(erasuresFile, 'x') });
    await expect(data.erase('customer:1')).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'not_written' });
    await data.close();
    expect(await withPersonalData('a', (again) => again.seal('customer:1', place, 'x'))).toMatch(/^v1\./);
  });
});
