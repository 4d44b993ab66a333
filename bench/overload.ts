/**
 * `npm run bench:overload -- --seconds 20`: how long an order waits for its sources, and a read for its position, beside
 * clients that send the largest bulk changes without a pause. Embedded form, over HTTP.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startService } from '../demo/service.ts';
import { type Api, prepare, receiveAll, settle, signIn } from './api.ts';
import { percentile } from './lag.ts';
import { type Bulk, bulkBodies, type Manners, sendBulk } from './overload/bulk.ts';
import { keepShopping, type Shopping } from './overload/shop.ts';
import { warehouseId } from './requests.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } });
const seconds = Number(values.seconds);
if (!Number.isInteger(seconds) || seconds < 1) throw new RangeError('--seconds takes a whole number from 1.');

const bulkClients = 8;
const perClient = 1_000_000;
/** At rest both take some milliseconds. An order that waits longer than this looks lost to who placed it. */
const good = { allocatedMs: 5_000, unavailable: 0 };

interface Phase {
  readonly name: string;
  readonly manners: Manners | null;
}
const phases: readonly Phase[] = [
  { name: 'at rest', manners: null },
  { name: `beside ${bulkClients} bulk clients that wait as they are told`, manners: 'waits' },
  { name: `beside ${bulkClients} bulk clients that do not wait`, manners: 'insists' },
];

const countOf = (answers: ReadonlyMap<number | string, number>): string =>
  [...answers].map(([status, count]) => `${count} x ${status}`).join(', ') || 'none';

const timesOf = (times: readonly number[]): string => {
  const [p50, p99, most] = [percentile(times, 0.5), percentile(times, 0.99), Math.max(...times)];
  return `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, max ${most.toFixed(0)} ms`;
};

const report = ({ name }: Phase, bulk: Bulk, shop: Shopping): boolean => {
  const { placedMs, allocatedMs, readMs, orderAnswers, readAnswers, unserved } = shop;
  const lines = [
    name,
    `  bulk: ${Math.round(bulk.rows / bulk.seconds)} rows/s; answers: ${countOf(bulk.answers)}`,
    `  orders: ${countOf(orderAnswers)}; answered after ${timesOf(placedMs)}`,
    `  allocated: ${allocatedMs.length}, after ${timesOf(allocatedMs)}; never: ${unserved}`,
    `  reads with a position: ${countOf(readAnswers)}; after ${timesOf(readMs)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const unavailable = readAnswers.get(503) ?? 0;
  return unserved === 0 && Math.max(...allocatedMs) <= good.allocatedMs && unavailable <= good.unavailable;
};

const stock = async (api: Api): Promise<void> => {
  await prepare(api);
  await receiveAll(api, perClient);
  await settle(api);
};

const run = async (phase: Phase, origin: string, keepers: readonly Api[]): Promise<boolean> => {
  const shop = { origin, token: await signIn(origin, 'sandbox-shop') };
  const stop = AbortSignal.timeout(seconds * 1_000);
  const { manners } = phase;
  const clients = manners === null ? 0 : bulkClients;
  const [bulk, shopping] = await Promise.all([
    sendBulk({ keepers, bodies: bulkBodies, clients, manners: manners ?? 'waits' }, stop),
    keepShopping(shop, stop),
  ]);
  const isGood = report(phase, bulk, shopping);
  const [keeper] = keepers;
  if (keeper !== undefined) await settle(keeper);
  return isGood;
};

const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-overload-'));
const env = { ...process.env, RATE_LIMIT_PER_MINUTE: '100000000' };
const service = await startService({ dataDir, partnerPort: 1, warehouseIds: [warehouseId], env });
try {
  const { origin } = service;
  const keepers = await Promise.all(
    ['sandbox-admin', 'sandbox-staff', 'sandbox-partner'].map(async (client) => ({
      origin,
      token: await signIn(origin, client),
    })),
  );
  const [admin] = keepers;
  if (admin === undefined) throw new Error('There is no client.');
  await stock(admin);
  for (const phase of phases) if (!(await run(phase, origin, keepers))) process.exitCode = 1;
} finally {
  await service.stop();
  await rm(dataDir, { recursive: true, force: true });
}
