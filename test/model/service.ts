/** The service as a process that can be killed and started again on the same port and data. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../demo/service.ts';
import { endChild } from '../support/engines/childServer.ts';
import { approvalFromUnits } from './approvals.ts';

const projectRoot = join(import.meta.dirname, '../..');
/** A machine that does other things starts it slowly. */
const startMaxMs = 120_000;
const stopMaxMs = 30_000;
const outputKeptChars = 8_000;

export interface Service {
  readonly origin: string;
  /** How often it was started. */
  lives(): number;
  /** `kill -9`, and a new life; resolves when that is ready. */
  killAndRestart(): Promise<void>;
  /** @returns its exit code, or the signal it died of. */
  stop(): Promise<number | string | null>;
  /** The end of what it printed. */
  output(): string;
}

export interface ServiceOptions {
  readonly dataDir: string;
  readonly warehouseIds: readonly string[];
  /** What is started, from the project's root. */
  readonly entry?: string;
}

export const startService = async ({
  dataDir,
  warehouseIds,
  entry = 'src/main.ts',
}: ServiceOptions): Promise<Service> => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  let output = '';
  let lives = 0;
  let child: ChildProcess;

  const isReady = (): Promise<boolean> =>
    fetch(`${origin}/health/ready`).then(
      ({ status }) => status === 200,
      () => false,
    );

  const live = async (): Promise<ChildProcess> => {
    const born = spawn(process.execPath, [entry], {
      cwd: projectRoot,
      env: {
        ...process.env,
        NODE_ENV: '',
        LOG_LEVEL: 'warn',
        HOST: '127.0.0.1',
        PORT: String(port),
        DATA_DIR: dataDir,
        SANDBOX_WAREHOUSES: warehouseIds.join(','),
        RATE_LIMIT_PER_MINUTE: '100000000',
        APPROVAL_FROM_UNITS: String(approvalFromUnits),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    lives += 1;
    for (const stream of [born.stdout, born.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-outputKeptChars);
      });
    }
    const until = performance.now() + startMaxMs;
    while (!(await isReady())) {
      if (born.exitCode !== null || performance.now() > until) {
        born.kill('SIGKILL');
        throw new Error(`The service did not become ready: ${output}`);
      }
      await pause(50);
    }
    return born;
  };
  child = await live();

  return {
    origin,
    lives: () => lives,
    output: () => output,
    killAndRestart: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      child = await live();
    },
    stop: () => endChild(child, stopMaxMs),
  };
};
