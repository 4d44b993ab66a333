/** Whether every wrapped key of a key store file opens under the key encryption key. */
import type { DatabaseSync } from 'node:sqlite';
import { loadDerivedKeys } from './keyEncryptionKey.ts';
import { createKeyWrap } from './keyWrap.ts';

export interface KeysChecked {
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
