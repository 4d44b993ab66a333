/**
 * mongo-java-server, which others wrote: it speaks MongoDB's wire protocol, so the real driver runs on it. Its jars come
 * by Maven once, into a cache beside the packages of npm.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { RunningEngine } from './runningEngine.ts';

const projectRoot = join(import.meta.dirname, '../../..');
const sources = join(import.meta.dirname, 'mongoJavaServer');
/** A folder for each version, so that a new one is fetched. */
const jars = join(projectRoot, 'node_modules/.cache/stockledger-mongo-java-server/1.47.0');

/** A cold Maven repository on a slow line. */
const fetchMaxMs = 120_000;
/** It takes half a second on an idle machine. */
const startMaxMs = 120_000;
const stopMaxMs = 5_000;
/** A bound, not a size: the documents of the whole demo need a part of it. */
const heapMb = 12_288;

const isOnPath = (program: string): boolean => spawnSync(program, ['-version'], { stdio: 'ignore' }).status === 0;

/** What to install before a server can be started here; `null`: nothing. */
export const mongoLaunchMissing = (): string | null => {
  if (!isOnPath('java')) return 'install Java 17 or newer (java), or set MONGODB_URL';
  if (!existsSync(jars) && !isOnPath('mvn')) return 'install Maven (mvn), or set MONGODB_URL';
  return null;
};

/** What to install before a MongoDB can be had; `null`: nothing, or `MONGODB_URL` names one. */
export const mongoMissing = (): string | null => (process.env.MONGODB_URL === undefined ? mongoLaunchMissing() : null);

/** Several test files may come at once: each fetches into a folder of its own, and the first one gives it its name. */
const fetchJars = async (): Promise<void> => {
  if (existsSync(jars)) return;
  await mkdir(dirname(jars), { recursive: true });
  const fetched = `${jars}.${randomUUID()}`;
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${fetched}`];
  await promisify(execFile)('mvn', ['-q', '-B', '-f', join(sources, 'pom.xml'), ...goal], { timeout: fetchMaxMs });
  await rename(fetched, jars).catch(() => rm(fetched, { recursive: true }));
};

export interface MongoOptions {
  /** Absent: a free one. */
  readonly port?: number;
  /** Keeps the data in this file. Absent: in memory. */
  readonly file?: string;
}

export interface RunningMongo extends RunningEngine {
  /** To be frozen by SIGSTOP; `null` for a server that was not started here. */
  readonly pid: number | null;
}

const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin?.end();
  // One that is frozen never reads the end of its input.
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMaxMs);
  await ended;
  clearTimeout(timer);
};

const portOf = async (child: ChildProcess, stderr: () => string): Promise<number> => {
  if (child.stdout === null) throw new Error('mongo-java-server has no output');
  const lines = createInterface(child.stdout);
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), startMaxMs);
  const ended = once(child, 'exit', { signal: timeout.signal }).then(() => [undefined]);
  const [line] = await Promise.race([once(lines, 'line', { signal: timeout.signal }), ended])
    .catch((): readonly unknown[] => [])
    .finally(() => {
      clearTimeout(timer);
    });
  if (typeof line === 'string') return Number(line);
  child.kill('SIGKILL');
  throw new Error(`mongo-java-server did not start: ${stderr()}`);
};

/** Starts a server of its own on loopback; ends with this process, however that ends. @throws when it does not start. */
export const launchMongo = async ({ port = 0, file }: MongoOptions = {}): Promise<RunningMongo & { pid: number }> => {
  await fetchJars();
  const options = [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-cp', join(jars, '*')];
  const child = spawn(
    'java',
    [...options, join(sources, 'Launcher.java'), String(port), ...(file === undefined ? [] : [file])],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C in a terminal is for its owner, who then stops it in order.
      detached: true,
    },
  );
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-2_000);
  });
  const bound = await portOf(child, () => stderr);
  return { url: `mongodb://127.0.0.1:${bound}/`, pid: child.pid ?? 0, stop: () => stop(child) };
};

/** Stops a process where it stands, and waits until it does: it may go on for a moment after the signal was sent. */
export const freeze = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGSTOP');
  for (;;) {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'state=', '-p', String(pid)]);
    if (stdout.startsWith('T')) return;
  }
};

export const thaw = (pid: number): void => {
  process.kill(pid, 'SIGCONT');
};

/** The server that `MONGODB_URL` names, or one that is started. */
export const startMongo = async (options: MongoOptions = {}): Promise<RunningMongo> => {
  const url = process.env.MONGODB_URL;
  if (url === undefined) return launchMongo(options);
  return { url, pid: null, stop: () => Promise.resolve() };
};
