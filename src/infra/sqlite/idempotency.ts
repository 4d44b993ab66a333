import type { IdempotencyRecord, IdempotencyRecords, KeptAnswer, StoredAnswer } from '../../commands/ports.ts';
import type { Database } from './database.ts';
import { idBytes, idText } from './eventRows.ts';
import { type AnswerValues, idempotencyWrites } from './idempotencyWrites.ts';
import { createKeyFilter } from './keyFilter.ts';

/** Removed in one go; more would hold up every other write of that commit. */
const pruneMax = 1_000;

const toRecord = (row: Record<string, unknown>): IdempotencyRecord => ({
  fingerprint: row.fingerprint as string,
  answer: {
    status: row.status as number,
    headers: JSON.parse(row.headers as string) as StoredAnswer['headers'],
    body: row.body as string,
  },
});

const valuesOf = ({ id, recordedAt, fingerprint, answer: { status, headers, body } }: KeptAnswer): AnswerValues => [
  id,
  recordedAt,
  fingerprint,
  status,
  JSON.stringify(headers),
  body,
];

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
  const write = await db.writer(idempotencyWrites);
  const known = createKeyFilter();
  await db.read(() => {
    for (const { key } of db.prepare('SELECT key FROM idempotency').iterate()) known.add(idText(key as Uint8Array));
  });
  const select = db.prepare(
    'SELECT fingerprint, status, headers, body FROM idempotency WHERE key = ? AND status IS NOT NULL',
  );
  return {
    find: async (id) => {
      if (isSoleWriter && !known.mayHave(id)) return null;
      return db.read(() => {
        const row = select.get(idBytes(id));
        return row === undefined ? null : toRecord(row);
      });
    },
    claim: (id, claimedAt) => {
      known.add(id);
      return write('claim', [id, claimedAt]);
    },
    save: (answers) => {
      for (const { id } of answers) known.add(id);
      return write('save', [answers.map(valuesOf)]);
    },
    prune: async (before) => {
      let removed = 0;
      for (;;) {
        const some = await write('prune', [before, pruneMax]);
        removed += some;
        if (some < pruneMax) return removed;
      }
    },
  };
};
