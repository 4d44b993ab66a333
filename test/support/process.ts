/** The service as a process of its own, as a user starts it, for what only a process can show: signals, crashes, limits. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { signIn } from '../../bench/api.ts';

const projectRoot = join(import.meta.dirname, '../..');
/** A machine that does ten other things starts slowly; only what hangs meets this. */
export const startTimeoutMs = 120_000;

export const makeDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'stockledger-e2e-'));
export const removeDirectory = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
};

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface RunningService {
  readonly origin: string;
  readonly pid: number;
  readonly dataDir: string;
  /** Everything it has printed. */
  output(): string;
  /** As `sandbox-admin`. A POST without a key gets a new one. */
  ask(method: string, path: string, body?: object, key?: string): Promise<Answer>;
  /** Sends the signal and waits for the end. @returns exit code, or the signal it died of. */
  end(signal: NodeJS.Signals): Promise<number | string | null>;
}

interface Options {
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the shell does before it becomes the service, such as setting a limit. */
  readonly shell?: string;
}

export const spawnService = async ({ dataDir, env = {}, shell = '' }: Options) => {
  const port = await freePort();
  const script = `${shell}\nexec "${process.execPath}" src/main.ts`;
  const child = spawn('bash', ['-c', script], {
    cwd: projectRoot,
    env: {
      ...process.env,
      NODE_ENV: '',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: dataDir,
      LOG_LEVEL: 'info',
      RATE_LIMIT_PER_MINUTE: '100000000',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return { child, port, output: () => output };
};

export const endOf = async (child: ChildProcess): Promise<number | string | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
};

const isReady = (origin: string): Promise<boolean> =>
  fetch(`${origin}/health/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: object | undefined;
  /** A POST without one gets a new one. */
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export const send = async (
  origin: string,
  token: string,
  { method, path, body, key, headers = {} }: Asked,
): Promise<Answer & { readonly headers: Headers }> => {
  const answer = await fetch(`${origin}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': key ?? randomUUID() } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) };
};

export const startService = async (options: Options): Promise<RunningService> => {
  const { child, port, output } = await spawnService(options);
  const origin = `http://127.0.0.1:${port}`;
  await expect
    .poll(
      async () => {
        if (child.exitCode !== null) throw new Error(`The service ended: ${output()}`);
        return isReady(origin);
      },
      { timeout: startTimeoutMs, interval: 50 },
    )
    .toBe(true);
  const token = await signIn(origin, 'sandbox-admin');
  return {
    origin,
    pid: child.pid ?? 0,
    dataDir: options.dataDir,
    output,
    ask: async (method, path, body, key) => {
      const { status, body: answered } = await send(origin, token, { method, path, body, key });
      return { status, body: answered };
    },
    end: async (signal) => {
      child.kill(signal);
      return endOf(child);
    },
  };
};

/** Services of one test: what still runs at its end is killed. */
export const createServices = () => {
  const running = new Set<RunningService>();
  return {
    running,
    start: async (options: Options): Promise<RunningService> => {
      const service = await startService(options);
      running.add(service);
      return service;
    },
    endAll: async (): Promise<void> => {
      for (const service of running) await service.end('SIGKILL');
      running.clear();
    },
  };
};

/** For services that are meant to refuse to start. */
export const runToEnd = async (
  options: Options,
): Promise<{ readonly code: number | string | null; readonly output: string }> => {
  const { child, output } = await spawnService(options);
  const timer = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs);
  const code = await endOf(child);
  clearTimeout(timer);
  return { code, output: output() };
};

export const warehouse = {
  name: 'Berlin',
  countryCode: 'DE',
  postalCode: '10115',
  latitude: 52.52,
  longitude: 13.405,
  timeZone: 'Europe/Berlin',
  priority: 1,
  operator: 'own',
};
