/** One data key a subject, wrapped by keys that are derived from the key encryption key, in whatever store. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from 'node:crypto';
import { domainToASCII } from 'node:url';
import type { Sealed } from '../../eventsourcing/message.ts';
import { untilDone } from '../waits.ts';
import { type DerivedKeys, KeyStoreLocked } from './keyFiles.ts';
import type { KeptKey, KeyStore } from './keyStore.ts';

/**
 * AES-256-GCM (NIST SP 800-38D) with a random nonce, which is safe for 2^32 texts a key: no subject has that many.
 * Keys are key objects: Node takes ten times as long to make a cipher from the bytes of a key.
 */

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
/** Random bytes are drawn for this many nonces at once: a draw costs more than an encryption. */
const noncesPerDraw = 128;

/** Fresh nonces, never the same twice. */
export const createNonces = (): (() => Buffer) => {
  let drawn = Buffer.alloc(0);
  let used = 0;
  return () => {
    if (used >= drawn.length) {
      drawn = randomFillSync(Buffer.alloc(noncesPerDraw * nonceBytes));
      used = 0;
    }
    const nonce = drawn.subarray(used, used + nonceBytes);
    used += nonceBytes;
    return nonce;
  };
};

/** Ciphertext, then the tag. */
export const encrypt = (key: KeyObject, nonce: Buffer, plain: Buffer, context: Buffer): Buffer => {
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(context);
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([body, cipher.getAuthTag()]);
};

/** `undefined` when key, nonce, text or context is not what it was. */
export const decrypt = (key: KeyObject, nonce: Buffer, sealed: Buffer, context: Buffer): Buffer | undefined => {
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const plain = decipher.update(sealed.subarray(0, -tagBytes));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
};

const keyBytes = 32;
export const wrappedBytes = nonceBytes + keyBytes + tagBytes;

interface KeyWrap {
  /** `place` binds it to where it stands. */
  wrap(plain: Buffer, place: Buffer): Buffer;
  /** `undefined` when key, bytes or place is not what it was. */
  unwrap(wrapped: Buffer, place: Buffer): Buffer | undefined;
}

/** Nonce, ciphertext, tag. */
export const createKeyWrap = (wrapping: KeyObject): KeyWrap => {
  const nextNonce = createNonces();
  return {
    wrap: (plain, place) => {
      const nonce = nextNonce();
      return Buffer.concat([nonce, encrypt(wrapping, nonce, plain, place)]);
    },
    unwrap: (wrapped, place) => decrypt(wrapping, wrapped.subarray(0, nonceBytes), wrapped.subarray(nonceBytes), place),
  };
};

/** What makes two e-mail addresses the same, so that an order is found by whichever a customer says on the phone. */

/**
 * - Blanks around it do not count.
 * - The domain goes without case, and in its ASCII form: `müller.de` is `xn--mller-kva.de` (RFC 5891).
 * - The part before it is put into NFC (RFC 6532 §3.1) and goes without case. By RFC 5321 §2.4 case may matter there; no
 *   provider in use tells two people apart by it, and people write their own address in either way.
 * - Dots and `+tags` count: only some providers leave them out.
 */
const normalisedEmail = (email: string): string => {
  const trimmed = email.trim();
  const at = trimmed.lastIndexOf('@');
  const [local, domain] = [trimmed.slice(0, at + 1), trimmed.slice(at + 1)];
  return `${local.normalize('NFC').toLowerCase()}${domainToASCII(domain) || domain.normalize('NFC').toLowerCase()}`;
};

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
      // When two add a key at once, both get the first one.
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
