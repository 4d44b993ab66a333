/**
 * Answers to idempotency keys. A claim and an answer are a document each, so that both are plain insertions: the first one
 * wins because an id is unique, and the server need not look for anything else.
 */
import type { IdempotencyRecord, IdempotencyRecords, KeptAnswer, StoredAnswer } from '../../commands/ports.ts';
import { untilDone } from '../waits.ts';
import type { Mongo } from './connect.ts';
import { createBatchedRead, isPartlyDuplicate, unlessDuplicate } from './driver.ts';

interface ClaimRow {
  readonly _id: string;
  readonly claimedAt: string;
  /** By the clock of this process: from then on its time runs, whatever time the caller names. */
  readonly keptFrom: Date;
}

interface AnswerRow {
  readonly _id: string;
  readonly recordedAt: string;
  readonly keptFrom: Date;
  readonly fingerprint: string;
  readonly status: number;
  /** JSON: names of headers may have characters that names of fields may not. */
  readonly headers: string;
  readonly body: string;
}

/** Seven days are promised; one more covers clocks that disagree. The server removes them by itself. */
const keptSeconds = 8 * 24 * 3_600;

const toRow = ({ id, recordedAt, fingerprint, answer: { status, headers, body } }: KeptAnswer): AnswerRow => ({
  _id: id,
  recordedAt,
  keptFrom: new Date(),
  fingerprint,
  status,
  headers: JSON.stringify(headers),
  body,
});

const toRecord = ({ fingerprint, status, headers, body }: AnswerRow): IdempotencyRecord => ({
  fingerprint,
  answer: { status, headers: JSON.parse(headers) as StoredAnswer['headers'], body },
});

export const createMongoIdempotency = ({ db, read, write }: Mongo): IdempotencyRecords => {
  const claims = db.collection<ClaimRow>('idempotencyClaims');
  const answers = db.collection<AnswerRow>('idempotencyAnswers');
  const answerOf = createBatchedRead<AnswerRow>((filter) => read(() => answers.find(filter).toArray()));
  const expiry = { key: { keptFrom: 1 as const }, expireAfterSeconds: keptSeconds };
  const prepare = untilDone(async () => {
    await write(() => claims.createIndexes([expiry, { key: { claimedAt: 1 } }]));
    await write(() => answers.createIndexes([expiry, { key: { recordedAt: 1 } }]));
  });

  return {
    find: async (id) => {
      const row = await answerOf(id);
      return row === null ? null : toRecord(row);
    },
    claim: async (id, claimedAt) => {
      await prepare();
      const row = { _id: id, claimedAt, keptFrom: new Date() };
      if ((await unlessDuplicate(write(() => claims.insertOne(row)))) !== null) return claimedAt;
      const first = await read(() => claims.findOne({ _id: id }));
      // It can only have been removed this very moment, after more than a week.
      return first?.claimedAt ?? claimedAt;
    },
    save: async (kept) => {
      if (kept.length === 0) return;
      await prepare();
      const first = new Map(kept.toReversed().map((answer) => [answer.id, toRow(answer)]));
      const insertions = [...first.values()].map((document) => ({ insertOne: { document } }));
      await write(() => answers.bulkWrite(insertions, { ordered: false })).catch((error: unknown) => {
        if (!isPartlyDuplicate(error)) throw error;
      });
    },
    prune: async (before) => {
      const removed = await Promise.all([
        write(() => claims.deleteMany({ claimedAt: { $lt: before } })),
        write(() => answers.deleteMany({ recordedAt: { $lt: before } })),
      ]);
      return removed.reduce((sum, { deletedCount }) => sum + deletedCount, 0);
    },
  };
};
