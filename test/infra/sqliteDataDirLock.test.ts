import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirLocked, lockDataDir } from '../../src/infra/sqlite/file/storeFiles.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stockledger-lock-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('the lock of a data directory', () => {
  it('lets one service in at a time, and the next one when it has gone', () => {
    const inner = join(directory, 'data');
    const lock = lockDataDir(inner);
    expect(() => lockDataDir(inner)).toThrow(DataDirLocked);
    lockDataDir(join(directory, 'other')).release();
    lock.release();
    lock.release();
    lockDataDir(inner).release();
  });

  it('is held against another process and is free when that is killed', async () => {
    const module = join(import.meta.dirname, '../../src/infra/sqlite/file/storeFiles.ts');
    const script = `import { lockDataDir } from ${JSON.stringify(module)};
      const lock = lockDataDir(${JSON.stringify(directory)});
      console.log('locked');
      setInterval(() => lock, 1_000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(holder, 'exit');
    try {
      await once(holder.stdout, 'data');
      expect(() => lockDataDir(directory)).toThrow(DataDirLocked);
    } finally {
      holder.kill('SIGKILL');
      await ended;
    }
    lockDataDir(directory).release();
  });
});
