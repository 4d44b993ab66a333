/** `npm run migrate` as a process: killed at many points, refused where it must be, and honest at the end. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IdempotencyRecords } from '../../src/commands/ports.ts';
import { decodeStored } from '../../src/domain/events.ts';
import type { Sealed } from '../../src/eventsourcing/message.ts';
import { openPersonalData } from '../../src/infra/keys/sqliteKeyStore.ts';
import { createStoredLog } from '../../src/infra/migration/moveEnds.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { lockDataDir } from '../../src/infra/sqlite/file/storeFiles.ts';
import { createSqliteIdempotency } from '../../src/infra/sqlite/idempotency.ts';
import { newEvent, newEvents } from '../contracts/eventSamples.ts';
import { createRandom } from '../crash/seeded.ts';
import { makeDirectory, removeDirectory } from '../support/process.ts';
import { killTool, runTool, type ToolRun } from '../support/tools.ts';

const keyEncryptionKey = Buffer.alloc(32, 7);
const place = 'order-1/contact';

let root: string;
let dataDir: string;
let targetDir: string;
beforeEach(async () => {
  root = await makeDirectory();
  dataDir = join(root, 'old');
  targetDir = join(root, 'new');
});
afterEach(async () => {
  await removeDirectory(root);
});

const openEvents = async (directory: string) => {
  const db = openDatabase(join(directory, 'stockledger.db'));
  return { events: await createSqliteEvents(db, decodeStored), log: createStoredLog(db), close: () => db.close() };
};

const claimed = randomUUID();
const answered = randomUUID();
const answer = { status: 201, headers: { 'content-type': 'application/json' }, body: '{"orderId":"1"}' };

const withAnswers = async <T>(path: string, work: (records: IdempotencyRecords) => Promise<T>): Promise<T> => {
  const db = openDatabase(path);
  try {
    return await work(await createSqliteIdempotency(db));
  } finally {
    await db.close();
  }
};

/** One that was answered, and one that died before. */
const keepAnswers = (path: string): Promise<void> =>
  withAnswers(path, async (records) => {
    await records.claim(claimed, '2026-11-25T10:00:00.000Z');
    const recordedAt = '2026-11-25T11:00:00.000Z';
    await records.claim(answered, recordedAt);
    await records.save([{ id: answered, recordedAt, fingerprint: 'f', answer }]);
  });

/** A log whose streams take turns, and a key store with a key and a fence. */
const fill = async (length: number): Promise<{ readonly sealed: Sealed; readonly erased: Sealed }> => {
  const personalData = await openPersonalData({ directory: dataDir, keyEncryptionKey });
  const sealed = await personalData.seal('customer:kept', place, 'Ada');
  const erased = await personalData.seal('customer:gone', place, 'Bob');
  await personalData.erase('customer:gone');
  await personalData.close();
  const { events, close } = await openEvents(dataDir);
  await keepAnswers(join(dataDir, 'stockledger.db'));
  const random = createRandom(20_261_125);
  const revisions = new Map<string, number>();
  for (let written = 0; written < length; written += 3) {
    const stream = `warehouse-W${Math.floor(random() * 40)}`;
    const last = revisions.get(stream);
    await events.append(stream, last ?? 'no_stream', newEvents(3));
    revisions.set(stream, (last ?? -1) + 3);
  }
  await close();
  return { sealed, erased };
};

const logOf = async (directory: string): Promise<object[]> => {
  const { log, close } = await openEvents(directory);
  const events = await log.read(null, 1_000_000);
  await close();
  return events.map(({ position: _, ...event }) => event);
};

const migration = (changes: Partial<ToolRun> = {}): ToolRun => {
  const to = pathToFileURL(targetDir).href;
  return {
    name: 'migrate',
    args: ['--from', 'embedded', '--to', to, '--keys-to', to],
    env: { DATA_DIR: dataDir },
    ...changes,
  };
};

describe('npm run migrate', () => {
  it('is whole after kill -9 at several points: no event twice, none missing, order and keys kept', async () => {
    const { sealed, erased } = await fill(3_000);
    const ends: (number | string | null)[] = [];
    for (const percent of [0, 10, 40, 70, 90]) {
      ends.push(await killTool(migration(), (line) => line.startsWith('copy') && line.includes(` ${percent} %`)));
    }
    expect(ends).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL']);
    const { code, stdout, stderr } = runTool(migration());
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('1 keys and 1 fences of erased people are there');
    expect(stdout).toMatch(
      /3,000 events in 40 streams, [\d,]+ of them copied now\nthe same on both sides, sha256 \w{64}\n/,
    );
    expect(await logOf(targetDir)).toEqual(await logOf(dataDir));
    const personalData = await openPersonalData({ directory: targetDir, keyEncryptionKey });
    expect(await personalData.open(sealed, place)).toBe('Ada');
    expect(await personalData.open(erased, place)).toBeNull();
    await expect(personalData.seal('customer:gone', place, 'Bob')).rejects.toThrow('erased');
    await personalData.close();
    expect(stdout).toContain('2 answers to idempotency keys are there');
    await withAnswers(join(targetDir, 'stockledger.db'), async (records) => {
      expect(await records.find(answered)).toEqual({ fingerprint: 'f', answer });
      expect(await records.claim(claimed, '2026-11-25T12:00:00.000Z')).toBe('2026-11-25T10:00:00.000Z');
    });
    // Once more: nothing to do, and the same hash.
    const again = runTool(migration());
    expect(again.stdout).toContain(' 0 of them copied now');
    expect(/sha256 \w+/.exec(again.stdout)?.[0]).toBe(/sha256 \w+/.exec(stdout)?.[0]);
  });

  it('refuses a directory that a service works on', async () => {
    await fill(3);
    const lock = lockDataDir(dataDir);
    const { code, stderr } = runTool(migration());
    lock.release();
    expect([code, stderr.trim()]).toEqual([2, expect.stringMatching(/^Another service runs on /)]);
  });

  it('ends with 1 at a target that holds something else, and leaves it as it is', async () => {
    await fill(3);
    await mkdir(targetDir);
    const target = await openEvents(targetDir);
    await target.events.append('item-OTHER', 'no_stream', [newEvent('ItemDefined')]);
    await target.close();
    const { code, stdout } = runTool(migration());
    expect(code).toBe(1);
    expect(stdout).toContain('After 0 events the target differs');
    expect(stdout).toMatch(/there: ItemDefined \S+ \(item-OTHER, revision 0\)/);
    expect(await logOf(targetDir)).toHaveLength(1);
  });

  it('refuses keys that the key store there would not open', async () => {
    await fill(3);
    await (await openPersonalData({ directory: targetDir, keyEncryptionKey: Buffer.alloc(32, 8) })).close();
    const { code, stderr } = runTool(migration());
    expect([code, stderr.trim()]).toEqual([1, expect.stringMatching(/made by another service/)]);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no source', ['--to', 'file:///x', '--keys-to', 'file:///x'], /Only --from embedded/],
    ['no target', ['--from', 'embedded', '--keys-to', 'file:///x'], /Where to\?/],
    ['no place for the keys', ['--from', 'embedded', '--to', 'file:///x'], /Where do the keys go\?/],
    ['an unknown option', ['--from', 'embedded', '--too', 'x'], /Unknown option '--too'/],
  ])('ends with 2 and its usage for %s', (_, args, message) => {
    const { code, stderr } = runTool(migration({ args }));
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('Usage: npm run migrate');
  });

  it.each<[string, string]>([
    ['a place it knows no adapter for', `ftp://${randomUUID()}.invalid`],
    ['what is no URL', 'nowhere'],
  ])('ends with 2 for %s', async (_, url) => {
    await fill(3);
    const { code, stderr } = runTool(migration({ args: ['--from', 'embedded', '--to', url, '--keys-to', url] }));
    expect([code, stderr.trim().split('\n')]).toEqual([2, [expect.stringMatching(/must be a URL/)]]);
  });

  it('says that there is nothing where nothing is', () => {
    const { code, stderr } = runTool(migration({ env: { DATA_DIR: join(root, 'nothing') } }));
    expect([code, stderr.trim()]).toEqual([2, expect.stringMatching(/stockledger\.db is not there\. Set DATA_DIR\.$/)]);
  });
});
