/** Keys as rows: moved under the same key encryption key, with a fence that always wins; and the notes of erasures. */
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PersonalData } from '../../src/commands/ports.ts';
import { noteErasure, readErasures } from '../../src/infra/keys/erasureLog.ts';
import { createSqliteKeyRows, fenceRow, type KeyRows } from '../../src/infra/keys/keyRows.ts';
import { KeysDiffer, moveKeys } from '../../src/infra/keys/moveKeys.ts';
import { openPersonalData } from '../../src/infra/keys/personalData.ts';
import { openDatabase } from '../../src/infra/sqlite/database.ts';

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

const withRows = async <T>(name: string, work: (rows: KeyRows) => Promise<T>): Promise<T> => {
  const db = openDatabase(join(root, name, 'keys.db'));
  try {
    return await work(await createSqliteKeyRows(db));
  } finally {
    await db.close();
  }
};

const move = () => withRows('a', (source) => withRows('b', (target) => moveKeys(source, target)));

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

  it('refuses a store in which a subject of ours has another key', async () => {
    await seal(['customer:1']);
    await withRows('a', async (source) => withRows('b', async (target) => target.setProof((await source.proof())!)));
    await withPersonalData('b', (data) => data.seal('customer:1', place, 'x'));
    await expect(move()).rejects.toThrow(KeysDiffer);
  });

  it('refuses a store that was made with a proof of its own', async () => {
    await seal(['customer:1']);
    await withPersonalData('b', (data) => data.seal('customer:2', place, 'x'));
    await expect(move()).rejects.toThrow(/made by another service/);
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
    const erased = await withRows('a', async (rows) => (await rows.read(null, 10)).filter(({ isErased }) => isErased));
    expect(erased.map(({ subject }) => Buffer.from(subject).toString('hex')).sort()).toEqual(
      fences.map((fence) => Buffer.from(fence).toString('hex')).sort(),
    );
    expect((await stat(notes())).mode & 0o777).toBe(0o600);
    expect(await readFile(notes(), 'utf8')).not.toContain('customer');
  });

  it('put an end to the key of a copy that is older', async () => {
    await seal(['customer:1']);
    await move();
    await withPersonalData('a', (data) => data.erase('customer:1'));
    const { fences } = await readErasures(notes());
    await withRows('b', (rows) => rows.put(fences.map(fenceRow)));
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
