/** Wrapped keys in a SQLite file of their own. Erasing overwrites a wrapped key where it stands. */
import type { Sealed } from '../../eventsourcing/message.ts';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import type { LocalDatabase } from '../sqlite/file/database.ts';
import type { KeptEmail, KeptKey, KeyStore } from './keyStore.ts';
import { wrappedBytes } from './keyWrap.ts';

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
