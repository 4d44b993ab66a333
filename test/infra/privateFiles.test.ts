/** Who else on the machine can read what the service keeps (R7.5). */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { takeBackup } from '../../src/infra/backup/takeBackup.ts';
import { openEmbeddedEngines } from '../../src/infra/embedded.ts';
import { loadSigningKeys } from '../../src/infra/oidc/issuerKeys.ts';
import { closeDataDir } from '../../src/infra/privateFiles.ts';

const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'stockledger-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
};

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const modesIn = (directory: string) =>
  Object.fromEntries(readdirSync(directory).map((name) => [name, modeOf(join(directory, name))]));

const openIn = async (dataDir: string) => {
  const clock = { now: () => '2026-11-24T09:30:00.000Z' };
  const engines = await openEmbeddedEngines({ dataDir, keyEncryptionKey: undefined, clock });
  onTestFinished(() => engines.close());
  await loadSigningKeys(dataDir);
};

it('keeps the data directory and every file in it, and backups, for their owner alone (15)', async () => {
  const umask = process.umask(0o022);
  onTestFinished(() => void process.umask(umask));
  const dataDir = join(scratch(), 'data');
  await openIn(dataDir);
  expect(modeOf(dataDir)).toBe('700');
  const modes = modesIn(dataDir);
  expect(Object.keys(modes)).toEqual(expect.arrayContaining(['stockledger.db', 'stockledger.db-wal', 'keys.db-shm']));
  expect(new Set(Object.values(modes)), JSON.stringify(modes)).toEqual(new Set(['600']));
  const to = join(scratch(), 'backup');
  await takeBackup({ dataDir, to, keysTo: to, version: '0', onProgress: () => undefined });
  expect(modeOf(to)).toBe('700');
  expect(new Set(Object.values(modesIn(to)))).toEqual(new Set(['600']));
});

it('takes the rights of others from what an earlier release has left open (15)', async () => {
  const dataDir = join(scratch(), 'data');
  mkdirSync(dataDir, { mode: 0o755 });
  for (const name of ['stockledger.db', 'keys.db-wal', 'erasures.log']) {
    writeFileSync(join(dataDir, name), '');
    chmodSync(join(dataDir, name), 0o644);
  }
  chmodSync(dataDir, 0o755);
  expect(closeDataDir(dataDir)).toEqual([]);
  expect(modeOf(dataDir)).toBe('700');
  expect(new Set(Object.values(modesIn(dataDir)))).toEqual(new Set(['600']));
});

it('tells of a directory that holds other things too, and leaves them as they are (15)', () => {
  const dataDir = scratch();
  writeFileSync(join(dataDir, 'stockledger.db'), '');
  writeFileSync(join(dataDir, 'package.json'), '');
  for (const name of readdirSync(dataDir)) chmodSync(join(dataDir, name), 0o644);
  chmodSync(dataDir, 0o755);
  expect(closeDataDir(dataDir)).toEqual([dataDir]);
  expect(modesIn(dataDir)).toEqual({ 'package.json': '644', 'stockledger.db': '600' });
  expect(closeDataDir(join(dataDir, 'not-there'))).toEqual([]);
});
