/** What keeps the service or a tool from starting: one line that says what to do, exit code 2, and no stack (23). */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, copyFile, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import { openPersonalData } from '../../src/infra/keys/sqliteKeyStore.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { bindStoreFiles } from '../../src/infra/sqlite/file/storeFiles.ts';
import { newEvents } from '../contracts/eventSamples.ts';
import { makeDirectory, removeDirectory, runToEnd } from '../support/process.ts';
import { runTool } from '../support/tools.ts';

const timeoutMs = 300_000;
/** Permission bits do not hold for root: the process gives up what it may beyond them. */
const asNobody = 'setpriv';
const isRoot = process.getuid?.() === 0;
const canDropRights = spawnSync(asNobody, ['--version']).status === 0;
const dropped = isRoot ? '--bounding-set=-all --inh-caps=-all --reuid=65534 --regid=65534 --clear-groups' : '';

let root: string;
let used: string;
beforeAll(async () => {
  root = await makeDirectory();
  await chmod(root, 0o755);
  used = join(root, 'used');
  await mkdir(used);
  bindStoreFiles(used).close();
  const db = openDatabase(join(used, 'stockledger.db'));
  await (await createSqliteEvents(db, decodeStored)).append('warehouse-BER', 'no_stream', newEvents(1));
  await db.close();
  await (await openPersonalData({ directory: used })).close();
});
afterAll(async () => {
  await removeDirectory(root);
});

interface Case {
  readonly arrange?: (directory: string) => Promise<void>;
  readonly line: RegExp;
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: string;
  readonly needsRights?: true;
}

const fileOf = (name: string) => (directory: string) => join(directory, name);
const [log, keys, key] = [fileOf('stockledger.db'), fileOf('keys.db'), fileOf('key-encryption.key')];
const noise = 'this is no database, and was never one. '.repeat(200);

const cases: Readonly<Record<string, Case>> = {
  'a database that is none': {
    arrange: (directory) => writeFile(log(directory), noise),
    line: /stockledger\.db: It is damaged, or no database at all\. Restore it/,
  },
  'a key store that is none': {
    arrange: (directory) => writeFile(keys(directory), noise),
    line: /keys\.db: It is damaged, or no database at all\. Restore it/,
  },
  'a database that was cut off': {
    arrange: (directory) => truncate(log(directory), 4_096),
    line: /stockledger\.db.* damaged/,
  },
  'a key that is none': {
    arrange: (directory) => writeFile(key(directory), 'short'),
    line: /key-encryption\.key does not hold a key of 32 bytes.*Restore it/,
  },
  'a key of another store': {
    env: { KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') },
    line: /^The key encryption key is not the one this key store was made with\. Give the right one\.$/,
  },
  'a directory that is a file': {
    arrange: async (directory) => {
      await rm(directory, { recursive: true });
      await writeFile(directory, '');
    },
    line: /is a file, not a directory\. Set DATA_DIR\.$/,
  },
  'a limit of open files that is too low': {
    shell: 'ulimit -n 34',
    line: /limit of open files/,
  },
  'a directory that may not be written': {
    arrange: (directory) => chmod(directory, 0o500),
    needsRights: true,
    line: /Let the user of the service (read and )?write it/,
  },
  'a key that may not be read': {
    arrange: async (directory) => {
      await chmod(key(directory), 0);
      if (isRoot) for (const name of [directory, log(directory), keys(directory)]) await chown(name, 65_534, 65_534);
    },
    needsRights: true,
    line: /key-encryption\.key: permission denied\. Let the user of the service read and write it/,
  },
  'a database that may not be read': {
    arrange: async (directory) => {
      await chmod(log(directory), 0);
      if (isRoot) for (const name of [directory, keys(directory), key(directory)]) await chown(name, 65_534, 65_534);
    },
    needsRights: true,
    line: /stockledger\.db: It can't be opened\. Let the user/,
  },
};

const expectOneLine = (output: string, line: RegExp): void => {
  expect(output.trim().split('\n')).toEqual([expect.stringMatching(line)]);
};

let made = 0;
const copyOfUsed = async (): Promise<string> => {
  made += 1;
  const directory = join(root, `case-${made}`);
  await mkdir(directory);
  for (const file of [log, keys, key]) await copyFile(file(used), file(directory));
  return directory;
};

describe('a start that can not be', () => {
  it.each(Object.entries(cases))(
    'ends with one line and exit code 2: %s (23)',
    async (_, { arrange, line, env = {}, shell = '', needsRights }) => {
      if (needsRights && isRoot && !canDropRights) throw new Error('needs setpriv of util-linux, or another user');
      const dataDir = await copyOfUsed();
      await arrange?.(dataDir);
      const command = needsRights && isRoot ? `exec ${asNobody} ${dropped} "${process.execPath}" src/main.ts` : shell;
      const { code, output } = await runToEnd({ dataDir, env, shell: command });
      expectOneLine(output, line);
      expect(code).toBe(2);
    },
    timeoutMs,
  );

  it(
    'ends with one line and exit code 2: a port that is taken (23)',
    async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const dataDir = await copyOfUsed();
      const { code, output } = await runToEnd({ dataDir, env: { PORT: String(port), LOG_LEVEL: 'silent' } });
      server.close();
      expectOneLine(
        output,
        new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is taken\\. Stop what listens there, or set PORT\\.$`),
      );
      expect(code).toBe(2);
    },
    timeoutMs,
  );

  it.each(['backup', 'rebuild'])(
    'says the same of a damaged database to the tool: %s (23)',
    async (name) => {
      const dataDir = await copyOfUsed();
      await writeFile(log(dataDir), noise);
      const args = name === 'backup' ? ['--to', join(root, `backup-${made}`)] : ['stock_levels_v1'];
      const { code, stdout, stderr } = runTool({ name, args, env: { DATA_DIR: dataDir } });
      expect(stdout).toBe('');
      expectOneLine(stderr, /stockledger\.db: It is damaged, or no database at all\./);
      expect(code).toBe(2);
    },
    timeoutMs,
  );
});
