/** All that a key store file holds, each key wrapped as it is: enough to move it, too little to read anything. */
import type { LocalDatabase } from '../sqlite/database.ts';
import type { KeptKey } from './keyStore.ts';
import { openSqliteKeyStore, toKept } from './sqliteKeyStore.ts';

export interface KeyRows {
  /** What a key encryption key is tried on; `null` in a store that was never used. */
  proof(): Promise<Buffer | null>;
  /** Keys and fences after a key id (exclusive), at most `limit`. */
  read(after: string | null, limit: number): Promise<readonly KeptKey[]>;
}

export const createSqliteKeyRows = async (db: LocalDatabase): Promise<KeyRows> => {
  await openSqliteKeyStore(db);
  const selectProof = db.prepare('SELECT sealed FROM proof');
  const select = db.prepare(
    'SELECT keyId, subject, wrapped, erased FROM subjectKeys WHERE keyId > ? ORDER BY keyId LIMIT ?',
  );
  return {
    proof: () =>
      db.read(() => {
        const sealed = selectProof.get()?.sealed as Uint8Array | undefined;
        return sealed === undefined ? null : Buffer.from(sealed);
      }),
    read: (after, limit) => db.read(() => select.all(Buffer.from(after ?? '', 'base64url'), limit).map(toKept)),
  };
};
