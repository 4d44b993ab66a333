/** Answers to idempotency keys. Rows are added in the order of time, so the oldest are the first. */
import { setTimeout as pause } from 'node:timers/promises';
import type { IdempotencyRecord, IdempotencyRecords, KeptAnswer, StoredAnswer } from '../../commands/ports.ts';
import { idBytes, idText } from './events/ids.ts';
import type { Database } from './file/database.ts';
import type { Statements, WriteModule } from './file/writes.ts';
import { createKeyFilter, type KeyFilter, keysMax } from './keyFilter.ts';

/** Keeping answers to idempotency keys. Rows are added in the order of time, so the oldest are the first. */

/** Id, recorded at, fingerprint, status, headers as JSON, body. */
type AnswerValues = readonly [string, string, string, number, string, string];

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

/** Removed in one go; more would hold up every other write of that commit. */
const pruneMax = 1_000;

/** Of those that are kept, so many go into the filter in one turn: some four milliseconds; and a rest for others follows. */
const keysPerStep = 1_000;
const restMs = 10;

/**
 * Fills the filter while the service answers; until it is full, keys are looked up in the file. A start must not take longer
 * because more keys are kept. @returns `false` when there are more than the filter can tell apart.
 */
const fillFilter = async (db: Database, filter: KeyFilter): Promise<boolean> => {
  const count = db.prepare('SELECT max(row) - min(row) AS n FROM idempotency');
  const step = db.prepare('SELECT row, key FROM idempotency WHERE row > ? ORDER BY row LIMIT ?');
  if (Number((await db.read(() => count.get()))?.n ?? 0) > keysMax) return false;
  for (let after = 0; ; ) {
    const keys = await db.read(() => step.all(after, keysPerStep));
    for (const { key } of keys) filter.add(idText(key as Uint8Array));
    const last = keys.at(-1);
    if (last === undefined || keys.length < keysPerStep) return true;
    after = last.row as number;
    await pause(restMs, undefined, { ref: false });
  }
};

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

interface SqliteIdempotencyOptions {
  /** No other process adds keys while this one runs, so a key that it has not seen is new. */
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
  let isFilled = false;
  const fill = async (): Promise<void> => {
    isFilled = await fillFilter(db, known);
  };
  // Where it can't be read on, because it is closed or damaged, every key is looked up there, which says so.
  if (isSoleWriter) void fill().catch(() => undefined);
  const select = db.prepare(
    'SELECT fingerprint, status, headers, body FROM idempotency WHERE key = ? AND status IS NOT NULL',
  );
  return {
    find: async (id) => {
      if (isSoleWriter && isFilled && !known.mayHave(id)) return null;
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
