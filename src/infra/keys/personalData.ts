/**
 * Personal data under one key a subject (docs/architecture.md, "Personal data"), kept apart from the events, so that
 * erasing a person is destroying a key and every event keeps its bytes.
 *
 * A sealed text is `v1.<key id>.<nonce>.<ciphertext and tag>`, each part in base64url.
 */
import { createHmac, hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type PersonalData, SubjectErased } from '../../commands/ports.ts';
import type { Sealed } from '../../eventsourcing/message.ts';
import { createNonces, decrypt, encrypt, type SubjectKey, type SubjectKeys } from './subjectKeys.ts';

/** Unwrapped keys in memory, about 300 bytes each: the customers of a busy day. Others cost one read and one unwrap. */
const keysCachedMax = 20_000;

/** Sealed text that was damaged, tampered with, moved to another place, or sealed with a key of another store. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

const emailContext = 'email';
const scheme = 'v1';
const sealedPattern = /^v1\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{23,})$/;

const sealWith = ({ keyId, key }: SubjectKey, nonce: Buffer, context: string, value: unknown): Sealed => {
  // The compiler does not know that a function or `undefined` has no JSON.
  const plain = JSON.stringify(value) as string | undefined;
  if (plain === undefined) throw new TypeError('only a JSON value can be sealed');
  const body = encrypt(key, nonce, Buffer.from(plain), Buffer.from(context));
  return `${scheme}.${keyId}.${nonce.toString('base64url')}.${body.toString('base64url')}` as Sealed;
};

/** @throws SealBroken */
const openWith = ({ key }: SubjectKey, nonceText: string, bodyText: string, context: string): unknown => {
  const nonce = Buffer.from(nonceText, 'base64url');
  const plain = decrypt(key, nonce, Buffer.from(bodyText, 'base64url'), Buffer.from(context));
  if (plain === undefined) throw new SealBroken('The sealed text was changed, or it stands in another place.');
  return JSON.parse(plain.toString()) as unknown;
};

/** As `SubjectKeys` answers: `null` once erased, `undefined` when there was never one. */
type MaybeKey = SubjectKey | null | undefined;

interface Cached {
  readonly key: SubjectKey;
  readonly readAtMs: number;
}

/** Keys by subject or by their own name, each for a while. */
const createKeyCache = (keptMaxMs: number) => {
  let entries = new LRUCache<string, Cached>({ max: keysCachedMax });
  /** The parts of an order are sealed side by side: they wait for one read. */
  let reads = new Map<string, Promise<MaybeKey>>();

  const read = async (name: string, load: () => Promise<MaybeKey>): Promise<MaybeKey> => {
    const [readAtMs, kept, under] = [performance.now(), entries, reads];
    try {
      const key = await load();
      // An erasure replaces the map: a key that was read before it goes into the old one, which is not asked any more.
      if (key !== null && key !== undefined) kept.set(name, { key, readAtMs });
      return key;
    } finally {
      under.delete(name);
    }
  };

  return {
    get: async (name: string, load: () => Promise<MaybeKey>): Promise<MaybeKey> => {
      const cached = entries.get(name);
      if (cached !== undefined && performance.now() - cached.readAtMs < keptMaxMs) return cached.key;
      const reading = reads.get(name) ?? read(name, load);
      reads.set(name, reading);
      return reading;
    },
    /** Erasures are rare, and reading keys again is cheap. */
    clear: (): void => {
      entries = new LRUCache({ max: keysCachedMax });
      reads = new Map();
    },
  };
};

/** @param keptMaxMs how long a key is used without asking whether it was erased: by others, who share the store. */
export const createPersonalData = (keys: SubjectKeys, keptMaxMs: number): PersonalData => {
  const nextNonce = createNonces();
  const bySubject = createKeyCache(keptMaxMs);
  const byId = createKeyCache(keptMaxMs);

  const keyOf = async (subject: string): Promise<SubjectKey> => {
    const found = await bySubject.get(subject, () => keys.findOrCreate(subject));
    if (found === null || found === undefined) throw new SubjectErased('The personal data of this subject was erased.');
    return found;
  };

  const open: PersonalData['open'] = async (sealed, context) => {
    const [, keyId, nonceText, bodyText] = sealedPattern.exec(sealed) ?? [];
    if (keyId === undefined || nonceText === undefined || bodyText === undefined) {
      throw new SealBroken('The text is not sealed text.');
    }
    const named = await byId.get(keyId, () => keys.byId(keyId));
    if (named === undefined) throw new SealBroken('The text is sealed with a key that this store never had.');
    return named === null ? null : openWith(named, nonceText, bodyText, context);
  };

  /** A write that is known to be done is not done again: most orders come from an address that was seen before. */
  const remembered = new LRUCache<string, true>({ max: keysCachedMax });
  /** Without it, a reader of the keys of `remembered` could guess addresses. */
  const salt = randomBytes(32).toString('base64url');

  return {
    remember: async (subject, email) => {
      const key = await keyOf(subject);
      const known = hash('sha256', `${salt} ${key.keyId} ${email}`, 'base64url');
      if (remembered.get(known) === true) return;
      await keys.addEmail(subject, email, sealWith(key, nextNonce(), emailContext, subject));
      remembered.set(known, true);
    },
    rememberedBy: async (email, limit) => {
      const found = await keys.byEmail(email, limit);
      const subjects = await Promise.all(found.map((sealed) => open(sealed, emailContext)));
      return subjects.filter((subject) => typeof subject === 'string');
    },
    seal: async (subject, context, value) => sealWith(await keyOf(subject), nextNonce(), context, value),
    digest: async (subject, text) => {
      const { digestKey } = await keyOf(subject);
      return createHmac('sha256', digestKey).update(text).digest('base64url');
    },
    open,
    erase: async (subject) => {
      try {
        await keys.erase(subject);
      } finally {
        // Also when it is not known to be complete.
        bySubject.clear();
        byId.clear();
        remembered.clear();
      }
    },
  };
};
