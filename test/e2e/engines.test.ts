/** `npm run engines` as a newcomer and CI use it: a process of its own, its output, its signals, and what it leaves. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { afterEach, describe, expect, it } from 'vitest';
import { mongoLaunchMissing } from '../support/engines/mongodb.ts';
import { redisLaunchMissing } from '../support/engines/redis.ts';

const script = join(import.meta.dirname, '../../scripts/engines.ts');
const missing = mongoLaunchMissing() ?? redisLaunchMissing();
const waitMaxMs = 240_000;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const directory = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'stockledger-engines-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
};

interface Engines {
  readonly child: ChildProcess;
  /** For all that is kept while they run. */
  readonly scratch: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<unknown[]>;
}

const startEngines = async (env: Readonly<Record<string, string>> = {}): Promise<Engines> => {
  const scratch = await directory();
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, TMPDIR: scratch, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  cleanups.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return { child, scratch, stdout: () => stdout, stderr: () => stderr, ended };
};

const untilPrinted = async ({ stdout, stderr, child }: Engines): Promise<Readonly<Record<string, string>>> => {
  await expect
    .poll(
      () => {
        if (child.exitCode !== null) throw new Error(`The engines ended: ${stderr()}`);
        return stdout().split('\n').length;
      },
      { timeout: waitMaxMs },
    )
    .toBeGreaterThan(3);
  const lines = stdout().trimEnd().split('\n');
  for (const line of lines) expect(line).toMatch(/^export [A-Z]+_URL=\S+$/);
  return Object.fromEntries(lines.map((line) => line.replace('export ', '').split(/=(.*)/s).slice(0, 2)));
};

const parentOf = async (pid: number): Promise<number | null> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  // What has ended and is only not yet collected counts as gone.
  if (/^State:\s+Z/m.test(status)) return null;
  const parent = /^PPid:\s+(\d+)$/m.exec(status)?.[1];
  return parent === undefined ? null : Number(parent);
};

const childrenOf = async (pid: number): Promise<readonly number[]> => {
  const pids = (await readdir('/proc')).map(Number).filter((id) => id > 0);
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, at) => parents[at] === pid);
};

const living = async (pids: readonly number[]): Promise<readonly number[]> => {
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, at) => parents[at] !== null);
};

const isOpen = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** Leaves before the servers do: a client whose server is gone takes its time to give up. */
const speakToEach = async (urls: Readonly<Record<string, string>>): Promise<void> => {
  const events = EventStoreDBClient.connectionString(urls.EVENTSTORE_URL!);
  const mongo = new MongoClient(urls.MONGODB_URL!);
  const redis = new Redis(urls.REDIS_URL!);
  try {
    // To its end: a bounded read that is left early keeps the client from being disposed.
    for await (const { event } of events.readAll({ maxCount: 1 })) expect(event).toBeDefined();
    expect(await mongo.db('engines').command({ ping: 1 })).toMatchObject({ ok: 1 });
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  } finally {
    await events.dispose();
    await mongo.close();
    redis.disconnect();
  }
};

const programPath = async (program: string): Promise<string | null> => {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const names = await readdir(folder).catch((): string[] => []);
    if (names.includes(program)) return join(folder, program);
  }
  return null;
};

/** A machine that has these programs and no other. */
const pathWith = async (programs: readonly string[]): Promise<string> => {
  const folder = join(await directory(), 'bin');
  await mkdir(folder);
  for (const program of programs) {
    const path = await programPath(program);
    if (path !== null) await symlink(path, join(folder, program));
  }
  return folder;
};

describe.skipIf(missing !== null)(`npm run engines${missing === null ? '' : `: ${missing}`}`, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'prints where each answers, and leaves nothing after %s',
    async (signal) => {
      const engines = await startEngines();
      const urls = await untilPrinted(engines);
      expect(Object.keys(urls)).toEqual(['EVENTSTORE_URL', 'MONGODB_URL', 'REDIS_URL']);
      for (const url of Object.values(urls)) expect(new URL(url).hostname).toBe('127.0.0.1');
      await speakToEach(urls);
      const children = await childrenOf(engines.child.pid ?? 0);
      expect(children).not.toHaveLength(0);
      engines.child.kill(signal);
      expect(await engines.ended).toEqual([0, null]);
      expect(await living(children)).toEqual([]);
      expect(await Promise.all(Object.values(urls).map(isOpen))).toEqual([false, false, false]);
      expect((await readdir(engines.scratch)).filter((name) => name.startsWith('stockledger'))).toEqual([]);
      expect(engines.stdout().trimEnd().split('\n'), 'nothing else on standard output').toHaveLength(3);
    },
    waitMaxMs,
  );

  it(
    'leaves no server behind when it is killed',
    async () => {
      const engines = await startEngines();
      const urls = await untilPrinted(engines);
      engines.child.kill('SIGKILL');
      await engines.ended;
      await expect.poll(() => Promise.all(Object.values(urls).map(isOpen))).toEqual([false, false, false]);
    },
    waitMaxMs,
  );

  it(
    'says what is missing, stops the others and fails when one can not be started',
    async () => {
      const engines = await startEngines({ PATH: await pathWith(['java', 'mvn', 'sh']) });
      expect(await engines.ended).toEqual([1, null]);
      expect(engines.stderr()).toContain('REDIS_URL: install redis-server');
      expect(engines.stdout()).toBe('');
    },
    waitMaxMs,
  );
});
