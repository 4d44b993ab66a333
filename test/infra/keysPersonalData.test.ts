/** What the contract can't see: files, restarts, the key encryption key, the bytes that an erasure leaves. */
import { createSecretKey, randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PersonalData, SubjectErased } from '../../src/commands/ports.ts';
import { StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { KeyStoreLocked, keyEncryptionKeyFileName } from '../../src/infra/keys/keyFiles.ts';
import { createPersonalData, SealBroken } from '../../src/infra/keys/personalData.ts';
import { openPersonalData } from '../../src/infra/keys/sqliteKeyStore.ts';
import type { SubjectKey } from '../../src/infra/keys/subjectKeys.ts';
import { keyStoreFileName } from '../../src/infra/privateFiles.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stockledger-keys-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const place = 'order-1/contact';
const person = { name: 'Ada', email: 'ada@example.org' };
const keyFile = (): string => join(directory, keyEncryptionKeyFileName);

const withStore = async <T>(use: (store: PersonalData) => Promise<T>, keyEncryptionKey?: Uint8Array): Promise<T> => {
  const store = await openPersonalData({ directory, keyEncryptionKey });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
};

/** Every byte that the key store has on the disk now. */
const bytesOnDisk = async (): Promise<Buffer> => {
  const names = (await readdir(directory)).filter((name) => name.startsWith(keyStoreFileName));
  return Buffer.concat(await Promise.all(names.map((name) => readFile(join(directory, name)))));
};

const wrappedKeys = (): Buffer[] => {
  const db = new DatabaseSync(join(directory, keyStoreFileName), { readOnly: true });
  const rows = db.prepare('SELECT wrapped FROM subjectKeys ORDER BY number').all();
  db.close();
  return rows.map(({ wrapped }) => Buffer.from(wrapped as Uint8Array));
};

describe('personal data on the disk', () => {
  it('survives a restart, and so does an erasure (B7)', async () => {
    const sealed = await withStore(async (store) => {
      await store.seal('erased', place, person);
      await store.erase('erased');
      return store.seal('kept', place, person);
    });
    await withStore(async (store) => {
      expect(await store.open(sealed, place)).toEqual(person);
      expect((await store.seal('kept', place, person)).split('.')[1]).toBe(sealed.split('.')[1]);
      await expect(store.seal('erased', place, person)).rejects.toThrow(SubjectErased);
    });
  });

  it('keeps the key encryption key in a file of its own that only its owner can read (R7.5)', async () => {
    await withStore((store) => store.seal('customer', place, person));
    expect(await readdir(directory)).toEqual([keyEncryptionKeyFileName, keyStoreFileName]);
    expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
    await chmod(keyFile(), 0o644);
    await withStore(() => Promise.resolve());
    expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
    const key = Buffer.from((await readFile(keyFile(), 'utf8')).trim(), 'base64url');
    expect(key).toHaveLength(32);
    expect((await bytesOnDisk()).includes(key)).toBe(false);
  });

  it('keeps no row of an address by which an erased subject was found', async () => {
    const rows = (): readonly object[] => {
      const db = new DatabaseSync(join(directory, keyStoreFileName), { readOnly: true });
      const found = db.prepare('SELECT email, subject, sealed FROM emails').all();
      db.close();
      return found;
    };
    await withStore(async (store) => {
      await store.remember('kept', person.email);
      const before = rows();
      await store.remember('erased', person.email);
      expect(rows()).toHaveLength(2);
      await store.erase('erased');
      expect(rows()).toEqual(before);
    });
  });

  it('shows neither subjects nor keys to whoever has the key store alone', async () => {
    await withStore(async (store) => {
      await store.seal('customer-4711', place, person);
      await store.remember('customer-4711', person.email);
    });
    const bytes = await bytesOnDisk();
    for (const canary of ['4711', 'Ada', 'ada', 'example.org']) expect(bytes.includes(canary), canary).toBe(false);
  });

  it('leaves no copy of an erased key in the files, while the store runs and after', async () => {
    const subjects = Array.from({ length: 600 }, (_, index) => `customer${index}`);
    await withStore(async (store) => {
      for (let from = 0; from < subjects.length; from += 50) {
        await Promise.all(subjects.slice(from, from + 50).map((subject) => store.seal(subject, place, person)));
      }
      const wrapped = wrappedKeys();
      const before = await bytesOnDisk();
      expect(wrapped).toHaveLength(600);
      expect(wrapped.every((key) => before.includes(key))).toBe(true);
      for (const subject of subjects.slice(100, 150)) await store.erase(subject);
      const now = wrappedKeys();
      const gone = wrapped.filter((key) => !now.some((other) => other.equals(key)));
      expect(gone).toHaveLength(50);
      const after = await bytesOnDisk();
      expect(gone.filter((key) => after.includes(key))).toEqual([]);
    });
  });

  it('does not call an erasure complete while another process may still read the old bytes', async () => {
    await withStore(async (store) => {
      await store.seal('customer', place, person);
      const reader = new DatabaseSync(join(directory, keyStoreFileName));
      reader.exec('BEGIN');
      reader.prepare('SELECT count(*) FROM subjectKeys').get();
      await expect(store.erase('customer')).rejects.toThrow(StoreUnavailable);
      await expect(store.seal('customer', place, person)).rejects.toThrow(SubjectErased);
      reader.close();
      await store.erase('customer');
    });
  });

  it('does not open a text that names a key it never had', async () => {
    const sealed = await withStore((store) => store.seal('customer', place, person));
    await rm(join(directory, keyStoreFileName));
    await withStore((store) => expect(store.open(sealed, place)).rejects.toThrow(SealBroken));
  });

  it('seals JSON values only', async () => {
    await withStore((store) => expect(store.seal('customer', place, undefined)).rejects.toThrow(TypeError));
  });
});

describe('the key encryption key', () => {
  it('may be given, and no file is made then', async () => {
    const key = randomBytes(32);
    const sealed = await withStore((store) => store.seal('customer', place, person), key);
    expect(await readdir(directory)).toEqual([keyStoreFileName]);
    expect(await withStore((store) => store.open(sealed, place), key)).toEqual(person);
  });

  it('stops the start when it is not the one the store was made with', async () => {
    await withStore(() => Promise.resolve(), randomBytes(32));
    await expect(openPersonalData({ directory, keyEncryptionKey: randomBytes(32) })).rejects.toThrow(KeyStoreLocked);
  });

  it('stops the start when its file is missing, rather than make another one', async () => {
    await withStore(() => Promise.resolve());
    const text = await readFile(keyFile(), 'utf8');
    await rm(keyFile());
    await expect(openPersonalData({ directory })).rejects.toThrow(/is missing/);
    expect(await readdir(directory)).toEqual([keyStoreFileName]);
    await writeFile(keyFile(), text);
    await withStore(() => Promise.resolve());
  });

  it.each(['', 'short', 'x'.repeat(100)])('stops the start when its file holds %j', async (text) => {
    await writeFile(keyFile(), text);
    await expect(openPersonalData({ directory })).rejects.toThrow(KeyStoreLocked);
    expect(await readFile(keyFile(), 'utf8')).toBe(text);
  });

  it('must have 32 bytes', async () => {
    await expect(openPersonalData({ directory, keyEncryptionKey: randomBytes(16) })).rejects.toThrow(KeyStoreLocked);
  });

  it('is the same for two that start at the same moment', async () => {
    const stores = await Promise.all([openPersonalData({ directory }), openPersonalData({ directory })]);
    const sealed = await stores[0].seal('customer', place, person);
    expect(await stores[1].open(sealed, place)).toEqual(person);
    for (const store of stores) await store.close();
    expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('the keys in memory', () => {
  /** Each read of a key waits until the test answers it. */
  const createSlowKeys = () => {
    const reads: PromiseWithResolvers<SubjectKey | null>[] = [];
    const read = (): Promise<SubjectKey | null> => {
      const answer = Promise.withResolvers<SubjectKey | null>();
      reads.push(answer);
      return answer.promise;
    };
    const keys = { findOrCreate: read, byId: read, erase: async () => undefined };
    return { reads, personalData: createPersonalData(keys as never, Number.POSITIVE_INFINITY) };
  };
  const newKey = (): SubjectKey => {
    const [key, digestKey] = [createSecretKey(randomBytes(32)), createSecretKey(randomBytes(32))];
    return { keyId: randomBytes(16).toString('base64url'), key, digestKey };
  };

  it('are read once for all that is sealed side by side, and again after a read that failed', async () => {
    const { reads, personalData } = createSlowKeys();
    const failing = [personalData.seal('customer', place, 1), personalData.seal('customer', place, 2)];
    reads[0]?.reject(new Error('away'));
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const sealed = [personalData.seal('customer', place, 1), personalData.seal('customer', place, 2)];
    reads[1]?.resolve(newKey());
    await Promise.all(sealed);
    await personalData.seal('customer', place, 3);
    expect(reads).toHaveLength(2);
  });

  it('are read again after an erasure, though a read that began before it has not ended', async () => {
    const { reads, personalData } = createSlowKeys();
    const before = personalData.seal('customer', place, 1);
    await personalData.erase('customer');
    const after = personalData.seal('customer', place, 2);
    reads[1]?.resolve(null);
    await expect(after).rejects.toThrow(SubjectErased);
    reads[0]?.resolve(newKey());
    await before;
    const later = personalData.seal('customer', place, 3);
    reads[2]?.resolve(null);
    await expect(later).rejects.toThrow(SubjectErased);
    expect(reads).toHaveLength(3);
  });
});
