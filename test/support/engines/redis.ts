/** Redis from the system's packages, or the one that `REDIS_URL` names. */
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { freePort, startChildServer } from './childServer.ts';
import type { RunningEngine } from './runningEngine.ts';

export interface RunningRedis extends RunningEngine {
  /** `null`: it is somebody else's, and must be left alone. */
  readonly pid: number | null;
}

const command = 'redis-server';
const answerTimeoutMs = 1_000;

/** What to install before a server can be started here; `null`: nothing. */
export const redisLaunchMissing = (): string | null => {
  const { status } = spawnSync(command, ['--version'], { stdio: 'ignore' });
  return status === 0 ? null : 'install redis-server (Debian: apt-get install redis-server), or set REDIS_URL';
};

const givenUrl = (): string | null => {
  const url = process.env.REDIS_URL ?? '';
  return url === '' ? null : url;
};

/** What to install before a Redis can be had; `null`: nothing, or `REDIS_URL` names one. */
export const redisMissing = (): string | null => (givenUrl() === null ? redisLaunchMissing() : null);

/** Asks in plain text, as the protocol allows, so that a launcher needs no client. */
const answersPing = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const answer = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.setTimeout(answerTimeoutMs, () => answer(false));
    socket.once('data', (chunk) => answer(chunk.toString().startsWith('+PONG')));
    socket.once('error', () => answer(false));
    socket.once('close', () => resolve(false));
  });

const argumentsFor = (port: number, directory: string): readonly string[] => [
  ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
  // In memory, and nothing of it is ever dropped in silence.
  ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
];

/** A Redis of one's own, also when `REDIS_URL` names another. @throws when it can't be started, with what to do. */
export const launchRedis = async (port?: number): Promise<RunningRedis & { readonly pid: number }> => {
  const missing = redisLaunchMissing();
  if (missing !== null) throw new Error(missing);
  const ownPort = port ?? (await freePort());
  const server = await startChildServer({
    name: 'redis',
    command,
    args: (directory) => argumentsFor(ownPort, directory),
    answers: () => answersPing(ownPort),
  });
  return { url: `redis://127.0.0.1:${ownPort}`, ...server };
};

/** The server that `REDIS_URL` names, or one that is started. */
export const startRedis = async (): Promise<RunningRedis> => {
  const url = givenUrl();
  return url === null ? launchRedis() : { url, pid: null, stop: () => Promise.resolve() };
};
