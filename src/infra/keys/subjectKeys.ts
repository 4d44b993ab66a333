/** One data key a subject, wrapped by keys that are derived from the key encryption key, in whatever store. */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Sealed } from '../../eventsourcing/message.ts';
import { untilDone } from '../untilDone.ts';
import { type DerivedKeys, KeyStoreLocked } from './keyEncryptionKey.ts';
import type { KeptKey, KeyStore } from './keyStore.ts';
import { createKeyWrap, keyBytes } from './keyWrap.ts';
import { normalisedEmail } from './normalisedEmail.ts';

export interface SubjectKey {
  readonly keyId: string;
  /** Seals. */
  readonly key: KeyObject;
  /** Digests: one purpose, one key. */
  readonly digestKey: KeyObject;
}

export interface SubjectKeys {
  /** @throws KeyStoreLocked when the store was made with another key encryption key. All else begins with it too. */
  unlock(): Promise<void>;
  /** The key of a subject, made when absent and durable when it resolves; `null` once erased. */
  findOrCreate(subject: string): Promise<SubjectKey | null>;
  /** The key of that name; `null` once erased, `undefined` when no key was ever called so. */
  byId(keyId: string): Promise<SubjectKey | null | undefined>;
  /** `sealed`: the subject under its own key. Nothing is kept of an erased one. */
  addEmail(subject: string, email: string, sealed: Sealed): Promise<void>;
  byEmail(email: string, limit: number): Promise<readonly Sealed[]>;
  erase(subject: string): Promise<void>;
}

const keyIdBytes = 16;
const proofText = 'stockledger key store v1';
const proofPlace = Buffer.from('proof');

const newKeyId = (): string => randomBytes(keyIdBytes).toString('base64url');
const placeOf = ({ keyId, subject }: Pick<KeptKey, 'keyId' | 'subject'>): Buffer =>
  Buffer.concat([Buffer.from(keyId, 'base64url'), subject]);

const subjectKeyOf = (keyId: string, bytes: Buffer): SubjectKey => ({
  keyId,
  key: createSecretKey(bytes),
  digestKey: createSecretKey(createHmac('sha256', bytes).update('stockledger digest v1').digest()),
});

export const createSubjectKeys = (store: KeyStore, { wrapping, lookup, email: emailKey }: DerivedKeys): SubjectKeys => {
  const { wrap, unwrap } = createKeyWrap(wrapping);
  const digestOf = (subject: string): Buffer => createHmac('sha256', lookup).update(subject).digest();

  const emailDigestOf = (email: string): Buffer =>
    createHmac('sha256', emailKey).update(normalisedEmail(email)).digest();

  const unlock = untilDone(async () => {
    const sealed = await store.proof(wrap(Buffer.from(proofText), proofPlace));
    if (unwrap(sealed, proofPlace)?.toString() === proofText) return;
    throw new KeyStoreLocked('The key encryption key is not the one this key store was made with. Give the right one.');
  });

  const open = (kept: KeptKey): SubjectKey | null => {
    if (kept.wrapped === null) return null;
    const key = unwrap(kept.wrapped, placeOf(kept));
    if (key === undefined) throw new Error('A key of the key store is damaged. Restore the key store.');
    return subjectKeyOf(kept.keyId, key);
  };

  return {
    unlock,
    findOrCreate: async (subject) => {
      await unlock();
      const place = { keyId: newKeyId(), subject: digestOf(subject) };
      const found = await store.bySubject(place.subject);
      if (found !== undefined) return open(found);
      // Who comes second gets the key of who came first.
      return open(await store.add({ ...place, wrapped: wrap(randomBytes(keyBytes), placeOf(place)) }));
    },
    byId: async (keyId) => {
      await unlock();
      const found = await store.byId(keyId);
      return found === undefined ? undefined : open(found);
    },
    addEmail: async (subject, email, sealed) => {
      await unlock();
      await store.addEmail({ email: emailDigestOf(email), subject: digestOf(subject), sealed });
    },
    byEmail: async (email, limit) => {
      await unlock();
      return (await store.byEmail(emailDigestOf(email), limit)).map(({ sealed }) => sealed);
    },
    erase: async (subject) => {
      await unlock();
      await store.erase(digestOf(subject), newKeyId());
    },
  };
};
