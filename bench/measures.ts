/** What `npm run bench` measures of the service, round after round; each returns the figure of each round. */
import { type Api, levelOf, settle } from './api.ts';
import { percentile, probeLag } from './lag.ts';
import { connections, load } from './load.ts';
import { sendBulk } from './overload/bulk.ts';
import { adjustments, hotSku, type NextRequest, orderSku, orders, skuOf, skusSpread, warehouseId } from './requests.ts';
import { storedBytesOf } from './resources.ts';
import { rounds, say } from './rounds.ts';
import { steadyLoad } from './steady.ts';

const bulkRows = 500;
const bulkClients = 4;
/** Long enough for a p99 of some thousand requests. */
const steadySeconds = 10;

/** One SKU and many in turn; then all that was acknowledged on the one must be there. @returns one ÷ many. */
export const measureHot = async (api: Api, spread: NextRequest, seconds: number): Promise<readonly number[]> => {
  const { origin } = api;
  const next = adjustments(api.token, [hotSku]);
  const ratios: number[] = [];
  let acknowledged = 0;
  for (let round = 0; round < rounds; round += 1) {
    const { perSecond } = await load({ origin, next: spread, seconds });
    await settle(api);
    const hot = await load({ origin, next, seconds });
    ratios.push(hot.perSecond / perSecond);
    acknowledged += hot.answered;
    say(`adjust, one SKU: ${Math.round(hot.perSecond)}/s, p99 ${hot.p99Ms} ms, ${hot.others} other answers`);
  }
  await settle(api);
  const { onHand } = await levelOf(api, hotSku);
  // The connections are cut at the end of a round: what was under way may have been done without being counted.
  if (onHand < acknowledged || onHand > acknowledged + rounds * connections) {
    throw new Error(`${acknowledged} were acknowledged, ${onHand} are there.`);
  }
  return ratios;
};

/** How much the store grows for an adjustment, bytes. */
export const measureKept = async (
  api: Api,
  next: NextRequest,
  seconds: number,
  dataDir: string,
): Promise<readonly number[]> => {
  const kept: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = await storedBytesOf(dataDir);
    const { answered } = await load({ origin: api.origin, next, seconds });
    await settle(api);
    kept.push(((await storedBytesOf(dataDir)) - before) / answered);
  }
  return kept;
};

/** Rows of 500 and single adjustments in turn. @returns changes/s ÷ adjustments/s. */
export const measureBulk = async (api: Api, single: NextRequest, seconds: number): Promise<readonly number[]> => {
  const changes = Array.from({ length: bulkRows }, (_, index) => ({
    kind: 'adjustment',
    warehouseId,
    sku: skuOf(index % skusSpread),
    delta: 1,
    reason: 'found',
  }));
  const bulk = {
    keepers: [api],
    bodies: [JSON.stringify({ changes })],
    clients: bulkClients,
    manners: 'waits',
  } as const;
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { perSecond } = await load({ origin: api.origin, next: single, seconds });
    await settle(api);
    const { rows, seconds: took, answers } = await sendBulk(bulk, AbortSignal.timeout(1_000 * seconds));
    await settle(api);
    const told = [...answers].map(([answer, count]) => `${count} × ${answer}`).join(', ');
    say(`bulk: ${Math.round(rows / took)} changes/s (${told}); single ${Math.round(perSecond)}/s`);
    ratios.push(rows / took / perSecond);
  }
  return ratios;
};

/** Orders that were placed and have their sources, by the time that took until the last had them. @returns ours ÷ bare. */
export const measureOrders = async (api: Api, bareOrigin: string, seconds: number): Promise<readonly number[]> => {
  const next = orders(api.token);
  const ratios: number[] = [];
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
    if (round > 0) ratios.push(allocated / bare.perSecond);
  }
  return ratios;
};

/** Adjustments at half of the rate that it reaches just before. @returns the p99 of the answer and of the lag, ms. */
export const measureSteady = async (
  api: Api,
  next: NextRequest,
  seconds: number,
): Promise<{ readonly p99Ms: number; readonly lagMs: number }> => {
  const { origin } = api;
  const half = (await load({ origin, next, seconds })).perSecond / 2;
  await settle(api);
  const steady = steadyLoad({ origin, next, seconds: steadySeconds, rate: half });
  const [{ p99Ms }, lags] = await Promise.all([steady, probeLag(api, steady)]);
  const lagMs = percentile(lags, 0.99);
  say(`adjust at ${Math.round(half)}/s: p99 ${p99Ms} ms; visible after p99 ${lagMs.toFixed(1)} ms`);
  return { p99Ms, lagMs };
};
