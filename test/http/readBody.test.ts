/** A body takes the memory of its bytes, however small the parts that it comes in (11). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';

const projectRoot = join(import.meta.dirname, '../..');

/** Says how many bytes arrived of a body in as many parts, on a connection that sends it as one piece. */
const program = `
  import { connect } from 'node:net';
  import Fastify from 'fastify';
  import { registerJsonBodies } from './src/http/input/body.ts';
  const parts = 400_000;
  const app = Fastify({ bodyLimit: 2 * parts });
  registerJsonBodies(app, { take: () => null });
  app.post('/', async ({ body }) => ({ chars: body.length }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect(app.server.address().port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\nContent-Type: application/json\\r\\n');
  socket.write('Transfer-Encoding: chunked\\r\\n\\r\\n1\\r\\n"\\r\\n');
  socket.write('1\\r\\na\\r\\n'.repeat(parts));
  socket.write('1\\r\\n"\\r\\n0\\r\\n\\r\\n');
  for await (const part of socket) process.stdout.write(part);
  await app.close();
`;

it('a body of 400,000 parts of one byte is read within a small heap (11)', async () => {
  const flags = ['--max-old-space-size=48', '--max-semi-space-size=2', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, flags, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(output).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"chars":400000\}/);
  expect(code).toBe(0);
});
