/** Personal data with its keys in `keys.db` beside the events. One process owns the file. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PersonalData } from '../../commands/ports.ts';
import { privateDirectory } from '../privateFiles.ts';
import { type DatabaseOptions, type LocalDatabase, openDatabase } from '../sqlite/file/database.ts';
import { keyStoreFileName } from '../sqlite/file/fileNames.ts';
import { erasureLogFileName, notingErasures } from './erasureLog.ts';
import { loadDerivedKeys } from './keyEncryptionKey.ts';
import { createPersonalData } from './personalData.ts';
import { openSqliteKeyStore } from './sqliteKeyStore.ts';
import { createSubjectKeys } from './subjectKeys.ts';

/** Keys in use are held themselves. */
const keyStoreCacheKiB = 2 * 1_024;

/** The file itself: whether it is sound, and its end. */
export type KeyFile = Pick<LocalDatabase, 'check' | 'condemn' | 'close'>;

export interface PersonalDataOptions {
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
