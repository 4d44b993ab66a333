/**
 * Answers to idempotency keys, and the times of first use from which ids are derived: without them a request that is sent
 * again after a move could be carried out twice.
 */
import type { IdempotencyRecords } from '../../commands/ports.ts';
import type { IdempotencyRows } from './idempotencyRows.ts';

/** An answer may be some 100 KiB; most are one. */
const pageAnswers = 200;

/** May be repeated: the first answer for an id wins, and it is the same. @returns how many. @throws StoreUnavailable */
export const moveAnswers = async (source: IdempotencyRows, target: IdempotencyRecords): Promise<number> => {
  let moved = 0;
  for (let after = 0; ; ) {
    const page = await source.read(after, pageAnswers);
    await target.save(page.flatMap(({ answer }) => (answer === null ? [] : [answer])));
    // With an answer, nobody asks for the claim.
    for (const { id, claimedAt, answer } of page) if (answer === null) await target.claim(id, claimedAt);
    moved += page.length;
    const last = page.at(-1);
    if (last === undefined || page.length < pageAnswers) return moved;
    after = last.row;
  }
};
