/** The stand-in for EventStoreDB as a process of its own: killed, it comes back with every write that it answered. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, describe, expect, it } from 'vitest';
import { startEventStoreServer } from '../support/engines/eventstoredb.ts';
import { startServer } from '../support/eventstoredb/server.ts';
import { uniqueName, waitMaxMs } from './make.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const newFile = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'stockledger-eventstore-'));
  cleanups.push(() => rm(directory, { recursive: true }));
  return join(directory, 'log');
};

const connect = (url: string): EventStoreDBClient => {
  const client = EventStoreDBClient.connectionString(url);
  cleanups.push(() => client.dispose());
  return client;
};

const event = () => jsonEvent({ id: randomUUID(), type: 'Counted', data: { quantity: 1 }, metadata: { actor: 'u1' } });

/** Revision, id and position of every event of ours. */
const readLog = async (client: EventStoreDBClient): Promise<unknown[]> => {
  const log: unknown[] = [];
  for await (const { event: recorded } of client.readAll()) {
    if (recorded === undefined || recorded.type.startsWith('$')) continue;
    const { streamId, revision, id, position, data, metadata, created } = recorded;
    log.push({ streamId, revision, id, position, data, metadata, created });
  }
  return log;
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const patience = { timeout: waitMaxMs };

describe('a server that is killed', () => {
  it('has every write that it answered, at the same position, and still knows its ids by revision', async () => {
    const server = await startEventStoreServer({ where: 'process', file: await newFile() });
    cleanups.push(server.stop);
    const client = connect(server.url);
    const stream = uniqueName('killed');
    const first = event();
    await client.appendToStream(stream, first, { expectedRevision: 'no_stream' });
    await client.appendToStream(stream, [event(), event()], { expectedRevision: 0n });
    await client.setStreamMetadata(stream, { maxCount: 2 });
    const before = await readLog(client);
    expect(before).toHaveLength(3);
    const pid = server.pid()!;

    await server.killAndRestart();

    expect(isAlive(pid)).toBe(false);
    const again = connect(server.url);
    await expect.poll(() => readLog(again).catch(() => []), patience).toEqual(before);
    const repeat = await again.appendToStream(stream, first, { expectedRevision: 'no_stream' });
    expect([repeat.nextExpectedRevision, repeat.position]).toEqual([0n, undefined]); // No longer to be read.
    const next = await again.appendToStream(stream, event(), { expectedRevision: 2n });
    expect(next.nextExpectedRevision).toBe(3n);
  });

  it('does not outlive the process that started it', async () => {
    const starter = `
      import { startEventStoreServer } from ${JSON.stringify(join(import.meta.dirname, '../support/engines/eventstoredb.ts'))};
      const server = await startEventStoreServer({ where: 'process' });
      console.log(server.pid());
      process.kill(process.pid, 'SIGKILL');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', starter], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => isAlive(pid), patience).toBe(false);
  });

  it('is gone once it is stopped', async () => {
    const server = await startEventStoreServer({ where: 'process' });
    const pid = server.pid()!;
    expect(isAlive(pid)).toBe(true);
    await server.stop();
    expect(isAlive(pid)).toBe(false);
  });
});

describe('a server in this process', () => {
  it('can not be killed alone', async () => {
    const server = await startEventStoreServer();
    cleanups.push(server.stop);
    await expect(server.killAndRestart()).rejects.toThrow("where: 'process'");
    expect(server.pid()).toBeNull();
  });
});

describe('a file whose last write is torn', () => {
  it.each([1, 3, 40])('loses only that write, all of it, when %d bytes of it are missing', async (missing) => {
    const path = await newFile();
    const server = await startServer({ file: path });
    const client = connect(server.url);
    const stream = uniqueName('torn');
    await client.appendToStream(stream, event());
    const whole = await readLog(client);
    await client.appendToStream(stream, [event(), event()]);
    await server.stop();
    await truncate(path, (await readFile(path)).length - missing);

    const second = await startServer({ file: path });
    cleanups.push(second.stop);
    const again = connect(second.url);
    expect(await readLog(again)).toEqual(whole);
    expect((await again.appendToStream(stream, event())).nextExpectedRevision).toBe(1n);
  });

  it('ignores a length with nothing behind it', async () => {
    const path = await newFile();
    const server = await startServer({ file: path });
    await server.stop();
    await appendFile(path, Buffer.from([9, 0, 0]));
    const second = await startServer({ file: path });
    cleanups.push(second.stop);
    expect(await second.controls.counts()).toMatchObject({ events: 2 }); // One for each start.
  });
});
