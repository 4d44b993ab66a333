/** What is moved beside the log: keys, wrapped as they are, and answers to idempotency keys. */
import type { IdempotencyRecords, KeptAnswer } from '../../commands/ports.ts';
import type { KeptEmail, KeptKey, KeyStore } from '../keys/keyStore.ts';
import { openSqliteKeyStore, toKept, toKeptEmail } from '../keys/sqliteKeyStore.ts';
import { idText } from '../sqlite/events/ids.ts';
import type { Database, LocalDatabase } from '../sqlite/file/database.ts';
import { idempotencyWrites } from '../sqlite/idempotency.ts';

/** All that a key store file holds, each key wrapped as it is: enough to move it, too little to read anything. */

interface NumberedEmail extends KeptEmail {
  /** Where it stands, for the next page. */
  readonly number: number;
}

export interface KeyRows {
  /** What a key encryption key is tried on; `null` in a store that was never used. */
  proof(): Promise<Buffer | null>;
  /** Keys and fences after a key id (exclusive), at most `limit`. */
  read(after: string | null, limit: number): Promise<readonly KeptKey[]>;
  /** Addresses after a number (exclusive; 0 for all), at most `limit`. */
  readEmails(after: number, limit: number): Promise<readonly NumberedEmail[]>;
}

export const createSqliteKeyRows = async (db: LocalDatabase): Promise<KeyRows> => {
  await openSqliteKeyStore(db);
  const selectProof = db.prepare('SELECT sealed FROM proof');
  const select = db.prepare(
    'SELECT keyId, subject, wrapped, erased FROM subjectKeys WHERE keyId > ? ORDER BY keyId LIMIT ?',
  );
  const selectEmails = db.prepare(
    'SELECT number, email, subject, sealed FROM emails WHERE number > ? ORDER BY number LIMIT ?',
  );
  return {
    readEmails: (after, limit) =>
      db.read(() =>
        selectEmails.all(after, limit).map((row) => ({ ...toKeptEmail(row), number: row.number as number })),
      ),
    proof: () =>
      db.read(() => {
        const sealed = selectProof.get()?.sealed as Uint8Array | undefined;
        return sealed === undefined ? null : Buffer.from(sealed);
      }),
    read: (after, limit) => db.read(() => select.all(Buffer.from(after ?? '', 'base64url'), limit).map(toKept)),
  };
};

/** The target was made with another key encryption key, or gave one of our subjects a key of its own. */
export class KeysDiffer extends Error {
  override readonly name = 'KeysDiffer';
}

interface KeysMoved {
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

/** Claims and answers of a file, to be moved elsewhere. */

interface KeptClaim {
  /** Where it stands, for the next page. */
  readonly row: number;
  readonly id: string;
  readonly claimedAt: string;
  /** `null` for a request that was never answered. */
  readonly answer: KeptAnswer | null;
}

export interface IdempotencyRows {
  /** After a row (exclusive; 0 for all), at most `limit`. */
  read(after: number, limit: number): Promise<readonly KeptClaim[]>;
}

const toClaim = (row: Record<string, unknown>): KeptClaim => {
  const id = idText(row.key as Uint8Array);
  const answer = {
    id,
    recordedAt: row.recordedAt as string,
    fingerprint: row.fingerprint as string,
    answer: {
      status: row.status as number,
      headers: JSON.parse((row.headers as string | null) ?? '{}') as KeptAnswer['answer']['headers'],
      body: row.body as string,
    },
  };
  return {
    row: row.row as number,
    id,
    claimedAt: row.claimedAt as string,
    answer: row.status === null ? null : answer,
  };
};

export const createIdempotencyRows = async (db: Database): Promise<IdempotencyRows> => {
  await db.writer(idempotencyWrites);
  const select = db.prepare(
    'SELECT row, key, claimedAt, recordedAt, fingerprint, status, headers, body FROM idempotency WHERE row > ? ORDER BY row LIMIT ?',
  );
  return { read: (after, limit) => db.read(() => select.all(after, limit).map(toClaim)) };
};

/**
 * Answers to idempotency keys, and the times of first use from which ids are derived: without them a request that is sent
 * again after a move could be carried out twice.
 */

/** An answer may be some 100 KiB; most are one. */
const pageAnswers = 200;

/** May be repeated: the first answer for an id wins, and it is the same. @returns how many. @throws StoreUnavailable */
export const moveAnswers = async (source: IdempotencyRows, target: IdempotencyRecords): Promise<number> => {
  let moved = 0;
  for (let after = 0; ; ) {
    const page = await source.read(after, pageAnswers);
    await target.save(page.flatMap(({ answer }) => (answer === null ? [] : [answer])));
    // Where there is an answer, the claim is not read any more.
    for (const { id, claimedAt, answer } of page) if (answer === null) await target.claim(id, claimedAt);
    moved += page.length;
    const last = page.at(-1);
    if (last === undefined || page.length < pageAnswers) return moved;
    after = last.row;
  }
};
