/** The service as a process of its own, on a scratch directory: what a user would start, seen from outside. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };

/** Opening a large log and its projections takes seconds; more than this is a service that hangs. */
const readyTimeoutMs = 60_000;
/** It hands over what is under way; after this it is ended. */
const stopTimeoutMs = 30_000;
const sampleEveryMs = 1_000;
/** One client asks for all that a day's shops and warehouses would: more than any rate that it could reach. */
const requestsPerMinute = '100000000';

export interface ServiceOptions {
  readonly dataDir: string;
  readonly partnerPort: number;
  readonly warehouseIds: readonly string[];
  /** Whatever else is set (`EVENTSTORE_URL`, `MONGODB_URL`, …) reaches the service untouched. */
  readonly env: NodeJS.ProcessEnv;
  /** The file to run, from the project's root. */
  readonly entry?: string;
}

export interface Service {
  readonly origin: string;
  readonly pid: number;
  /** Largest resident size so far, in bytes; `null` where the system does not tell. */
  peakRssBytes(): number | null;
  stop(): Promise<void>;
}

const projectRoot = join(import.meta.dirname, '..');
/** As `npm start` starts it, on the Node that runs us. The shell gives way to the service, so that our signals reach it. */
const startCommand = packageJson.scripts.start;
const pathOf = ({ PATH = '' }: NodeJS.ProcessEnv): string => [dirname(process.execPath), PATH].join(delimiter);
const commandFor = (entry: string | undefined): readonly [string, readonly string[]] =>
  entry === undefined ? ['sh', ['-c', startCommand]] : [process.execPath, [entry]];

/** On servers every process needs the same key, so the service makes none by itself; a demo's may go with the demo. */
export const keyFor = ({
  EVENTSTORE_URL = '',
  KEY_ENCRYPTION_KEY = '',
  KEY_ENCRYPTION_KEY_FILE = '',
}: NodeJS.ProcessEnv) =>
  EVENTSTORE_URL !== '' && KEY_ENCRYPTION_KEY === '' && KEY_ENCRYPTION_KEY_FILE === ''
    ? { KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') }
    : {};

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
};

/** Linux keeps the high-water mark itself (proc(5), `VmHWM` in kB). */
const highWaterMark = (pid: number): number | null => {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found === null ? null : Number(found[1]) * 1024;
  } catch {
    return null;
  }
};

const sampleRss = async (pid: number): Promise<number> => {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim()) * 1024;
};

/** Where there is no high-water mark, the largest of many samples stands in for it. */
const watchMemory = (pid: number): { peak: () => number | null; stop: () => void } => {
  let largest: number | null = null;
  if (highWaterMark(pid) !== null) {
    return { peak: () => highWaterMark(pid), stop: () => undefined };
  }
  const timer = setInterval(() => {
    sampleRss(pid).then(
      (bytes) => {
        largest = Math.max(largest ?? 0, bytes);
      },
      () => clearInterval(timer),
    );
  }, sampleEveryMs);
  return { peak: () => largest, stop: () => clearInterval(timer) };
};

const isReady = async (origin: string): Promise<boolean> => {
  try {
    return (await fetch(`${origin}/health/ready`)).status === 200;
  } catch {
    return false;
  }
};

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

const waitUntilReady = async (child: ChildProcess, origin: string): Promise<void> => {
  const until = Date.now() + readyTimeoutMs;
  while (!(await isReady(origin))) {
    if (hasEnded(child)) throw new Error(`The service ended with ${child.exitCode ?? child.signalCode ?? 'no code'}.`);
    if (Date.now() > until) throw new Error(`The service was not ready within ${readyTimeoutMs / 1000} s.`);
    await pause(100);
  }
};

const stopChild = async (child: ChildProcess): Promise<void> => {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
};

/** @throws when it doesn't become ready; nothing is left running then. */
export const startService = async (options: ServiceOptions): Promise<Service> => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const child = spawn(...commandFor(options.entry), {
    cwd: projectRoot,
    env: {
      ...options.env,
      ...keyFor(options.env),
      PATH: pathOf(options.env),
      PORT: String(port),
      PUBLIC_URL: origin,
      DATA_DIR: options.dataDir,
      WEBHOOK_ALLOWED_TARGETS: `127.0.0.1:${options.partnerPort}`,
      SANDBOX_WAREHOUSES: options.warehouseIds.join(','),
      LOG_LEVEL: 'warn',
      RATE_LIMIT_PER_MINUTE: options.env.RATE_LIMIT_PER_MINUTE ?? requestsPerMinute,
    },
    // Its warnings go where errors go, so that the figures on standard output stay clean.
    stdio: ['ignore', process.stderr, process.stderr],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('The service could not be started.');
  const memory = watchMemory(pid);
  const stop = async (): Promise<void> => {
    memory.stop();
    await stopChild(child);
  };
  try {
    await waitUntilReady(child, origin);
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin, pid, peakRssBytes: memory.peak, stop };
};
