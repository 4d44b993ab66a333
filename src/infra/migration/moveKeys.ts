/** A key store into another one: keys, fences and the digests of e-mail addresses, wrapped as they are, under the same key encryption key. */
import type { KeptKey, KeyStore } from '../keys/keyStore.ts';
import type { KeyRows } from './keyRows.ts';

/** The target was made with another key encryption key, or gave one of our subjects a key of its own. */
export class KeysDiffer extends Error {
  override readonly name = 'KeysDiffer';
}

export interface KeysMoved {
  readonly keys: number;
  readonly fences: number;
}

/** Some 100 bytes each. */
const pageKeys = 1_000;
/** Each is an answer of a server to wait for. */
const keysAtOnce = 16;

const setProof = async (source: KeyRows, target: KeyStore): Promise<void> => {
  const proof = await source.proof();
  if (proof === null || (await target.proof(proof)).equals(proof)) return;
  throw new KeysDiffer('The key store there was made by another service: it would not open these keys.');
};

/** A subject that was erased there meanwhile stays erased. @throws KeysDiffer */
const moveKey = async ({ keyId, subject, wrapped }: KeptKey, target: KeyStore): Promise<void> => {
  if (wrapped === null) {
    await target.erase(subject, keyId);
    return;
  }
  const kept = await target.add({ keyId, subject, wrapped });
  if (kept.wrapped === null || (kept.keyId === keyId && kept.wrapped.equals(wrapped))) return;
  throw new KeysDiffer('The key store there has another key for a subject of ours.');
};

const moveAll = async <T>(rows: readonly T[], moveOne: (row: T) => Promise<void>): Promise<void> => {
  const remaining = rows.values();
  const move = async (): Promise<void> => {
    for (const row of remaining) await moveOne(row);
  };
  await Promise.all(Array.from({ length: keysAtOnce }, move));
};

/** After the keys: the fence of who was erased there is up by then, and keeps their addresses out. */
const moveEmails = async (source: KeyRows, target: KeyStore): Promise<void> => {
  for (let after = 0; ; ) {
    const page = await source.readEmails(after, pageKeys);
    await moveAll(page, target.addEmail);
    const last = page.at(-1);
    if (last === undefined || page.length < pageKeys) return;
    after = last.number;
  }
};

/** May be repeated, and goes on. @throws KeysDiffer, StoreUnavailable */
export const moveKeys = async (source: KeyRows, target: KeyStore): Promise<KeysMoved> => {
  await setProof(source, target);
  let [moved, fences] = [0, 0];
  for (let after: string | null = null; ; ) {
    const page: readonly KeptKey[] = await source.read(after, pageKeys);
    await moveAll(page, (key) => moveKey(key, target));
    moved += page.length;
    fences += page.filter(({ wrapped }) => wrapped === null).length;
    const last = page.at(-1);
    if (last === undefined || page.length < pageKeys) break;
    after = last.keyId;
  }
  await moveEmails(source, target);
  return { keys: moved - fences, fences };
};
