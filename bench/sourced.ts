/** Orders that find their goods in one of five warehouses, beside plain adjustments in the same run. */
import { type Api, ask, putWarehouse, settle } from './api.ts';
import { load } from './load.ts';
import { type NextRequest, orders } from './requests.ts';
import { rounds, say } from './rounds.ts';

/** The first is the one of all other benchmarks. */
export const fiveWarehouses = ['BER', 'HAM', 'MUC', 'CGN', 'LEJ'] as const;
const sku = 'SKU-FIVE';
const plenty = 400_000_000;

const prepareFive = async (api: Api): Promise<void> => {
  for (const warehouseId of fiveWarehouses) await putWarehouse(api, warehouseId);
  const changes = fiveWarehouses.map((warehouseId) => ({ kind: 'register', warehouseId, sku, onHand: plenty }));
  await ask(api, 'POST', '/v1/inventory/changes', { changes });
  await settle(api);
};

/** Pieces that orders have reserved, in each of the five. */
const reservedOf = (api: Api): Promise<readonly number[]> =>
  Promise.all(
    fiveWarehouses.map(async (warehouseId) => {
      const answer = await ask(api, 'GET', `/v1/warehouses/${warehouseId}/inventory/${sku}`);
      return ((await answer.json()) as { readonly reserved: number }).reserved;
    }),
  );

const sumOf = (figures: readonly number[]): number => figures.reduce((sum, figure) => sum + figure, 0);

/** By `balance`, so that each of the five is looked at and each gets its part. @returns orders/s ÷ adjustments/s. */
export const measureSourced = async (api: Api, adjust: NextRequest, seconds: number): Promise<readonly number[]> => {
  await prepareFive(api);
  const next = orders(api.token, { sku, sourcing: 'balance' });
  const ratios: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const { perSecond } = await load({ origin: api.origin, next: adjust, seconds });
    await settle(api);
    const before = sumOf(await reservedOf(api));
    const startedAt = performance.now();
    const placed = await load({ origin: api.origin, next, seconds });
    await settle(api);
    const elapsed = (performance.now() - startedAt) / 1_000;
    const reserved = await reservedOf(api);
    const allocated = (sumOf(reserved) - before) / elapsed;
    say(
      `placed ${Math.round(placed.perSecond)}/s, placed and allocated over five warehouses ${Math.round(allocated)}/s ` +
        `(${reserved.join(', ')} reserved); adjust ${Math.round(perSecond)}/s${round === 0 ? ' (warm-up)' : ''}`,
    );
    if (round > 0) ratios.push(allocated / perSecond);
  }
  return ratios;
};
