/** What `npm start` prints: lines for a person at a terminal, lines of JSON elsewhere (issue 12, point 32). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../demo/service.ts';
import { makeDirectory, startTimeoutMs } from '../support/process.ts';

const projectRoot = join(import.meta.dirname, '../..');

/** It leads a group of its own there, which does not end with `script`. */
const onTerminal = 'echo "pid $$"; exec npm start';
/** `script` of util-linux runs a command on a terminal of its own. */
const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;

const run = async (command: string, args: readonly string[]) => {
  const dataDir = await makeDirectory();
  const port = await freePort();
  const { LOG_LEVEL: _, ...env } = process.env;
  const child: ChildProcess = spawn(command, args, {
    cwd: projectRoot,
    detached: true,
    env: {
      ...env,
      NODE_ENV: '',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: dataDir,
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const stop = async (): Promise<void> => {
    const leader = Number(/^pid (\d+)/m.exec(output)?.[1] ?? child.pid);
    if (child.exitCode === null && child.signalCode === null) process.kill(-leader, 'SIGTERM');
    // The service writes to these pipes too, and may end after what started it.
    await closed;
  };
  onTestFinished(async () => {
    await stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const origin = `http://localhost:${port}`;
  await expect
    .poll(async () => (await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null))?.status ?? output, {
      timeout: startTimeoutMs,
    })
    .toBe(200);
  return { child, origin, dataDir, output: () => output, stop };
};

it.skipIf(!hasTerminal)('on a terminal: the address, the docs, the sandbox and the data folder, in words', async () => {
  const { origin, dataDir, output } = await run('script', ['-qec', onTerminal, '/dev/null']);
  await expect.poll(output, { timeout: startTimeoutMs }).toContain('Ctrl-C');
  const text = output().replaceAll('\r', '');
  expect(text).toMatch(new RegExp(`^ +address +${origin}$`, 'm'));
  expect(text).toMatch(new RegExp(`^ +documentation +${origin}/docs$`, 'm'));
  expect(text).toMatch(new RegExp(`^ +data +${dataDir}/$`, 'm'));
  expect(text).toMatch(/^ +sandbox clients +sandbox-admin .*sandbox-shop$/m);
  expect(text).toMatch(/^ +their secret +sandbox$/m);
  expect(text).not.toMatch(/^\{/m);
  expect(text).not.toContain('--max');
  expect(text.trim().split('\n').length).toBeLessThan(20);
});

it('a service ends with code 0 when npm is told to end (21)', async () => {
  const { child, output } = await run('npm', ['start']);
  await expect.poll(output, { timeout: startTimeoutMs }).toContain('"listening"');
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
  expect(output()).toContain('"stopped"');
});

it('elsewhere: lines of JSON, and never the flags', async () => {
  const { origin, output, stop } = await run('npm', ['start']);
  await expect.poll(output, { timeout: startTimeoutMs }).toContain('"listening"');
  await stop();
  const lines = output()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('> '));
  const logged = lines.map((line) => JSON.parse(line) as { msg: string; url?: string });
  expect(logged.find(({ msg }) => msg === 'listening')?.url).toBe(origin);
  expect(output()).not.toContain('--max');
});
