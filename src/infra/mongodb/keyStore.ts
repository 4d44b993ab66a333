/**
 * Wrapped keys in a database of their own. Erasing overwrites the wrapped key; copies that the server keeps for a while
 * (journal, oplog, backups) are as wrapped as this one, and an erasure is done again after a restore.
 */
import type { Sealed } from '../../eventsourcing/message.ts';
import type { KeptEmail, KeptKey, KeyStore } from '../keys/keyStore.ts';
import { untilDone } from '../untilDone.ts';
import type { Mongo } from './connect.ts';
import { unlessDuplicate } from './mongoErrors.ts';

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
    /** An erasure raises its fence first: whoever comes between sees it afterwards, and takes back what it added. */
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
