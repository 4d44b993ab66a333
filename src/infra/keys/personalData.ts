/**
 * Personal data under one key a subject (DESIGN §4.5), kept in `keys.db` apart from the events, so that erasing a
 * person is destroying a key and every event keeps its bytes.
 *
 * A sealed text is `v1.<key id>.<nonce>.<ciphertext and tag>`, each part in base64url. One process owns the file.
 */
import { createHmac } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type PersonalData, SubjectErased } from '../../commands/ports.ts';
import type { Sealed } from '../../domain/message.ts';
import { createLru } from '../lru.ts';
import { openDatabase } from '../sqlite/database.ts';
import { createNonces, decrypt, encrypt } from './aesGcm.ts';
import { erasureLogFileName, noteErasure } from './erasureLog.ts';
import { loadDerivedKeys } from './keyEncryptionKey.ts';
import { createSubjectKeys, prepareKeyStore, type SubjectKey, type SubjectKeys } from './subjectKeys.ts';

export const keyStoreFileName = 'keys.db';

/** Unwrapped keys in memory, about 300 bytes each: the customers of a busy day. Others cost one read and one unwrap. */
/** Keys in use are held themselves. */
const keyStoreCacheKiB = 2 * 1_024;
const keysCachedMax = 20_000;

/** Sealed text that was damaged, tampered with, moved to another place, or sealed with a key of another store. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

export interface PersonalDataOptions {
  /** Where `keys.db` lies, and the key encryption key when none is given. Made if absent. */
  readonly directory: string;
  /** 32 bytes from a key management service. Absent: a file of mode 0600 in `directory`, made on first start. */
  readonly keyEncryptionKey?: Uint8Array | undefined;
  /** Where erasures are noted. Absent: `erasures.log` in `directory`. */
  readonly erasuresFile?: string | undefined;
}

const scheme = 'v1';
const sealedPattern = /^v1\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{23,})$/;

const sealWith = ({ keyId, key }: SubjectKey, nonce: Buffer, context: string, value: unknown): Sealed => {
  // The compiler does not know that a function or `undefined` has no JSON.
  const plain = JSON.stringify(value) as string | undefined;
  if (plain === undefined) throw new TypeError('only a JSON value can be sealed');
  const body = encrypt(key, nonce, Buffer.from(plain), Buffer.from(context));
  return `${scheme}.${keyId}.${nonce.toString('base64url')}.${body.toString('base64url')}` as Sealed;
};

const createPersonalData = (keys: SubjectKeys): PersonalData => {
  const nextNonce = createNonces();
  const bySubject = createLru<string, SubjectKey>(keysCachedMax);
  const byId = createLru<string, SubjectKey>(keysCachedMax);

  /** Called in commit order, so that a key erased in the same commit does not come back. */
  const remember = (subject: string, found: SubjectKey | null): void => {
    if (found !== null) bySubject.set(subject, found);
  };

  const keyOf = async (subject: string): Promise<SubjectKey> => {
    const cached = bySubject.get(subject);
    if (cached !== undefined) return cached;
    let found = keys.find(subject);
    if (found === undefined) {
      found = await keys.findOrCreate(subject, (created) => {
        remember(subject, created);
      });
    } else {
      remember(subject, found);
    }
    if (found === null) throw new SubjectErased('The personal data of this subject was erased.');
    return found;
  };

  const keyNamed = (keyId: string): SubjectKey | null => {
    const cached = byId.get(keyId);
    if (cached !== undefined) return cached;
    const found = keys.byId(keyId);
    if (found === undefined) throw new SealBroken('The text is sealed with a key that this store never had.');
    if (found !== null) byId.set(keyId, found);
    return found;
  };

  return {
    seal: async (subject, context, value) => sealWith(await keyOf(subject), nextNonce(), context, value),
    digest: async (subject, text) => {
      const { digestKey } = await keyOf(subject);
      return createHmac('sha256', digestKey).update(text).digest('base64url');
    },
    open: async (sealed, context) => {
      const [, keyId, nonceText, bodyText] = sealedPattern.exec(sealed) ?? [];
      if (keyId === undefined || nonceText === undefined || bodyText === undefined) {
        throw new SealBroken('The text is not sealed text.');
      }
      const named = keyNamed(keyId);
      if (named === null) return null;
      const nonce = Buffer.from(nonceText, 'base64url');
      const body = Buffer.from(bodyText, 'base64url');
      const plain = decrypt(named.key, nonce, body, Buffer.from(context));
      if (plain === undefined) throw new SealBroken('The sealed text was changed, or it stands in another place.');
      return JSON.parse(plain.toString()) as unknown;
    },
    erase: (subject) =>
      keys.erase(subject, (keyId) => {
        bySubject.delete(subject);
        byId.delete(keyId);
      }),
  };
};

/**
 * @throws KeyStoreLocked when the key encryption key is missing or is not the one the store was made with.
 */
export const openPersonalData = async ({
  directory,
  keyEncryptionKey,
  erasuresFile = join(directory, erasureLogFileName),
}: PersonalDataOptions): Promise<PersonalData & { close(): Promise<void> }> => {
  await mkdir(directory, { recursive: true });
  const db = openDatabase(join(directory, keyStoreFileName), { cacheKiB: keyStoreCacheKiB });
  try {
    const { used } = await prepareKeyStore(db);
    const derived = await loadDerivedKeys(directory, keyEncryptionKey, !used);
    const keys = await createSubjectKeys(db, derived, (fence) => noteErasure(erasuresFile, fence));
    return { ...createPersonalData(keys), close: () => db.close() };
  } catch (error) {
    await db.close();
    throw error;
  }
};
