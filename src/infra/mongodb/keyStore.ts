/**
 * Wrapped keys in a database of their own. Erasing overwrites the wrapped key; copies that the server keeps for a while
 * (journal, oplog, backups) are as wrapped as this one, and an erasure is done again after a restore.
 */
import type { PersonalData } from '../../commands/ports.ts';
import type { Sealed } from '../../eventsourcing/message.ts';
import { deriveKeys } from '../keys/keyFiles.ts';
import { type KeptEmail, type KeptKey, type KeyStore, notingErasures } from '../keys/keyStore.ts';
import { createPersonalData } from '../keys/personalData.ts';
import { createSubjectKeys } from '../keys/subjectKeys.ts';
import { untilDone } from '../waits.ts';
import type { Mongo } from './connect.ts';
import { unlessDuplicate } from './driver.ts';

/** All bytes in base64url. */
interface KeyRow {
  /** The digest of the subject. */
  readonly _id: string;
  readonly keyId: string;
  /** `null` once erased. */
  readonly wrapped: string | null;
}

interface EmailRow {
  /** Digest of the address, a dot, digest of the subject. */
  readonly _id: string;
  readonly email: string;
  readonly subject: string;
  readonly sealed: string;
}

interface ProofRow {
  readonly _id: 'proof';
  readonly sealed: string;
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64url');
const textOf = (bytes: Buffer): string => bytes.toString('base64url');

const toKept = (row: KeyRow | null): KeptKey | undefined =>
  row === null
    ? undefined
    : {
        keyId: row.keyId,
        subject: bytesOf(row._id),
        wrapped: row.wrapped === null ? null : bytesOf(row.wrapped),
      };

const toKeptEmail = ({ email, subject, sealed }: EmailRow): KeptEmail => ({
  email: bytesOf(email),
  subject: bytesOf(subject),
  sealed: sealed as Sealed,
});

export const createMongoKeyStore = ({ keysDb, read, write }: Mongo): KeyStore => {
  const keys = keysDb.collection<KeyRow>('subjectKeys');
  const emails = keysDb.collection<EmailRow>('emails');
  const proofs = keysDb.collection<ProofRow>('proofs');
  const prepare = untilDone(async () => {
    await write(() => keys.createIndexes([{ key: { keyId: 1 }, unique: true }]));
    await write(() => emails.createIndexes([{ key: { email: 1 } }, { key: { subject: 1 } }]));
  });
  const isErased = async (subject: string): Promise<boolean> =>
    (await read(() => keys.findOne({ _id: subject })))?.wrapped === null;

  return {
    bySubject: async (subject) => toKept(await read(() => keys.findOne({ _id: textOf(subject) }))),
    byId: async (keyId) => toKept(await read(() => keys.findOne({ keyId }))),
    add: async (key) => {
      await prepare();
      const row = { _id: textOf(key.subject), keyId: key.keyId, wrapped: textOf(key.wrapped) };
      if ((await unlessDuplicate(write(() => keys.insertOne(row)))) !== null) return key;
      return toKept(await read(() => keys.findOne({ _id: row._id }))) ?? key;
    },
    /** An erasure raises its fence first. An address that is added at the same moment is removed again. */
    addEmail: async (kept) => {
      await prepare();
      const [email, subject] = [textOf(kept.email), textOf(kept.subject)];
      const row = { _id: `${email}.${subject}`, email, subject, sealed: kept.sealed };
      await unlessDuplicate(write(() => emails.insertOne(row)));
      if (await isErased(subject)) await write(() => emails.deleteMany({ subject }));
    },
    byEmail: async (email, limit) => {
      const found = await read(() => emails.find({ email: textOf(email) }, { limit }).toArray());
      return found.map(toKeptEmail);
    },
    erase: async (subject, keyId) => {
      await prepare();
      const fence = { $set: { wrapped: null }, $setOnInsert: { keyId } };
      const raise = () => keys.updateOne({ _id: textOf(subject) }, fence, { upsert: true });
      // Two that insert at once: the second one then finds what the first one made.
      if ((await unlessDuplicate(write(raise))) === null) await write(raise);
      await write(() => emails.deleteMany({ subject: textOf(subject) }));
    },
    proof: async (sealed) => {
      const row = { _id: 'proof' as const, sealed: textOf(sealed) };
      if ((await unlessDuplicate(write(() => proofs.insertOne(row)))) !== null) return sealed;
      const first = await read(() => proofs.findOne({ _id: row._id }));
      return first === null ? sealed : bytesOf(first.sealed);
    },
  };
};

/** How long a process goes on with a key that another one has erased (B7). */
const keptMaxMs = 60_000;

interface MongoPersonalData extends PersonalData {
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
