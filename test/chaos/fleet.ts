/** Processes of the service, as an operator would start them, and a supervisor that starts anew what died. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { endChild, freePort } from '../support/engines/childServer.ts';

const projectRoot = join(import.meta.dirname, '../..');
/** As long as an orchestrator takes to notice. */
const restartAfterMs = 200;
const stopMaxMs = 20_000;
/** Seven processes share a machine. */
const heapMb = 256;
const outputKeptChars = 20_000;

export interface Member {
  readonly name: string;
  readonly origin: string;
  /** `kill -9`, once it lives; the supervisor starts it anew. */
  kill(): Promise<void>;
  /** Lives that `kill` ended. */
  kills(): number;
  /** The end of what it printed, over all its lives. */
  output(): string;
  /** SIGTERM, and no new life. @returns its exit code, or the signal it died of. */
  stop(): Promise<number | string | null>;
}

export const startMember = async (name: string, env: Readonly<Record<string, string>>): Promise<Member> => {
  const port = await freePort();
  let kills = 0;
  let output = '';
  let isStopping = false;
  let life: Promise<ChildProcess>;
  let lastKill = Promise.resolve();

  const live = (): ChildProcess => {
    const born = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, 'src/main.ts'], {
      cwd: projectRoot,
      env: {
        ...process.env,
        NODE_ENV: '',
        LOG_LEVEL: 'warn',
        HOST: '127.0.0.1',
        PORT: String(port),
        RATE_LIMIT_PER_MINUTE: '100000000',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [born.stdout, born.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-outputKeptChars);
      });
    }
    born.once('exit', () => {
      life = pause(restartAfterMs).then(() => (isStopping ? born : live()));
    });
    return born;
  };
  life = Promise.resolve(live());

  const kill = async (): Promise<void> => {
    const child = await life;
    const exit = once(child, 'exit');
    if (!child.kill('SIGKILL')) return;
    await exit;
    kills += 1;
  };

  return {
    name,
    origin: `http://127.0.0.1:${port}`,
    kill: () => {
      lastKill = lastKill.then(kill);
      return lastKill;
    },
    kills: () => kills,
    output: () => output,
    stop: async () => {
      isStopping = true;
      return endChild(await life, stopMaxMs);
    },
  };
};
