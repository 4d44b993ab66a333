/** Wrapped keys in a SQLite file of their own. Erasing overwrites a wrapped key where it stands. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { PersonalData } from '../../commands/ports.ts';
import type { Sealed } from '../../eventsourcing/message.ts';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import { keyStoreFileName, privateDirectory } from '../privateFiles.ts';
import { type DatabaseOptions, type LocalDatabase, openDatabase } from '../sqlite/file/database.ts';
import { loadDerivedKeys } from './keyFiles.ts';
import { erasureLogFileName, type KeptEmail, type KeptKey, type KeyStore, notingErasures } from './keyStore.ts';
import { createPersonalData } from './personalData.ts';
import { createKeyWrap, createSubjectKeys, wrappedBytes } from './subjectKeys.ts';

/**
 * The table grows at its end only and its rows never change their size, so SQLite never moves a wrapped key: there is
 * one copy to overwrite. An erased one is zeros, as long as before.
 */
const schema = [
  `CREATE TABLE IF NOT EXISTS subjectKeys (number INTEGER PRIMARY KEY, keyId BLOB NOT NULL UNIQUE,
     subject BLOB NOT NULL UNIQUE, wrapped BLOB NOT NULL, erased INTEGER NOT NULL) STRICT`,
  `CREATE TABLE IF NOT EXISTS emails (number INTEGER PRIMARY KEY, email BLOB NOT NULL, subject BLOB NOT NULL,
     sealed TEXT NOT NULL, UNIQUE (email, subject)) STRICT`,
  'CREATE INDEX IF NOT EXISTS emailsOfSubject ON emails (subject)',
  'CREATE TABLE IF NOT EXISTS proof (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL) STRICT',
];

const bytesOf = (keyId: string): Buffer => Buffer.from(keyId, 'base64url');

export const toKept = (row: Record<string, unknown>): KeptKey => ({
  keyId: Buffer.from(row.keyId as Uint8Array).toString('base64url'),
  subject: Buffer.from(row.subject as Uint8Array),
  wrapped: row.erased === 1 ? null : Buffer.from(row.wrapped as Uint8Array),
});

export const toKeptEmail = (row: Record<string, unknown>): KeptEmail => ({
  email: Buffer.from(row.email as Uint8Array),
  subject: Buffer.from(row.subject as Uint8Array),
  sealed: row.sealed as Sealed,
});

const toKeptIfAny = (row: Record<string, unknown> | undefined): KeptKey | undefined =>
  row === undefined ? undefined : toKept(row);

/** Makes the tables when they are missing; says whether the store has been used before. */
export const openSqliteKeyStore = async (
  db: LocalDatabase,
): Promise<{ readonly store: KeyStore; readonly used: boolean }> => {
  db.prepare('PRAGMA secure_delete=ON').get();
  await db.write(() => {
    for (const statement of schema) db.prepare(statement).run();
  });
  const used = db.prepare('SELECT 1 FROM proof').get() !== undefined;
  const findBySubject = db.prepare('SELECT keyId, subject, wrapped, erased FROM subjectKeys WHERE subject = ?');
  const findById = db.prepare('SELECT keyId, subject, wrapped, erased FROM subjectKeys WHERE keyId = ?');
  const insert = db.prepare(
    'INSERT INTO subjectKeys (keyId, subject, wrapped, erased) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const overwrite = db.prepare('UPDATE subjectKeys SET wrapped = ?, erased = 1 WHERE subject = ?');
  const insertEmail = db.prepare(
    `INSERT INTO emails (email, subject, sealed) SELECT ?, subject, ? FROM subjectKeys WHERE subject = ? AND erased = 0
     ON CONFLICT DO NOTHING`,
  );
  const findEmails = db.prepare('SELECT email, subject, sealed FROM emails WHERE email = ? LIMIT ?');
  const removeEmails = db.prepare('DELETE FROM emails WHERE subject = ?');
  const nothing = Buffer.alloc(wrappedBytes);

  const store: KeyStore = {
    bySubject: (subject) => db.read(() => toKeptIfAny(findBySubject.get(subject))),
    byId: (keyId) => db.read(() => toKeptIfAny(findById.get(bytesOf(keyId)))),
    add: (key) =>
      db.write(() => {
        insert.run(bytesOf(key.keyId), key.subject, key.wrapped, 0);
        return toKeptIfAny(findBySubject.get(key.subject)) ?? key;
      }),
    addEmail: ({ email, subject, sealed }) =>
      db.write(() => {
        insertEmail.run(email, sealed, subject);
      }),
    byEmail: (email, limit) => db.read(() => findEmails.all(email, limit).map(toKeptEmail)),
    erase: async (subject, keyId) => {
      await db.write(() => {
        insert.run(bytesOf(keyId), subject, nothing, 1);
        overwrite.run(nothing, subject);
        removeEmails.run(subject);
      });
      // The write-ahead log still holds the page as it was. Repeating the erasure repeats this.
      if (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0) {
        throw new StoreUnavailable('Another process reads the key store: the erasure is not complete.', 'unknown');
      }
    },
    proof: (sealed) =>
      db.write(() => {
        db.prepare('INSERT OR IGNORE INTO proof VALUES (1, ?)').run(sealed);
        return Buffer.from(db.prepare('SELECT sealed FROM proof').get()?.sealed as Uint8Array);
      }),
  };
  return { store, used };
};

/** Whether every wrapped key of a key store file opens under the key encryption key. */

interface KeysChecked {
  readonly keys: number;
  readonly faults: readonly string[];
}

/** @throws KeyStoreLocked when the key encryption key is missing. */
export const keysThatDoNotOpen = async (
  db: DatabaseSync,
  directory: string,
  keyEncryptionKey: Uint8Array | undefined,
): Promise<KeysChecked> => {
  const { unwrap } = createKeyWrap((await loadDerivedKeys(directory, keyEncryptionKey, false)).wrapping);
  const proof = db.prepare('SELECT sealed FROM proof').get()?.sealed as Uint8Array | undefined;
  if (proof !== undefined && unwrap(Buffer.from(proof), Buffer.from('proof')) === undefined) {
    return { keys: 0, faults: ['the key encryption key is not the one of this key store'] };
  }
  let [keys, broken] = [0, 0];
  for (const row of db.prepare('SELECT keyId, subject, wrapped FROM subjectKeys WHERE erased = 0').iterate()) {
    const place = Buffer.concat([row.keyId as Uint8Array, row.subject as Uint8Array]);
    keys += 1;
    if (unwrap(Buffer.from(row.wrapped as Uint8Array), place) === undefined) broken += 1;
  }
  return { keys, faults: broken === 0 ? [] : [`${broken} of ${keys} keys are damaged`] };
};

/** Personal data with its keys in `keys.db` beside the events. One process owns the file. */

/** Keys in use are held themselves. */
const keyStoreCacheKiB = 2 * 1_024;

/** The file itself: whether it is sound, and its end. */
type KeyFile = Pick<LocalDatabase, 'check' | 'condemn' | 'close'>;

interface PersonalDataOptions {
  /** Where `keys.db` lies, and the key encryption key when none is given. Made if absent. */
  readonly directory: string;
  /** 32 bytes from a key management service. Absent: a file of mode 0600 in `directory`, made on first start. */
  readonly keyEncryptionKey?: Uint8Array | undefined;
  /** Where erasures are noted. Absent: `erasures.log` in `directory`. */
  readonly erasuresFile?: string | undefined;
  readonly onDamage?: DatabaseOptions['onDamage'];
}

/**
 * @throws KeyStoreLocked when the key encryption key is missing or is not the one the store was made with.
 */
export const openPersonalData = async ({
  directory,
  keyEncryptionKey,
  erasuresFile = join(directory, erasureLogFileName),
  onDamage,
}: PersonalDataOptions): Promise<PersonalData & KeyFile> => {
  await mkdir(directory, privateDirectory);
  const db = openDatabase(join(directory, keyStoreFileName), {
    cacheKiB: keyStoreCacheKiB,
    ...(onDamage === undefined ? {} : { onDamage }),
  });
  try {
    const { store, used } = await openSqliteKeyStore(db);
    const derived = await loadDerivedKeys(directory, keyEncryptionKey, !used);
    const keys = createSubjectKeys(notingErasures(store, erasuresFile), derived);
    await keys.unlock();
    const { check, condemn, close } = db;
    return { ...createPersonalData(keys, Number.POSITIVE_INFINITY), check, condemn, close };
  } catch (error) {
    await db.close();
    throw error;
  }
};
