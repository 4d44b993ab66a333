/** What clients ask for, planned from the seed: adjustments, receipts, reservations, orders, cancellations. */
import { createRandom } from '../crash/seeded.ts';

export const warehouseIds = ['BER', 'PAR', 'MAD'] as const;
export const skus: readonly string[] = Array.from({ length: 30 }, (_, index) => `SKU-${index}`);
/** Enough that most orders are served, and few enough that some are split or wait. */
export const onHandAtFirst = 60;

export interface Command {
  readonly key: string;
  readonly path: string;
  readonly body: object;
}

const order = (lines: readonly object[]): object => ({
  customer: { customerId: 'customer-1', name: 'Ada Canary', email: 'ada@canary.invalid' },
  shipTo: { name: 'Ada Canary', lines: ['1 Canary Street'], city: 'Berlin', postalCode: '10115', countryCode: 'DE' },
  lines,
});

export const planCommands = (seed: number, count: number): readonly Command[] => {
  const random = createRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const shelf = (): string => `/v1/warehouses/${oneOf(warehouseIds)}/inventory/${oneOf(skus)}`;
  const lineOf = (_: unknown, index: number): object => ({
    lineId: String(index + 1),
    sku: oneOf(skus),
    quantity: 1 + below(3),
    priceMinor: 4_900,
    currency: 'EUR',
  });

  const bodyFor = (share: number): Omit<Command, 'key'> => {
    if (share < 0.5) {
      const delta = below(2) === 0 ? 1 + below(5) : -1 - below(3);
      return {
        path: `${shelf()}/adjustments`,
        body: { delta, reason: delta > 0 ? 'found' : 'damaged', reference: 'chaos' },
      };
    }
    if (share < 0.65) return { path: `${shelf()}/receipts`, body: { quantity: 1 + below(6), reference: 'chaos' } };
    if (share < 0.75)
      return { path: `${shelf()}/reservations`, body: { quantity: 1 + below(2), expiresInSeconds: 600 } };
    return { path: '/v1/orders', body: order(Array.from({ length: 1 + below(2) }, lineOf)) };
  };

  return Array.from({ length: count }, (_, index) => ({ key: `chaos-${seed}-${index}`, ...bodyFor(random()) }));
};
