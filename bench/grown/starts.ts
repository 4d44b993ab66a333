/** How long a start takes until the service is ready: on a grown log, with many kept keys, and on a new directory. */
import { join } from 'node:path';
import { databaseFileName } from '../../src/infra/privateFiles.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { say } from '../rounds.ts';

/** Starts the service on a directory and stops it again. @returns how long it took to be ready, ms. */
export type StartMs = (dataDir: string) => Promise<number>;

const rounds = 5;

/** In turns, so that what happens to the machine happens to both. */
export const compareStarts = async (
  what: string,
  startMs: StartMs,
  [dataDir, newDir]: readonly [string, string],
): Promise<readonly number[]> => {
  const ratios: number[] = [];
  // The first start on a new directory makes its files.
  await startMs(newDir);
  for (let round = 0; round < rounds; round += 1) {
    const [fresh, grown] = [await startMs(newDir), await startMs(dataDir)];
    say(`start: ${Math.round(grown)} ms ${what}, ${Math.round(fresh)} ms new`);
    ratios.push(grown / fresh);
  }
  return ratios;
};

/** Answers under so many keys of the last days, as a service that makes refusals and orders has kept them. */
export const keepKeys = async (dataDir: string, count: number): Promise<void> => {
  const db = openDatabase(join(dataDir, databaseFileName));
  db.prepare('PRAGMA synchronous=OFF').run();
  await db.write(() => {
    db.prepare(
      `WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?)
       INSERT INTO idempotency (key, claimedAt, recordedAt, fingerprint, status, headers, body)
       SELECT CAST(unhex(printf('%012x', number)) || randomblob(10) AS BLOB), ?2, ?2, hex(randomblob(32)), 409, '{}', '{"code":"A"}'
       FROM numbers`,
    ).run(count, new Date().toISOString());
  });
  await db.close();
};
