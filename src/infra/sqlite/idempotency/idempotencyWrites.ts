/** Keeping answers to idempotency keys. Rows are added in the order of time, so the oldest are the first. */
import { idBytes } from '../events/eventRows.ts';
import type { Statements, WriteModule } from '../file/writes.ts';

/** Id, recorded at, fingerprint, status, headers as JSON, body. */
export type AnswerValues = readonly [string, string, string, number, string, string];

/** A key that was claimed and has no answer yet is a row without one. */
const schema = [
  `CREATE TABLE IF NOT EXISTS idempotency (row INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, claimedAt TEXT NOT NULL,
   recordedAt TEXT NOT NULL, fingerprint TEXT, status INTEGER, headers TEXT, body TEXT) STRICT`,
];

const create = ({ prepare }: Statements) => {
  const insertClaim = prepare(
    'INSERT INTO idempotency (key, claimedAt, recordedAt) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING',
  );
  const selectClaim = prepare('SELECT claimedAt FROM idempotency WHERE key = ?');
  const insertAnswer = prepare(
    `INSERT INTO idempotency (key, claimedAt, recordedAt, fingerprint, status, headers, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET recordedAt = excluded.recordedAt, fingerprint = excluded.fingerprint,
       status = excluded.status, headers = excluded.headers, body = excluded.body WHERE status IS NULL`,
  );
  const removeSome = prepare(
    `DELETE FROM idempotency WHERE recordedAt < ? AND row IN (SELECT row FROM idempotency ORDER BY row LIMIT ?)`,
  );
  return {
    claim: (id: string, claimedAt: string): string => {
      insertClaim.run(idBytes(id), claimedAt, claimedAt);
      return selectClaim.get(idBytes(id))?.claimedAt as string;
    },
    /** In the order of their ids, so that those of one page of the index come together. */
    save: (answers: readonly AnswerValues[]): void => {
      for (const [id, at, ...answer] of answers.toSorted(([a], [b]) => Number(a > b) - Number(a < b))) {
        insertAnswer.run(idBytes(id), at, at, ...answer);
      }
    },
    prune: (before: string, limit: number): number => Number(removeSome.run(before, limit).changes),
  };
};

export const idempotencyWrites: WriteModule<ReturnType<typeof create>> = { name: 'idempotency', schema, create };
