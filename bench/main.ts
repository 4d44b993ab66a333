/** `npm run bench`: the service beside a bare route of the same request, on this machine, in one run. Prints ratios. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort, startService } from '../demo/service.ts';
import { type Api, prepare, settle, signIn } from './api.ts';
import { measureBulkAppend } from './batch.ts';
import { compareGuards } from './guards.ts';
import { load } from './load.ts';
import { measureBulk, measureHot, measureKept, measureOrders, measureSteady } from './measures.ts';
import { compareRebuild } from './rebuild.ts';
import { figuresOf, figuresTable, jsonOf, type Measured, readEarlier, type Target } from './report.ts';
import { adjustments, reads, skuOf, skusSpread } from './requests.ts';
import { untilMoved } from './resources.ts';
import { rounds, say, takeTurns } from './rounds.ts';
import { fiveWarehouses, measureSourced } from './sourced.ts';

const projectRoot = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '5' },
    compare: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
if (!Number.isInteger(seconds) || seconds < 1) throw new Error('--seconds takes a whole number from 1.');
const earlier = values.compare === undefined ? {} : await readEarlier(values.compare);
/** Each reads the whole log. */
const rebuilds = 3;
const targets = {
  adjustVsBare: { name: 'durable adjustment over 200 SKUs ÷ bare POST', reach: 0.45, better: 'higher' },
  adjustCpuVsBare: { name: 'processor for an adjustment ÷ for a bare POST', reach: 4, better: 'lower' },
  adjustBytesWritten: { name: 'bytes written for an adjustment', reach: 8_000, better: 'lower' },
  adjustBytesKept: { name: 'bytes kept for an adjustment', reach: 800, better: 'lower' },
  hotVsSpread: { name: 'adjustments on one SKU ÷ over 200', reach: 0.8, better: 'higher' },
  bulkVsSingle: { name: 'changes in bulk of 500 ÷ single adjustments', reach: 2.5, better: 'higher' },
  orderVsBare: { name: 'order placed and allocated ÷ bare POST', reach: 0.12, better: 'higher' },
  sourceVsAdjust: { name: 'order allocated over 5 warehouses ÷ adjustment', reach: 0.25, better: 'higher' },
  bulkVsAppend: { name: 'time of 500 rows in bulk ÷ one append of 500 events', reach: 3, better: 'lower' },
  readVsBare: { name: 'one stock level ÷ bare GET', reach: 0.7, better: 'higher' },
  adjustP99Ms: { name: 'p99 of an adjustment at half of the maximum rate, ms', reach: 25, better: 'lower' },
  lagP99Ms: { name: 'append → visible to a plain read, p99, ms', reach: 50, better: 'lower' },
  guardedVsPlain: { name: 'adjustments with all guards ÷ with token checks alone', reach: 0.85, better: 'higher' },
  guardedReadVsPlain: { name: 'reads with all guards ÷ with token checks alone', reach: 0.85, better: 'higher' },
  rebuildVsSqlite: { name: 'rebuild of stock levels ÷ plain SQLite loop', reach: 0.5, better: 'higher' },
} as const satisfies { readonly [name: string]: Target };

const startBare = async (origin: string): Promise<{ origin: string; child: ChildProcess }> => {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), ISSUER: `${origin}/oidc`, JWKS_URI: `${origin}/oidc/jwks` };
  const child = spawn(process.execPath, ['bench/bare.ts'], { cwd: projectRoot, env, stdio: 'inherit' });
  const bare = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error('The bare server ended.');
    const isUp = await fetch(bare).then(
      () => true,
      () => false,
    );
    if (isUp) return { origin: bare, child };
    await pause(50);
  }
};

const run = async (dataDir: string): Promise<Measured<keyof typeof targets>> => {
  const service = await startService({ dataDir, partnerPort: 1, warehouseIds: fiveWarehouses, env: process.env });
  const { origin } = service;
  const bare = await startBare(origin);
  try {
    const api: Api = { origin, token: await signIn(origin, 'sandbox-admin') };
    await prepare(api);
    await settle(api);
    const spread = Array.from({ length: skusSpread }, (_, index) => skuOf(index));
    const next = adjustments(api.token, spread);
    const ourSide = { origin, pid: service.pid, rest: () => settle(api).then(untilMoved) };
    const bareSide = { origin: bare.origin, pid: Number(bare.child.pid), rest: async () => undefined };

    const adjust = await takeTurns(
      { ...ourSide, name: `adjust, ${skusSpread} SKUs`, next },
      { ...bareSide, name: 'bare POST', next },
      seconds,
    );
    const adjustBytesKept = await measureKept(api, next, seconds, dataDir);
    const hotVsSpread = await measureHot(api, next, seconds);
    const bulkVsSingle = await measureBulk(api, next, seconds);
    const getLevel = reads(api.token);
    const read = await takeTurns(
      { ...ourSide, name: 'read one level', next: getLevel },
      { ...bareSide, name: 'bare GET', next: getLevel },
      seconds,
    );
    const orderVsBare = await measureOrders(api, bare.origin, seconds);
    const sourceVsAdjust = await measureSourced(api, next, seconds);
    const bulkVsAppend = await measureBulkAppend(api);
    await settle(api);

    // The store has grown since the first rounds, and the rate that it can keep up with is another one.
    await load({ origin, next, seconds });
    const steady = [];
    for (let round = 0; round < rounds; round += 1) steady.push(await measureSteady(api, next, seconds));
    await service.stop();
    const guards = await compareGuards(seconds);
    const rebuildVsSqlite: number[] = [];
    for (let round = 0; round < rebuilds; round += 1) {
      const { rebuildPerSecond, plainPerSecond } = await compareRebuild(dataDir);
      say(`rebuild: ${Math.round(rebuildPerSecond)} events/s; plain loop: ${Math.round(plainPerSecond)}/s`);
      rebuildVsSqlite.push(rebuildPerSecond / plainPerSecond);
    }
    return {
      adjustVsBare: adjust.map(({ ours, bare: other }) => ours.perSecond / other.perSecond),
      adjustCpuVsBare: adjust.map(({ ours, bare: other }) => ours.cpuMs / other.cpuMs),
      adjustBytesWritten: adjust.map(({ ours }) => ours.bytesWritten),
      adjustBytesKept,
      hotVsSpread,
      bulkVsSingle,
      orderVsBare,
      sourceVsAdjust,
      bulkVsAppend,
      readVsBare: read.map(({ ours, bare: other }) => ours.perSecond / other.perSecond),
      adjustP99Ms: steady.map(({ p99Ms }) => p99Ms),
      lagP99Ms: steady.map(({ lagMs }) => lagMs),
      guardedVsPlain: guards.adjust,
      guardedReadVsPlain: guards.read,
      rebuildVsSqlite,
    };
  } finally {
    bare.child.kill('SIGTERM');
    await once(bare.child, 'exit');
    await service.stop();
  }
};

const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-bench-'));
try {
  const figures = figuresOf(await run(dataDir));
  process.stdout.write(`${figuresTable(targets, figures, earlier)}\n`);
  if (values.json) process.stdout.write(`${jsonOf(figures)}\n`);
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
