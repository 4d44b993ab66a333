/** A server of others as a child process: loopback, a free port, a scratch directory; gone when its owner is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The slowest, Keycloak, takes 15 s on an idle machine; one that runs other tests beside it takes several times that. */
const startTimeoutMs = 240_000;
const pollEveryMs = 20;
/** Long enough to write out what it holds; then it is killed. */
const stopTimeoutMs = 10_000;
/** What a server said last, for the message when it doesn't start. */
const outputKeptChars = 4_000;

export interface ChildServer {
  readonly pid: number;
  /** Ends it by its id and removes its directory. */
  stop(): Promise<void>;
}

export interface ChildServerSpec {
  readonly name: string;
  readonly command: string;
  /** Given the scratch directory that the server may use. */
  readonly args: (directory: string) => readonly string[];
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it serves now; a rejection means no. */
  readonly answers: () => Promise<boolean>;
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
};

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** SIGTERM; killed when that takes longer. @returns exit code, or the signal it died of. */
export const endChild = async (child: ChildProcess, stopMaxMs: number): Promise<number | string | null> => {
  if (!hasEnded(child)) {
    const ended = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMaxMs);
    child.kill('SIGTERM');
    // A server that was stopped with SIGSTOP meets its end only when it goes on.
    child.kill('SIGCONT');
    await ended;
    clearTimeout(timer);
  }
  return child.exitCode ?? child.signalCode;
};

/** Ends the server and its children when this process dies without a chance to: its end of the pipe closes with it. */
const watchOver = (pid: number): (() => void) => {
  const guard = spawn('sh', ['-c', 'read -r _; kill -s KILL -- "-$1"', 'guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => undefined);
  return () => guard.kill('SIGKILL');
};

/** A script that was killed leaves what it has started. */
const endGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
};

const untilItAnswers = async (spec: ChildServerSpec, hasFailed: () => boolean): Promise<boolean> => {
  const giveUpAt = Date.now() + startTimeoutMs;
  while (Date.now() < giveUpAt && !hasFailed()) {
    if (await spec.answers().catch(() => false)) return true;
    await pause(pollEveryMs);
  }
  return false;
};

/** @throws when it can't be started or doesn't answer in time, with what it printed. */
export const startChildServer = async (spec: ChildServerSpec): Promise<ChildServer> => {
  const directory = await mkdtemp(join(tmpdir(), `stockledger-${spec.name}-`));
  // A group of its own: Ctrl-C in a terminal is for its owner, who then stops it in order.
  const child = spawn(spec.command, [...spec.args(directory)], {
    cwd: directory,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  let failed = false;
  const keep = (text: string): void => {
    output = (output + text).slice(-outputKeptChars);
  };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => keep(chunk.toString()));
  child.on('error', (error) => {
    failed = true;
    keep(error.message);
  });
  const { pid } = child;
  const release = pid === undefined ? () => undefined : watchOver(pid);
  const stop = async (): Promise<void> => {
    if (pid !== undefined) {
      await endChild(child, stopTimeoutMs);
      endGroup(pid);
    }
    release();
    await rm(directory, { recursive: true, force: true });
  };
  if (pid !== undefined && (await untilItAnswers(spec, () => failed || hasEnded(child)))) return { pid, stop };
  await stop();
  throw new Error(`${spec.name} did not start. ${output.trim()}`);
};
