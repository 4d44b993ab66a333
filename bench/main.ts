/** `npm run bench`: the service beside a bare route of the same request, on this machine, in one run. Prints ratios. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort, startService } from '../demo/service.ts';
import { type Api, levelOf, prepare, settle, signIn } from './api.ts';
import { percentile, probeLag } from './lag.ts';
import { connections, load } from './load.ts';
import { compareRebuild } from './rebuild.ts';
import { figuresTable, type Measured } from './report.ts';
import { adjustments, hotSku, type NextRequest, orderSku, orders, reads, skuOf, skusSpread } from './requests.ts';
import { steadyLoad } from './steady.ts';

const projectRoot = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '5' } },
});
const seconds = Number(values.seconds);
if (!Number.isInteger(seconds) || seconds < 1) throw new Error('--seconds takes a whole number from 1.');
/** Each side's rounds that count, after one that warms up. */
const rounds = 3;
/** Long enough for a p99 of some thousand requests, and for the write-ahead log to go round. */
const steadySeconds = 15;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const startBare = async (origin: string): Promise<{ origin: string; child: ChildProcess }> => {
  const port = await freePort();
  const issuer = `http://localhost:${new URL(origin).port}/oidc`;
  const env = { ...process.env, PORT: String(port), ISSUER: issuer, JWKS_URI: `${origin}/oidc/jwks` };
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

interface Side {
  readonly name: string;
  readonly origin: string;
  readonly next: NextRequest;
}

/** The middle of the rounds: a machine that others use too has fast and slow ones. */
const middle = (values: readonly number[]): number => percentile(values, 0.5);

/** Both sides in turn, round after round, so that what happens to the machine happens to both. @returns requests/s. */
const takeTurns = async (ours: Side, bare: Side): Promise<{ readonly ours: number; readonly bare: number }> => {
  const results: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  for (let round = 0; round <= rounds; round += 1) {
    for (const [side, key] of [
      [bare, 'bare'],
      [ours, 'ours'],
    ] as const) {
      const { perSecond, p99Ms, others } = await load({ ...side, seconds });
      const note = round === 0 ? ' (warm-up)' : '';
      say(`${side.name}: ${Math.round(perSecond)}/s, p99 ${p99Ms} ms, ${others} other answers${note}`);
      if (round > 0) results[key].push(perSecond);
    }
  }
  return { ours: middle(results.ours), bare: middle(results.bare) };
};

/** One SKU and many in turn; then all that was acknowledged on the one must be there. @returns requests/s. */
const measureHot = async (
  api: Api,
  spread: NextRequest,
): Promise<{ readonly hot: number; readonly spread: number }> => {
  const { origin } = api;
  const next = adjustments(api.token, [hotSku]);
  const results: { hot: number[]; spread: number[] } = { hot: [], spread: [] };
  let acknowledged = 0;
  for (let round = 0; round < rounds; round += 1) {
    results.spread.push((await load({ origin, next: spread, seconds })).perSecond);
    const hot = await load({ origin, next, seconds });
    results.hot.push(hot.perSecond);
    acknowledged += hot.answered;
    say(`adjust, one SKU: ${Math.round(hot.perSecond)}/s, p99 ${hot.p99Ms} ms, ${hot.others} other answers`);
  }
  await settle(api);
  const { onHand } = await levelOf(api, hotSku);
  // The connections are cut at the end of a round: what was under way may have been done without being counted.
  if (onHand < acknowledged || onHand > acknowledged + rounds * connections) {
    throw new Error(`${acknowledged} were acknowledged, ${onHand} are there.`);
  }
  return { hot: middle(results.hot), spread: middle(results.spread) };
};

/** Orders that were placed and have their sources, by the time that took until the last had them. @returns orders/s. */
const measureOrders = async (
  api: Api,
  bareOrigin: string,
): Promise<{ readonly ours: number; readonly bare: number }> => {
  const next = orders(api.token);
  const results: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  for (let round = 0; round <= rounds; round += 1) {
    const bare = await load({ origin: bareOrigin, next, seconds });
    await settle(api);
    const { reserved: before } = await levelOf(api, orderSku);
    const startedAt = performance.now();
    const placed = await load({ origin: api.origin, next, seconds });
    await settle(api);
    const elapsed = (performance.now() - startedAt) / 1_000;
    const allocated = ((await levelOf(api, orderSku)).reserved - before) / elapsed;
    say(
      `bare POST of an order: ${Math.round(bare.perSecond)}/s; placed ${Math.round(placed.perSecond)}/s, ` +
        `placed and allocated ${Math.round(allocated)}/s, ${placed.others} other answers${round === 0 ? ' (warm-up)' : ''}`,
    );
    if (round === 0) continue;
    results.ours.push(allocated);
    results.bare.push(bare.perSecond);
  }
  return { ours: middle(results.ours), bare: middle(results.bare) };
};

const run = async (dataDir: string): Promise<Measured> => {
  const service = await startService({ dataDir, partnerPort: 1, warehouseIds: ['BER'], env: process.env });
  const { origin } = service;
  const bare = await startBare(origin);
  try {
    const api: Api = { origin, token: await signIn(origin, 'sandbox-admin') };
    await prepare(api);
    await settle(api);
    const spread = Array.from({ length: skusSpread }, (_, index) => skuOf(index));
    const next = adjustments(api.token, spread);

    const bareSide = (name: string, request: NextRequest): Side => ({ name, origin: bare.origin, next: request });
    const adjust = await takeTurns({ name: `adjust, ${skusSpread} SKUs`, origin, next }, bareSide('bare POST', next));
    const { hot, spread: spreadPerSecond } = await measureHot(api, next);
    const getLevel = reads(api.token);
    const read = await takeTurns({ name: 'read one level', origin, next: getLevel }, bareSide('bare GET', getLevel));
    const placed = await measureOrders(api, bare.origin);
    await settle(api);

    // The store has grown since the first rounds, and the rate that it can keep up with is another one. Some of the orders'
    // deliveries are still being planned when the first of these two begins.
    await load({ origin, next, seconds });
    const half = (await load({ origin, next, seconds })).perSecond / 2;
    await settle(api);
    await steadyLoad({ origin, next, seconds: 3, rate: half });
    const steady = steadyLoad({ origin, next, seconds: steadySeconds, rate: half });
    const [atHalf, lags] = await Promise.all([steady, probeLag(api, steady)]);
    say(
      `adjust at ${Math.round(half)}/s: p99 ${atHalf.p99Ms} ms; visible after p99 ${percentile(lags, 0.99).toFixed(1)} ms`,
    );
    await service.stop();
    const rebuilt: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { rebuildPerSecond, plainPerSecond } = await compareRebuild(dataDir);
      say(`rebuild: ${Math.round(rebuildPerSecond)} events/s; plain loop: ${Math.round(plainPerSecond)}/s`);
      rebuilt.push(rebuildPerSecond / plainPerSecond);
    }
    return {
      adjustVsBare: adjust.ours / adjust.bare,
      hotVsSpread: hot / spreadPerSecond,
      orderVsBare: placed.ours / placed.bare,
      readVsBare: read.ours / read.bare,
      adjustP99Ms: atHalf.p99Ms,
      lagP99Ms: percentile(lags, 0.99),
      rebuildVsSqlite: middle(rebuilt),
    };
  } finally {
    bare.child.kill('SIGTERM');
    await once(bare.child, 'exit');
    await service.stop();
  }
};

const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-bench-'));
try {
  const measured = await run(dataDir);
  process.stdout.write(`${figuresTable(measured)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(measured)}\n`);
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
