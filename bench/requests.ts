/** The requests of the benchmarks, the same for the service and for the bare route. */
import { randomUUID } from 'node:crypto';

export const warehouseId = 'BER';
export const skusSpread = 200;
export const skuOf = (index: number): string => `SKU-${index}`;
/** Never loaded with anything else, so that its figures are its own. */
export const hotSku = 'SKU-HOT';
export const orderSku = 'SKU-ORDER';
export const probeSku = 'SKU-PROBE';
/** One of those that all changes go to. */
export const contestedSku = skuOf(0);

export interface Sent {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly headers: { readonly [name: string]: string };
}
/** Makes the next request, each time another. */
export type NextRequest = () => Sent;

export const inventoryPath = (sku: string): string => `/v1/warehouses/${warehouseId}/inventory/${sku}`;

const adjustment = JSON.stringify({ delta: 1, reason: 'found', reference: 'bench' });
const post = (token: string) => ({
  authorization: `Bearer ${token}`,
  'content-type': 'application/json',
  'idempotency-key': randomUUID(),
});

export const adjustments =
  (token: string, skus: readonly string[]): NextRequest =>
  () => {
    const sku = skus[Math.floor(Math.random() * skus.length)] ?? hotSku;
    return { method: 'POST', path: `${inventoryPath(sku)}/adjustments`, body: adjustment, headers: post(token) };
  };

const reservation = JSON.stringify({ quantity: 1, expiresInSeconds: 30 * 24 * 3_600 });

/** Where the warehouse is, and that it is ours. */
export const berlin = {
  name: 'Berlin',
  countryCode: 'DE',
  postalCode: '10115',
  latitude: 52.52,
  longitude: 13.405,
  timeZone: 'Europe/Berlin',
  priority: 1,
  operator: 'own',
} as const;

/** Without an order, and for so long that none ends while others are measured. */
export const reservations =
  (token: string, skus: readonly string[]): NextRequest =>
  () => {
    const sku = skus[Math.floor(Math.random() * skus.length)] ?? hotSku;
    return { method: 'POST', path: `${inventoryPath(sku)}/reservations`, body: reservation, headers: post(token) };
  };

/** Who orders. */
export const contact = { name: 'Ada Example', email: 'ada@example.invalid' };
export const shipTo = {
  name: 'Ada Example',
  lines: ['1 Example Street'],
  city: 'Berlin',
  postalCode: '10115',
  countryCode: 'DE',
};

interface OrderOptions {
  readonly sku?: string;
  readonly sourcing?: 'priority' | 'balance';
}

const orderOf = ({ sku = orderSku, sourcing = 'priority' }: OrderOptions): string =>
  JSON.stringify({
    customer: { customerId: 'customer-1', ...contact },
    shipTo,
    lines: [{ lineId: '1', sku, quantity: 1, priceMinor: 4_900, currency: 'EUR' }],
    sourcing,
  });

/** One piece each. */
export const orders = (token: string, options: OrderOptions = {}): NextRequest => {
  const body = orderOf(options);
  return () => ({ method: 'POST', path: '/v1/orders', body, headers: post(token) });
};

export const reads =
  (token: string): NextRequest =>
  () => ({
    method: 'GET',
    path: inventoryPath(skuOf(Math.floor(Math.random() * skusSpread))),
    headers: { authorization: `Bearer ${token}` },
  });
