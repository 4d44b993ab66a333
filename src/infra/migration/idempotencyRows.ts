/** Claims and answers of a file, to be moved elsewhere. */
import type { KeptAnswer } from '../../commands/ports.ts';
import { idText } from '../sqlite/events/eventRows.ts';
import type { Database } from '../sqlite/file/database.ts';
import { idempotencyWrites } from '../sqlite/idempotency/idempotencyWrites.ts';

export interface KeptClaim {
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
