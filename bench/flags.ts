/**
 * `node bench/flags.ts`: what each part of the start line is worth. The embedded service is started with all of them and
 * with all but one in turns, A/B/A/B, so that what happens to the machine happens to both; each time on a new directory.
 * Prints how much larger each figure is without the one, in the middle of the rounds. Linux only: it reads /proc.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs, parseEnv } from 'node:util';
import { freePort } from '../demo/service.ts';
import { prepare, receiveAll, settle, signIn } from './api.ts';
import { percentile } from './lag.ts';
import { load } from './load.ts';
import { adjustments, type NextRequest, orders, reads, skuOf, skusSpread } from './requests.ts';
import { cpuMsOf, megabytesOf } from './resources.ts';
import { steadyLoad } from './steady.ts';

const projectRoot = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '4' }, without: { type: 'string', multiple: true } },
});
const rounds = Number(values.rounds);

/** As `npm start` has them (`bin/stockledger.js`). */
const parts = [
  '--max-old-space-size=176',
  '--max-semi-space-size=8',
  '--no-concurrent-marking',
  '--no-separate-gc-phases',
  'MALLOC_ARENA_MAX=1',
];
const restMs = 2_000;
const [warmSeconds, steadySeconds] = [3, 10];
/** Below half of what a machine of two cores reaches beside its clients, so that each run does the same work. */
const steadyPerSecond = 300;
const say = (line: string): boolean => process.stderr.write(`${line}\n`);

/** Five changes, three reads and two orders of ten. */
const mixOf = (token: string): NextRequest => {
  const skus = Array.from({ length: skusSpread }, (_, index) => skuOf(index));
  const [change, read, order] = [adjustments(token, skus), reads(token), orders(token)];
  const turn = [change, read, change, order, change, read, change, order, change, read];
  let at = 0;
  return () => {
    at = (at + 1) % turn.length;
    return (turn[at] ?? change)();
  };
};

const startOf = async (given: readonly string[], dataDir: string) => {
  const port = await freePort();
  const flags = given.filter((part) => part.startsWith('--'));
  const settings = parseEnv(given.filter((part) => !part.startsWith('--')).join('\n'));
  const child = spawn(process.execPath, [...flags, 'src/main.ts'], {
    cwd: projectRoot,
    env: {
      ...process.env,
      MALLOC_ARENA_MAX: '',
      ...settings,
      NODE_ENV: '',
      PORT: String(port),
      DATA_DIR: dataDir,
      LOG_LEVEL: 'error',
      RATE_LIMIT_PER_MINUTE: '100000000',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const origin = `http://127.0.0.1:${port}`;
  while ((await fetch(`${origin}/health/ready`).catch(() => null))?.status !== 200) {
    if (child.exitCode !== null) throw new Error('The service ended.');
    await pause(50);
  }
  return { child, pid: Number(child.pid), origin };
};

const end = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
};

const names = ['at rest, MB', 'peak, MB', 'CPU, ms a request', 'requests/s', 'p99, ms'] as const;
type Figures = readonly number[];

const measure = async (given: readonly string[]): Promise<Figures> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-flags-'));
  const { child, pid, origin } = await startOf(given, dataDir);
  try {
    await pause(restMs);
    const rest = megabytesOf(pid, 'VmRSS');
    const api = { origin, token: await signIn(origin, 'sandbox-admin') };
    await prepare(api);
    await receiveAll(api, 1_000);
    const next = mixOf(api.token);
    const warm = await load({ origin, next, seconds: warmSeconds });
    await settle(api);
    const cpuBefore = cpuMsOf(pid);
    const { p99Ms, others } = await steadyLoad({ origin, next, seconds: steadySeconds, rate: steadyPerSecond });
    // What follows the log is work for the same requests.
    await settle(api);
    const cpu = (cpuMsOf(pid) - cpuBefore) / (steadySeconds * steadyPerSecond);
    const peak = megabytesOf(pid, 'VmHWM');
    if (others > 0) say(`${others} other answers`);
    return [rest, peak, cpu, warm.perSecond, p99Ms];
  } finally {
    await end(child);
    await rm(dataDir, { recursive: true, force: true });
  }
};

const figuresText = (figures: Figures): string => figures.map((figure) => figure.toFixed(2).padStart(10)).join(' ');

/** Each figure without the part ÷ with it, round by round; the middle and the range say whether it is noise. */
const ratioText = (ratios: readonly number[]): string => {
  const percent = (ratio: number): string => `${ratio >= 1 ? '+' : ''}${((ratio - 1) * 100).toFixed(0)}`;
  const sorted = [...ratios].sort((a, b) => a - b);
  const [least = 1, most = 1] = [sorted[0], sorted.at(-1)];
  return `${percent(percentile(sorted, 0.5))} % (${percent(least)}…${percent(most)})`;
};

const judged = values.without ?? parts;
const ratios = new Map<string, number[][]>(judged.map((part) => [part, names.map(() => [])]));
for (let round = 1; round <= rounds; round += 1) {
  for (const part of judged) {
    const all = await measure(parts);
    const without = await measure(parts.filter((other) => other !== part));
    say(`${round} ${'all'.padEnd(28)} ${figuresText(all)}\n${round} ${`- ${part}`.padEnd(28)} ${figuresText(without)}`);
    for (const [at, figure] of without.entries()) ratios.get(part)?.[at]?.push(figure / (all[at] ?? Number.NaN));
  }
}
process.stdout.write(`| without | ${names.join(' | ')} |\n|---|${names.map(() => '---|').join('')}\n`);
for (const [part, byFigure] of ratios) {
  process.stdout.write(`| \`${part}\` | ${byFigure.map(ratioText).join(' | ')} |\n`);
}
