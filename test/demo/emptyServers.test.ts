import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import { createEventStoreEvents } from '../../src/infra/eventstoredb/events.ts';
import { newEvent, newStream } from '../contracts/eventSamples.ts';
import { useEventStore } from '../support/engines/useEventStore.ts';

const url = useEventStore();

/** A server of which nothing is known but who has called. */
const countCalls = async (): Promise<{ port: number; calls: () => number }> => {
  let calls = 0;
  const server = createServer((socket) => {
    calls += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, calls: () => calls };
};

const runDemo = (env: Readonly<Record<string, string>>): Promise<{ code: unknown; stderr: string }> =>
  new Promise((resolve) => {
    const cwd = join(import.meta.dirname, '../..');
    execFile(
      process.execPath,
      ['demo/main.ts', '--rows', '1'],
      { cwd, env: { ...process.env, ...env } },
      (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr }),
    );
  });

it('refuses servers that hold events before it starts the service, so no key is left in MongoDB', async () => {
  const { port, calls } = await countCalls();
  const events = createEventStoreEvents({ decode: decodeStored, url: url(), logger: pino({ level: 'silent' }) });
  await events.append(newStream(), 'no_stream', [newEvent()]);
  await events.close();
  const { code, stderr } = await runDemo({
    NODE_ENV: '',
    EVENTSTORE_URL: url(),
    MONGODB_URL: `mongodb://127.0.0.1:${port}`,
    REDIS_URL: `redis://127.0.0.1:${port}`,
  });
  expect(stderr).toContain('The servers hold events already.');
  expect(code).toBe(2);
  expect(calls()).toBe(0);
});
