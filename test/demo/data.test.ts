/** Where the demo gets its rows, and that it says so (issue 12, point 34). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseFiles } from '../../demo/data.ts';

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'stockledger-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
};

describe('the data of the demo', () => {
  it('says where it comes from and how to get it, when one of its files is not at hand', () => {
    const shared = folder();
    writeFileSync(join(shared, 'ikea.csv'), '');
    const { invoices, howToGet } = chooseFiles(shared);
    expect(invoices).toMatch(/sample\/invoices\.csv$/);
    for (const said of [shared, 'doi:10.1057/dbm.2012.17', 'CC BY 4.0', 'https://archive.ics.uci.edu/', 'IKEA']) {
      expect(howToGet).toContain(said);
    }
  });

  it('is the real list where both files are there, with nothing more to say', () => {
    const shared = folder();
    for (const name of ['ikea.csv', 'online-retail.csv.gz']) writeFileSync(join(shared, name), '');
    expect(chooseFiles(shared)).toMatchObject({ invoices: join(shared, 'online-retail.csv.gz'), howToGet: null });
  });

  it('--help tells the options, the exit codes and the data, and starts nothing', () => {
    const main = join(import.meta.dirname, '../../demo/main.ts');
    const { status, stdout } = spawnSync(process.execPath, [main, '--help'], { encoding: 'utf8' });
    expect(status).toBe(0);
    for (const said of ['--rows N', '--sample', '--json', 'Ends with 0', 'doi:10.1057/dbm.2012.17'])
      expect(stdout).toContain(said);
  });

  it('without the list is a sample that has each kind of row, and whose books are right', () => {
    const main = join(import.meta.dirname, '../../demo/main.ts');
    const env = { ...process.env, NODE_ENV: '', EVENTSTORE_URL: '', MONGODB_URL: '', REDIS_URL: '' };
    const { status, stdout } = spawnSync(process.execPath, [main, '--sample'], { encoding: 'utf8', env });
    expect(stdout).toContain('The books are right');
    expect(status).toBe(0);
  });
});
