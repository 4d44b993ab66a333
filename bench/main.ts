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
import { type LoadResult, load } from './load.ts';
import { compareRebuild } from './rebuild.ts';
import { figuresTable, type Measured } from './report.ts';
import { adjustments, hotSku, type NextRequest, orderSku, orders, reads, skuOf, skusSpread } from './requests.ts';

const projectRoot = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '8' } },
});
const seconds = Number(values.seconds);
if (!Number.isInteger(seconds) || seconds < 1) throw new Error('--seconds takes a whole number from 1.');
const warmUpSeconds = 3;

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

const measure = async (name: string, origin: string, next: NextRequest, rate?: number): Promise<LoadResult> => {
  await load({ origin, next, seconds: warmUpSeconds, ...(rate === undefined ? {} : { rate }) });
  const result = await load({ origin, next, seconds, ...(rate === undefined ? {} : { rate }) });
  say(`${name}: ${Math.round(result.perSecond)}/s, p99 ${result.p99Ms} ms, ${result.others} other answers`);
  return result;
};

const measureHot = async (api: Api): Promise<LoadResult> => {
  const next = adjustments(api.token, [hotSku]);
  const warmUp = await load({ origin: api.origin, next, seconds: warmUpSeconds });
  const result = await load({ origin: api.origin, next, seconds });
  say(`adjust, one SKU: ${Math.round(result.perSecond)}/s, p99 ${result.p99Ms} ms, ${result.others} other answers`);
  // A request under way at the end may have been done without its answer being counted: the connections are cut.
  await settle(api);
  const counted = warmUp.answered + result.answered;
  const { onHand } = await levelOf(api, hotSku);
  if (onHand < counted || onHand > counted + 2 * 64) throw new Error(`${counted} acknowledged, ${onHand} on hand.`);
  return result;
};

/** Orders that were placed and have their sources, by the time that took until the last had them. */
const measureOrders = async (api: Api): Promise<number> => {
  const next = orders(api.token);
  await load({ origin: api.origin, next, seconds: warmUpSeconds });
  await settle(api);
  const { reserved: before } = await levelOf(api, orderSku);
  const startedAt = performance.now();
  const result = await load({ origin: api.origin, next, seconds });
  await settle(api);
  const elapsed = (performance.now() - startedAt) / 1_000;
  const { reserved } = await levelOf(api, orderSku);
  const perSecond = (reserved - before) / elapsed;
  say(
    `orders: ${Math.round(result.perSecond)}/s placed, ${Math.round(perSecond)}/s placed and allocated, ${result.others} other answers`,
  );
  return perSecond;
};

const run = async (dataDir: string): Promise<Measured> => {
  const env = { ...process.env, RATE_LIMIT_PER_MINUTE: '100000000' };
  const service = await startService({ dataDir, partnerPort: 1, warehouseIds: ['BER'], env });
  const { origin } = service;
  const bare = await startBare(origin);
  try {
    const api: Api = { origin, token: await signIn(origin, 'sandbox-admin') };
    await prepare(api);
    await settle(api);
    const spread = Array.from({ length: skusSpread }, (_, index) => skuOf(index));
    const next = adjustments(api.token, spread);

    const barePost = await measure('bare POST', bare.origin, next);
    const bareOrder = await measure('bare POST of an order', bare.origin, orders(api.token));
    const bareGet = await measure('bare GET', bare.origin, reads(api.token));
    const adjust = await measure(`adjust, ${skusSpread} SKUs`, origin, next);
    await settle(api);
    const hot = await measureHot(api);
    const read = await measure('read one level', origin, reads(api.token));
    const placed = await measureOrders(api);

    const half = adjust.perSecond / 2;
    const steady = load({ origin, next, seconds, rate: half });
    const [atHalf, lags] = await Promise.all([steady, probeLag(api, steady)]);
    say(
      `adjust at ${Math.round(half)}/s: p99 ${atHalf.p99Ms} ms; visible after p99 ${percentile(lags, 0.99).toFixed(1)} ms`,
    );
    await service.stop();
    const rebuilt = await compareRebuild(dataDir);
    return {
      adjustVsBare: adjust.perSecond / barePost.perSecond,
      hotVsSpread: hot.perSecond / adjust.perSecond,
      orderVsBare: placed / bareOrder.perSecond,
      readVsBare: read.perSecond / bareGet.perSecond,
      adjustP99Ms: atHalf.p99Ms,
      lagP99Ms: percentile(lags, 0.99),
      rebuildVsSqlite: rebuilt.rebuildPerSecond / rebuilt.plainPerSecond,
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
