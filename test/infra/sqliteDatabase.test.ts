import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { type LocalDatabase, openDatabase } from '../../src/infra/sqlite/file/database.ts';

let directory: string;
let path: string;
let db: LocalDatabase;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stockledger-sqlite-'));
  path = join(directory, 'a.db');
  db = openDatabase(path, { lockWaitMaxMs: 100 });
  await db.write(() => db.prepare('CREATE TABLE numbers (n INTEGER PRIMARY KEY, filler TEXT)').run());
});

afterEach(async () => {
  await db.close();
  await rm(directory, { recursive: true });
});

const insert = (n: number, filler = ''): Promise<void> =>
  db.write(() => {
    db.prepare('INSERT INTO numbers VALUES (?, ?)').run(n, filler);
  });

const numbersOf = (source: Pick<DatabaseSync, 'prepare'>): unknown[] =>
  source
    .prepare('SELECT n FROM numbers ORDER BY n')
    .all()
    .map(({ n }) => n);

/** What another process sees: only what is committed. */
const seenByOthers = (): unknown[] => {
  const other = new DatabaseSync(path, { readOnly: true });
  try {
    return numbersOf(other);
  } finally {
    other.close();
  }
};

describe('the embedded database', () => {
  it('forces each commit to the disk before it answers', () => {
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
  });

  it('answers when the work is committed', async () => {
    const work = insert(1);
    expect(seenByOthers()).toEqual([]);
    await work;
    expect(seenByOthers()).toEqual([1]);
  });

  it('commits the work of one turn together, and undoes only that which throws', async () => {
    const versionOf = (): unknown => other.prepare('PRAGMA data_version').get()?.data_version;
    const other = new DatabaseSync(path);
    const before = Number(versionOf());
    const results = await Promise.allSettled([
      insert(1),
      db.write(() => {
        db.prepare('INSERT INTO numbers VALUES (2, NULL)').run();
        throw new RangeError('no');
      }),
      insert(1),
      insert(3),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: new RangeError('no') });
    expect(seenByOthers()).toEqual([1, 3]);
    expect(Number(versionOf()) - before).toBe(1);
    other.close();
  });

  it('tells of commits in their order, before any caller goes on', async () => {
    const told: string[] = [];
    const work = (name: string): Promise<unknown> =>
      db
        .write(
          () => name,
          (value) => told.push(`committed ${value}`),
        )
        .then((value) => told.push(`answered ${value}`));
    await Promise.all([work('a'), work('b')]);
    expect(told).toEqual(['committed a', 'committed b', 'answered a', 'answered b']);
  });

  it('rejects a caller whose own follow-up throws, and no other', async () => {
    const failing = db.write(
      () => undefined,
      () => {
        throw new RangeError('after the commit');
      },
    );
    await expect(Promise.allSettled([failing, insert(1)])).resolves.toMatchObject([
      { status: 'rejected', reason: new RangeError('after the commit') },
      { status: 'fulfilled' },
    ]);
    await insert(2);
    expect(seenByOthers()).toEqual([1, 2]);
  });

  it('waits for another process that holds the lock, while reads go on', async () => {
    await db.close();
    db = openDatabase(path, { lockWaitMaxMs: 60_000 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const work = insert(1);
    expect(await db.read(() => numbersOf(db))).toEqual([]);
    setTimeout(() => {
      other.exec('COMMIT');
    }, 30);
    await work;
    expect(seenByOthers()).toEqual([1]);
    other.close();
  });

  it('says that nothing was written when the lock is held for too long, and goes on afterwards (R22.1)', async () => {
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const results = await Promise.allSettled([insert(1), insert(2)]);
    for (const result of results) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { name: 'StoreUnavailable', outcome: 'not_written' },
      });
    }
    other.exec('COMMIT');
    other.close();
    await insert(3);
    expect(seenByOthers()).toEqual([3]);
  });

  it('says that nothing was written when the disk is full, and goes on when there is room again (R22.1)', async () => {
    await insert(0);
    const pages = Number(db.prepare('PRAGMA page_count').get()?.page_count);
    db.prepare(`PRAGMA max_page_count=${pages + 20}`).get();
    const filler = 'x'.repeat(10_000);
    const written: number[] = [0];
    const refused: unknown[] = [];
    for (let round = 0; round < 10; round += 1) {
      const numbers = [1, 2, 3, 4].map((n) => round * 10 + n);
      const results = await Promise.allSettled(numbers.map((n) => insert(n, filler)));
      for (const [index, result] of results.entries()) {
        if (result.status === 'fulfilled') written.push(numbers[index]!);
        else refused.push(result.reason);
      }
    }
    expect(refused.length).toBeGreaterThan(10);
    expect(written.length).toBeGreaterThan(2);
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(StoreUnavailable);
      expect(reason).toMatchObject({ outcome: 'not_written', cause: { errcode: 13 } });
    }
    expect(seenByOthers()).toEqual(written);
    db.prepare('PRAGMA max_page_count=1000000').get();
    await insert(1_000, filler);
    expect(seenByOthers()).toEqual([...written, 1_000]);
  });

  it('calls a mistake in a query a mistake, not an outage', async () => {
    const read = db.read(() => db.prepare('SELECT * FROM nowhere').all());
    await expect(read).rejects.not.toBeInstanceOf(StoreUnavailable);
    await expect(insert(1).then(() => insert(1))).rejects.not.toBeInstanceOf(StoreUnavailable);
  });

  it('prepares a text once, and does not hold on to ever more of them', () => {
    const first = db.prepare('SELECT 1');
    expect(db.prepare('SELECT 1')).toBe(first);
    for (let n = 0; n < 2_000; n += 1) db.prepare(`SELECT ${n}, 2`);
    expect(db.prepare('SELECT 1')).not.toBe(first);
  });

  it('finishes what is queued when it is closed, and then takes no more', async () => {
    const work = Promise.all(Array.from({ length: 1_500 }, (_, n) => insert(n)));
    await Promise.all([db.close(), db.close()]);
    await work;
    expect(seenByOthers()).toHaveLength(1_500);
    await expect(insert(2_000)).rejects.toThrow(StoreUnavailable);
    await expect(db.read(() => numbersOf(db))).rejects.toThrow(StoreUnavailable);
    await db.close();
  });

  it('leaves no caller without an answer when it is closed while the file is locked', async () => {
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const work = insert(1);
    const [result] = await Promise.allSettled([work, db.close()]);
    expect(result).toMatchObject({ status: 'rejected', reason: { name: 'StoreUnavailable' } });
    other.close();
  });

  it('does not open a file that is no database', async () => {
    const text = join(directory, 'text.db');
    await writeFile(text, 'no database at all'.repeat(100));
    expect(() => openDatabase(text)).toThrow(/no database at all/);
  });
});
