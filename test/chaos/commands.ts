/** What clients ask for, planned from the seed: adjustments, receipts, reservations, orders, cancellations. */
import { createRandom } from '../crash/seeded.ts';

export const warehouseIds = ['BER', 'PAR', 'MAD'] as const;
export const skus: readonly string[] = Array.from({ length: 30 }, (_, index) => `SKU-${index}`);
/** Enough that most orders are served, and few enough that some are split or wait. */
export const onHandAtFirst = 60;

export interface Command {
  readonly key: string;
  readonly method: 'POST' | 'PUT';
  /** `{orderId}` stands for the order that `after` made. */
  readonly path: string;
  readonly body: object;
  /** Key of the order that it needs; without an answer to that one it is not sent. */
  readonly after?: string;
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

  const orders: string[] = [];
  const commandFor = (share: number, key: string): Command => {
    const post = (path: string, body: object): Command => ({ key, method: 'POST', path, body });
    if (share < 0.45) {
      const delta = below(2) === 0 ? 1 + below(5) : -1 - below(3);
      return post(`${shelf()}/adjustments`, { delta, reason: delta > 0 ? 'found' : 'damaged', reference: 'chaos' });
    }
    if (share < 0.6) return post(`${shelf()}/receipts`, { quantity: 1 + below(6), purchaseOrder: 'chaos' });
    if (share < 0.7) return post(`${shelf()}/reservations`, { quantity: 1 + below(2), expiresInSeconds: 600 });
    if (share < 0.75 && orders.length > 0) {
      // Each once: a second cancellation is answered as done, and rightly records nothing.
      const [after = ''] = orders.splice(below(orders.length), 1);
      const body = { status: 'cancelled', reason: 'customer' };
      return { key, method: 'PUT', path: '/v1/orders/{orderId}/status', body, after };
    }
    orders.push(key);
    return post('/v1/orders', order(Array.from({ length: 1 + below(2) }, lineOf)));
  };

  return Array.from({ length: count }, (_, index) => commandFor(random(), `chaos-${seed}-${index}`));
};
