import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const projectRoot = join(import.meta.dirname, '../..');

/** Three lines at the end of its input: the first is being written when the process ends, the others wait for it. */
const program = `
  import { createLog } from './src/infra/system.ts';
  const log = createLog('info');
  process.stdin.on('end', () => {
    for (const line of ['one', 'two', 'three']) log.info(line);
    log.fatal('four');
    process.exit(3);
  }).resume();
`;

const run = () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: projectRoot });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
};

it('a log whose reader is gone keeps no process from ending (21)', async () => {
  const child = run();
  child.stdout.destroy();
  child.stdin.end();
  expect(await once(child, 'exit')).toEqual([3, null]);
});

it('a log that is read has all its lines, the last ones too', async () => {
  const child = run();
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stdin.end();
  await once(child, 'close');
  const lines = output.trimEnd().split('\n');
  const told = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  // The first is written by a thread, which a busy machine may let run after the others: each line has its time.
  expect(told.filter((line) => line !== 'one')).toEqual(['two', 'three', 'four']);
  expect(told.filter((line) => line === 'one')).toHaveLength(1);
});

it('a log has neither tokens nor API keys, whatever is logged of a request', async () => {
  const secrets = { authorization: 'Bearer secret-token', 'x-api-key': 'slk_secret' };
  const line = `createLog('info').info({ req: { headers: ${JSON.stringify(secrets)} } }, 'asked')`;
  const module = `import { createLog } from './src/infra/system.ts'; ${line};`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', module], { cwd: projectRoot });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, 'close');
  expect(JSON.parse(output).req.headers).toEqual({ authorization: '[Redacted]', 'x-api-key': '[Redacted]' });
});
