/**
 * One data key a subject, wrapped, in a SQLite file of its own. Whoever has only that file learns neither a key nor
 * whose it is. Erasing overwrites the wrapped key where it stands and leaves the row as the fence.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { StoreUnavailable } from '../../commands/ports.ts';
import type { LocalDatabase } from '../sqlite/database.ts';
import { createNonces, decrypt, encrypt, nonceBytes, tagBytes } from './aesGcm.ts';
import { type DerivedKeys, KeyStoreLocked } from './keyEncryptionKey.ts';

export interface SubjectKey {
  /** Random, 16 bytes in base64url: a sealed text names its key, never its subject. */
  readonly keyId: string;
  /** Seals. */
  readonly key: KeyObject;
  /** Digests: one purpose, one key. */
  readonly digestKey: KeyObject;
}

export interface SubjectKeys {
  /** The key of a subject; `null` once erased, `undefined` when there was never one. */
  find(subject: string): SubjectKey | null | undefined;
  /** The same, made when absent. Durable when it resolves; `committed` is called in commit order. */
  findOrCreate(subject: string, committed: (key: SubjectKey | null) => void): Promise<SubjectKey | null>;
  /** The key of that name; `null` once erased, `undefined` when no key was ever called so. */
  byId(keyId: string): SubjectKey | null | undefined;
  /** No copy of the wrapped key is left in the files when it resolves. `committed` learns which key it was. */
  erase(subject: string, committed: (keyId: string) => void): Promise<void>;
}

/** Keeps the fence where the restore of an older key store finds it. Durable when it resolves. */
export type NoteErasure = (fence: Uint8Array) => Promise<void>;

const keyBytes = 32;
const keyIdBytes = 16;
/** A wrapped key: nonce, ciphertext, tag. */
export const wrappedBytes = nonceBytes + keyBytes + tagBytes;
const proof = 'stockledger key store v1';

/**
 * The table grows at its end only and its rows never change their size, so SQLite never moves a wrapped key: there is
 * one copy to overwrite. An erased one is zeros, as long as before.
 */
const schema = [
  `CREATE TABLE IF NOT EXISTS subjectKeys (number INTEGER PRIMARY KEY, keyId BLOB NOT NULL UNIQUE,
     subject BLOB NOT NULL UNIQUE, wrapped BLOB NOT NULL, erased INTEGER NOT NULL) STRICT`,
  'CREATE TABLE IF NOT EXISTS proof (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL) STRICT',
];

const subjectKeyOf = (keyId: Buffer, bytes: Buffer): SubjectKey => ({
  keyId: keyId.toString('base64url'),
  key: createSecretKey(bytes),
  digestKey: createSecretKey(createHmac('sha256', bytes).update('stockledger digest v1').digest()),
});

/** Makes the tables when they are missing; says whether the store has been used before. */
export const prepareKeyStore = async (db: LocalDatabase): Promise<{ readonly used: boolean }> => {
  db.prepare('PRAGMA secure_delete=ON').get();
  await db.write(() => {
    for (const statement of schema) db.prepare(statement).run();
  });
  return { used: db.prepare('SELECT 1 FROM proof').get() !== undefined };
};

/** @throws KeyStoreLocked when the store was made with another key encryption key. */
const unlock = async (
  db: LocalDatabase,
  wrap: (plain: Buffer) => Buffer,
  unwrap: (sealed: Buffer) => Buffer | undefined,
) => {
  await db.write(() => db.prepare('INSERT OR IGNORE INTO proof VALUES (1, ?)').run(wrap(Buffer.from(proof))));
  const sealed = db.prepare('SELECT sealed FROM proof').get()?.sealed as Uint8Array;
  if (unwrap(Buffer.from(sealed))?.toString() !== proof) {
    throw new KeyStoreLocked('The key encryption key is not the one this key store was made with. Give the right one.');
  }
};

export const createSubjectKeys = async (
  db: LocalDatabase,
  { wrapping, lookup }: DerivedKeys,
  noteErasure: NoteErasure,
): Promise<SubjectKeys> => {
  const nextNonce = createNonces();
  const wrap = (plain: Buffer, place: Buffer): Buffer => {
    const nonce = nextNonce();
    return Buffer.concat([nonce, encrypt(wrapping, nonce, plain, place)]);
  };
  const unwrap = (wrapped: Buffer, place: Buffer): Buffer | undefined =>
    decrypt(wrapping, wrapped.subarray(0, nonceBytes), wrapped.subarray(nonceBytes), place);
  const proofPlace = Buffer.from('proof');
  await unlock(
    db,
    (plain) => wrap(plain, proofPlace),
    (sealed) => unwrap(sealed, proofPlace),
  );

  const findBySubject = db.prepare('SELECT keyId, subject, wrapped, erased FROM subjectKeys WHERE subject = ?');
  const findById = db.prepare('SELECT keyId, subject, wrapped, erased FROM subjectKeys WHERE keyId = ?');
  const insert = db.prepare(
    'INSERT INTO subjectKeys (keyId, subject, wrapped, erased) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const overwrite = db.prepare('UPDATE subjectKeys SET wrapped = ?, erased = 1 WHERE subject = ?');
  const nothing = Buffer.alloc(wrappedBytes);

  const digestOf = (subject: string): Buffer => createHmac('sha256', lookup).update(subject).digest();

  const toKey = (row: Record<string, unknown> | undefined): SubjectKey | null | undefined => {
    if (row === undefined) return undefined;
    if (row.erased === 1) return null;
    const keyId = Buffer.from(row.keyId as Uint8Array);
    const place = Buffer.concat([keyId, row.subject as Uint8Array]);
    const key = unwrap(Buffer.from(row.wrapped as Uint8Array), place);
    if (key === undefined) throw new Error('A key of the key store is damaged. Restore the key store.');
    return subjectKeyOf(keyId, key);
  };

  const create = (digest: Buffer): SubjectKey => {
    const keyId = randomBytes(keyIdBytes);
    const key = randomBytes(keyBytes);
    insert.run(keyId, digest, wrap(key, Buffer.concat([keyId, digest])), 0);
    return subjectKeyOf(keyId, key);
  };

  return {
    find: (subject) => toKey(findBySubject.get(digestOf(subject))),
    findOrCreate: (subject, committed) =>
      db.write(() => {
        const digest = digestOf(subject);
        const found = toKey(findBySubject.get(digest));
        return found === undefined ? create(digest) : found;
      }, committed),
    byId: (keyId) => toKey(findById.get(Buffer.from(keyId, 'base64url'))),
    erase: async (subject, committed) => {
      const digest = digestOf(subject);
      // First: a crash in between leaves a note too many, and the erasure is asked for again.
      await noteErasure(digest);
      await db.write(() => {
        insert.run(randomBytes(keyIdBytes), digest, nothing, 1);
        overwrite.run(nothing, digest);
        return Buffer.from(findBySubject.get(digest)?.keyId as Uint8Array).toString('base64url');
      }, committed);
      // The write-ahead log still holds the page as it was. Repeating the erasure repeats this.
      if (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0) {
        throw new StoreUnavailable('Another process reads the key store: the erasure is not complete.', 'unknown');
      }
    },
  };
};
