/** All that a key store file holds, each key wrapped as it is: enough to move it, too little to read anything. */
import type { KeptEmail, KeptKey } from '../keys/keyStore.ts';
import { openSqliteKeyStore, toKept, toKeptEmail } from '../keys/sqliteKeyStore.ts';
import type { LocalDatabase } from '../sqlite/file/database.ts';

export interface NumberedEmail extends KeptEmail {
  /** Where it stands, for the next page. */
  readonly number: number;
}

export interface KeyRows {
  /** What a key encryption key is tried on; `null` in a store that was never used. */
  proof(): Promise<Buffer | null>;
  /** Keys and fences after a key id (exclusive), at most `limit`. */
  read(after: string | null, limit: number): Promise<readonly KeptKey[]>;
  /** Addresses after a number (exclusive; 0 for all), at most `limit`. */
  readEmails(after: number, limit: number): Promise<readonly NumberedEmail[]>;
}

export const createSqliteKeyRows = async (db: LocalDatabase): Promise<KeyRows> => {
  await openSqliteKeyStore(db);
  const selectProof = db.prepare('SELECT sealed FROM proof');
  const select = db.prepare(
    'SELECT keyId, subject, wrapped, erased FROM subjectKeys WHERE keyId > ? ORDER BY keyId LIMIT ?',
  );
  const selectEmails = db.prepare(
    'SELECT number, email, subject, sealed FROM emails WHERE number > ? ORDER BY number LIMIT ?',
  );
  return {
    readEmails: (after, limit) =>
      db.read(() =>
        selectEmails.all(after, limit).map((row) => ({ ...toKeptEmail(row), number: row.number as number })),
      ),
    proof: () =>
      db.read(() => {
        const sealed = selectProof.get()?.sealed as Uint8Array | undefined;
        return sealed === undefined ? null : Buffer.from(sealed);
      }),
    read: (after, limit) => db.read(() => select.all(Buffer.from(after ?? '', 'base64url'), limit).map(toKept)),
  };
};
