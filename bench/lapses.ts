/**
 * `npm run bench:lapses -- --rate 500 --seconds 20`: that many reservations a second fall due, and how late they end by
 * the service's own histogram. Embedded form, over HTTP.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startService } from '../demo/service.ts';
import { type Api, ask, prepare, receiveAll, signIn } from './api.ts';
import { inventoryPath, skuOf, skusSpread, warehouseId } from './requests.ts';

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '500' }, seconds: { type: 'string', default: '20' } },
});
const [rate, seconds] = [Number(values.rate), Number(values.seconds)];
if (![rate, seconds].every((value) => Number.isInteger(value) && value >= 1)) {
  throw new RangeError('--rate and --seconds take whole numbers from 1.');
}
/** All are made before the first is due; the machine may be slower at making them than at ending them. */
const makingSeconds = Math.ceil((rate * seconds) / 150);
const makersAtOnce = 32;
const goodSeconds = 5;

interface Lateness {
  readonly count: number;
  readonly buckets: readonly (readonly [le: number, count: number])[];
}
const latenessNow = async ({ origin }: Api): Promise<Lateness> => {
  const text = await (await fetch(`${origin}/metrics`)).text();
  const name = 'stockledger_reservation_lapse_late_seconds';
  const buckets = [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)$`, 'gm'))].map(
    ([, le, count]) => [le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), Number(count)] as const,
  );
  return { count: buckets.at(-1)?.[1] ?? 0, buckets };
};

const reserveAll = async (api: Api, total: number): Promise<void> => {
  const startedAtMs = Date.now();
  let next = 0;
  const maker = async (): Promise<void> => {
    while (next < total) {
      const number = next++;
      const dueInMs = startedAtMs + makingSeconds * 1_000 + (number * 1_000) / rate - Date.now();
      const claim = { quantity: 1, expiresInSeconds: Math.max(1, Math.round(dueInMs / 1_000)) };
      await (await ask(api, 'POST', `${inventoryPath(skuOf(number % skusSpread))}/reservations`, claim)).arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: makersAtOnce }, maker));
  const spentSeconds = (Date.now() - startedAtMs) / 1_000;
  process.stdout.write(`${total} reservations made in ${spentSeconds.toFixed(1)} s, due from ${makingSeconds} s on\n`);
};

const measure = async (api: Api): Promise<boolean> => {
  await prepare(api);
  await receiveAll(api, 1_000_000);
  const total = rate * seconds;
  await reserveAll(api, total);
  let lateness = await latenessNow(api);
  for (; lateness.count < total; lateness = await latenessNow(api)) await pause(500);
  for (const [le, count] of lateness.buckets) {
    process.stdout.write(`within ${le} s: ${((100 * count) / lateness.count).toFixed(2)} %\n`);
  }
  const good = lateness.buckets.find(([le]) => le === goodSeconds)?.[1] ?? 0;
  return good >= 0.99 * lateness.count;
};

const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-lapses-'));
const env = { ...process.env, RATE_LIMIT_PER_MINUTE: '600000' };
const service = await startService({ dataDir, partnerPort: 1, warehouseIds: [warehouseId], env });
try {
  const isGood = await measure({ origin: service.origin, token: await signIn(service.origin, 'sandbox-admin') });
  process.exitCode = isGood ? 0 : 1;
} finally {
  await service.stop();
  await rm(dataDir, { recursive: true, force: true });
}
