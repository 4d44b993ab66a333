/** A key store as rows, each key wrapped as it is: enough to move or mend a store, too little to read anything. */
import { randomBytes } from 'node:crypto';
import type { LocalDatabase } from '../sqlite/database.ts';
import { prepareKeyStore, wrappedBytes } from './subjectKeys.ts';

export interface KeyRow {
  /** 16 bytes. */
  readonly keyId: Uint8Array;
  /** The fence: HMAC of the subject under a key derived from the key encryption key, 32 bytes. */
  readonly subject: Uint8Array;
  /** Zeros when erased. */
  readonly wrapped: Uint8Array;
  readonly isErased: boolean;
}

/** What every key store gives and takes, whichever engine holds it. */
export interface KeyRows {
  /** What a key encryption key is tried on; `null` in a store that was never used. */
  proof(): Promise<Uint8Array | null>;
  /** For an empty store; another proof than the one that is there changes nothing. */
  setProof(proof: Uint8Array): Promise<void>;
  /** Rows after a key id (exclusive), ordered by it. */
  read(after: Uint8Array | null, limit: number): Promise<readonly KeyRow[]>;
  /** The rows of these subjects, in any order; those that have none are missing. */
  find(subjects: readonly Uint8Array[]): Promise<readonly KeyRow[]>;
  /**
   * Adds what is not there. A subject that is there keeps its key, and loses it when the new row is erased: a fence
   * always wins. Durable when it resolves.
   */
  put(rows: readonly KeyRow[]): Promise<void>;
}

const keyIdBytes = 16;
export const fenceBytes = 32;

/** Of a subject that is to have no key, whether it ever had one or not. */
export const fenceRow = (subject: Uint8Array): KeyRow => ({
  keyId: randomBytes(keyIdBytes),
  subject,
  wrapped: Buffer.alloc(wrappedBytes),
  isErased: true,
});

const rowOf = (row: Record<string, unknown>): KeyRow => ({
  keyId: row.keyId as Uint8Array,
  subject: row.subject as Uint8Array,
  wrapped: row.wrapped as Uint8Array,
  isErased: row.erased === 1,
});

export const createSqliteKeyRows = async (db: LocalDatabase): Promise<KeyRows> => {
  await prepareKeyStore(db);
  const selectProof = db.prepare('SELECT sealed FROM proof');
  const insertProof = db.prepare('INSERT OR IGNORE INTO proof VALUES (1, ?)');
  const select = db.prepare(
    'SELECT keyId, subject, wrapped, erased FROM subjectKeys WHERE keyId > ? ORDER BY keyId LIMIT ?',
  );
  const selectSubject = db.prepare('SELECT keyId, subject, wrapped, erased FROM subjectKeys WHERE subject = ?');
  const insert = db.prepare(
    'INSERT INTO subjectKeys (keyId, subject, wrapped, erased) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const erase = db.prepare('UPDATE subjectKeys SET wrapped = ?, erased = 1 WHERE subject = ?');
  return {
    proof: () => db.read(() => (selectProof.get()?.sealed as Uint8Array | undefined) ?? null),
    setProof: async (proof) => {
      await db.write(() => insertProof.run(proof));
    },
    read: (after, limit) => db.read(() => select.all(after ?? new Uint8Array(), limit).map(rowOf)),
    find: (subjects) => db.read(() => subjects.flatMap((subject) => selectSubject.all(subject)).map(rowOf)),
    put: (rows) =>
      db.write(() => {
        for (const { keyId, subject, wrapped, isErased } of rows) {
          insert.run(keyId, subject, wrapped, isErased ? 1 : 0);
          if (isErased) erase.run(wrapped, subject);
        }
      }),
  };
};
