/** A copy of a file that is written to all the while. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { copyDatabase, settleCopy } from '../../src/infra/backup/takeBackup.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';

/** Some 12 MB: several steps of the copy. */
const rows = 3_000;
const text = 'x'.repeat(4_000);

it('is the state of one moment, whatever is written between its steps, and never begins anew', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stockledger-copy-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const [from, to] = [join(directory, 'a.db'), join(directory, 'b.db')];
  const db = openDatabase(from);
  db.prepare('CREATE TABLE t (text TEXT NOT NULL)').run();
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  await db.write(() => {
    for (let row = 0; row < rows; row += 1) insert.run(text);
  });

  const other = new DatabaseSync(from, { timeout: 1_000 });
  const write = other.prepare('UPDATE t SET text = ?');
  const done: number[] = [];
  await copyDatabase(from, to, ({ donePages }) => {
    done.push(donePages);
    // A copy that begins anew at each write would do so a few times more, and then hold what was written.
    if (done.length < 6) write.run(String(done.length));
  });
  other.close();
  await db.close();

  expect(done.length).toBeGreaterThan(2);
  expect(done.every((pages, index) => index === 0 || pages > (done[index - 1] ?? 0))).toBe(true);
  const count = settleCopy(to, (copy) => copy.prepare('SELECT count(*) AS count FROM t WHERE text = ?').get(text));
  expect(count?.count).toBe(rows);
});
