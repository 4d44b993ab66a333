import { hash } from 'node:crypto';
import type { IdempotencyRecords, StoredAnswer } from '../../commands/ports.ts';
import type { Database } from './database.ts';

/** Answers to idempotency keys. The key is kept as a hash: it is as long as the client likes, and nobody reads it. */
export const createSqliteIdempotency = async (db: Database): Promise<IdempotencyRecords> => {
  await db.write(() => {
    db.prepare(
      `CREATE TABLE IF NOT EXISTS idempotency (key BLOB PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
       headers TEXT NOT NULL, body TEXT NOT NULL, recordedAt TEXT NOT NULL) STRICT, WITHOUT ROWID`,
    ).run();
  });
  const keyOf = (key: string): Buffer => Buffer.from(hash('sha256', key, 'hex').slice(0, 32), 'hex');
  const select = db.prepare('SELECT fingerprint, status, headers, body FROM idempotency WHERE key = ?');
  const insert = db.prepare('INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING');
  const remove = db.prepare('DELETE FROM idempotency WHERE recordedAt < ?');
  return {
    find: (key) => {
      const row = select.get(keyOf(key));
      if (row === undefined) return Promise.resolve(null);
      const answer: StoredAnswer = {
        status: row['status'] as number,
        headers: JSON.parse(row['headers'] as string) as StoredAnswer['headers'],
        body: row['body'] as string,
      };
      return Promise.resolve({ fingerprint: row['fingerprint'] as string, answer });
    },
    save: (key, { fingerprint, answer: { status, headers, body } }, recordedAt) =>
      db.write(() => {
        insert.run(keyOf(key), fingerprint, status, JSON.stringify(headers), body, recordedAt);
      }),
    prune: (before) => db.write(() => Number(remove.run(before).changes)),
  };
};
