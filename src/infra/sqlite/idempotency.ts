import { hash } from 'node:crypto';
import type { IdempotencyRecord, IdempotencyRecords, StoredAnswer } from '../../commands/ports.ts';
import type { Database } from './database.ts';
import { createKeyFilter } from './keyFilter.ts';

/** Removed in one go; more would hold up every other write of that commit. */
const pruneMax = 1_000;

/** 128 bits: two keys don't share them by chance. */
const keyBytes = 16;

/** The key is kept as a hash: it is as long as the client likes, and nobody reads it. */
const keyOf = (key: string): Buffer => hash('sha256', key, 'buffer').subarray(0, keyBytes);

const toRecord = (row: Record<string, unknown>): IdempotencyRecord => ({
  fingerprint: row.fingerprint as string,
  answer: {
    status: row.status as number,
    headers: JSON.parse(row.headers as string) as StoredAnswer['headers'],
    body: row.body as string,
  },
});

export interface SqliteIdempotencyOptions {
  /** Nobody else adds keys while this process runs, so what it has not seen is new. */
  readonly isSoleWriter?: boolean;
}

/**
 * Answers to idempotency keys. A key that was claimed and has no answer yet is a row without one. Rows are added in the
 * order of time, so the oldest are the first.
 */
export const createSqliteIdempotency = async (
  db: Database,
  { isSoleWriter = false }: SqliteIdempotencyOptions = {},
): Promise<IdempotencyRecords> => {
  await db.write(() => {
    db.prepare(
      `CREATE TABLE IF NOT EXISTS idempotency (row INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, claimedAt TEXT NOT NULL,
       recordedAt TEXT NOT NULL, fingerprint TEXT, status INTEGER, headers TEXT, body TEXT) STRICT`,
    ).run();
  });
  const known = createKeyFilter();
  await db.read(() => {
    for (const { key } of db.prepare('SELECT key FROM idempotency').iterate()) known.add(key as Uint8Array);
  });
  const select = db.prepare(
    'SELECT fingerprint, status, headers, body FROM idempotency WHERE key = ? AND status IS NOT NULL',
  );
  const insertClaim = db.prepare(
    'INSERT INTO idempotency (key, claimedAt, recordedAt) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING',
  );
  const selectClaim = db.prepare('SELECT claimedAt FROM idempotency WHERE key = ?');
  const insertAnswer = db.prepare(
    `INSERT INTO idempotency (key, claimedAt, recordedAt, fingerprint, status, headers, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET recordedAt = excluded.recordedAt, fingerprint = excluded.fingerprint,
       status = excluded.status, headers = excluded.headers, body = excluded.body WHERE status IS NULL`,
  );
  const removeSome = db.prepare(
    `DELETE FROM idempotency WHERE recordedAt < ? AND row IN (SELECT row FROM idempotency ORDER BY row LIMIT ?)`,
  );
  return {
    find: async (key) => {
      const digest = keyOf(key);
      if (isSoleWriter && !known.mayHave(digest)) return null;
      return db.read(() => {
        const row = select.get(digest);
        return row === undefined ? null : toRecord(row);
      });
    },
    claim: (key, claimedAt) => {
      const digest = keyOf(key);
      known.add(digest);
      return db.write(() => {
        insertClaim.run(digest, claimedAt, claimedAt);
        return selectClaim.get(digest)?.claimedAt as string;
      });
    },
    save: (key, { fingerprint, answer: { status, headers, body } }, recordedAt) => {
      const digest = keyOf(key);
      known.add(digest);
      return db.write(() => {
        const kept = JSON.stringify(headers);
        insertAnswer.run(digest, recordedAt, recordedAt, fingerprint, status, kept, body);
      });
    },
    prune: async (before) => {
      let removed = 0;
      for (;;) {
        const some = await db.write(() => Number(removeSome.run(before, pruneMax).changes));
        removed += some;
        if (some < pruneMax) return removed;
      }
    },
  };
};
