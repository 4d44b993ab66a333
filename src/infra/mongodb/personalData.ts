import type { PersonalData } from '../../commands/ports.ts';
import { notingErasures } from '../keys/erasureLog.ts';
import { deriveKeys } from '../keys/keyEncryptionKey.ts';
import { createPersonalData } from '../keys/personalData.ts';
import { createSubjectKeys } from '../keys/subjectKeys.ts';
import type { Mongo } from './connect.ts';
import { createMongoKeyStore } from './keyStore.ts';

/** How long a process goes on with a key that another one has erased (B7). */
const keptMaxMs = 60_000;

export interface MongoPersonalData extends PersonalData {
  /** @throws KeyStoreLocked when the key encryption key is not the one of this store; everything else then does too. */
  unlock(): Promise<void>;
}

/**
 * Personal data with its keys in MongoDB, shared by all processes. Each must be given the same key encryption key, which
 * is never kept beside what it wraps.
 * @param erasuresFile where this process notes erasures, for a restore of older keys; absent: nowhere
 * @throws KeyStoreLocked when it has not 32 bytes.
 */
export const createMongoPersonalData = (
  mongo: Mongo,
  keyEncryptionKey: Uint8Array,
  cachedMaxMs = keptMaxMs,
  erasuresFile?: string,
): MongoPersonalData => {
  const store = createMongoKeyStore(mongo);
  const noting = erasuresFile === undefined ? store : notingErasures(store, erasuresFile);
  const keys = createSubjectKeys(noting, deriveKeys(keyEncryptionKey));
  return { ...createPersonalData(keys, cachedMaxMs), unlock: keys.unlock };
};
