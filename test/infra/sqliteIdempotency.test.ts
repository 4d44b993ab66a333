import { expect, it, onTestFinished } from 'vitest';
import type { KeptAnswer } from '../../src/commands/ports.ts';
import { derivedId } from '../../src/eventsourcing/commandHandling/ids.ts';
import { type Database, openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { createSqliteIdempotency } from '../../src/infra/sqlite/idempotency.ts';

const answerOf = (number: number): KeptAnswer => ({
  id: derivedId(`key${number}`),
  recordedAt: '2026-03-01T08:00:00.000Z',
  fingerprint: 'f',
  answer: { status: 201, headers: {}, body: '{}' },
});
const kept = Array.from({ length: 5_000 }, (_, number) => answerOf(number));

/** A file with 5,000 answers, and how often it was read. */
const openKept = async (): Promise<{ db: Database; reads: () => number }> => {
  const file = openDatabase(':memory:');
  onTestFinished(() => file.close());
  await (await createSqliteIdempotency(file)).save(kept);
  let reads = 0;
  const read: Database['read'] = (work) => {
    reads += 1;
    return file.read(work);
  };
  return { db: { ...file, read }, reads: () => reads };
};

it('a start waits for none of the keys that are kept, and knows each of them at once (22)', async () => {
  const { db, reads } = await openKept();
  const records = await createSqliteIdempotency(db, { isSoleWriter: true });
  // How many there are, and the first thousand of five.
  expect(reads()).toBeLessThanOrEqual(2);
  for (const { id } of [kept[0]!, kept[2_500]!, kept[4_999]!]) expect(await records.find(id)).not.toBeNull();
  expect(await records.find(derivedId('stranger'))).toBeNull();
});

it('a key that is new costs no look into the file once all that are kept have been read (22)', async () => {
  const { db, reads } = await openKept();
  const records = await createSqliteIdempotency(db, { isSoleWriter: true });
  await expect
    .poll(async () => {
      const before = reads();
      for (let number = 0; number < 20; number += 1) await records.find(derivedId(`stranger${number}`));
      return reads() - before;
    })
    .toBeLessThanOrEqual(1);
  for (const { id } of kept) expect(await records.find(id)).not.toBeNull();
});
