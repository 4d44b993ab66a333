/** Warehouses, stock and orders to begin with, made as a client would make them. */
import { expect } from 'vitest';
import type { Answer, Client, RequestHeaders, TestService } from '../support/service.ts';

/** Where the warehouses of the tests are; those that are not named here are in Berlin too. */
const places: { readonly [warehouseId: string]: object } = {
  PAR: { countryCode: 'FR', postalCode: '75001', latitude: 48.86, longitude: 2.35, timeZone: 'Europe/Paris' },
  MAD: { countryCode: 'ES', postalCode: '28001', latitude: 40.42, longitude: -3.7, timeZone: 'Europe/Madrid' },
};
const berlin = {
  countryCode: 'DE',
  postalCode: '10115',
  latitude: 52.52,
  longitude: 13.405,
  timeZone: 'Europe/Berlin',
};

export const warehouse = (warehouseId: string, changes: object = {}): object => ({
  name: `Warehouse ${warehouseId}`,
  ...(places[warehouseId] ?? berlin),
  priority: 1,
  operator: 'own',
  ...changes,
});

export interface Stocks {
  readonly [warehouseId: string]: { readonly [sku: string]: number };
}

/** Registers stock, by warehouse and SKU, and waits until the read models have seen it. */
export const arrange = async (service: TestService, stocks: Stocks): Promise<void> => {
  const admin = service.as('sandbox-admin');
  for (const [warehouseId, bySku] of Object.entries(stocks)) {
    expect((await admin.put(`/v1/warehouses/${warehouseId}`, warehouse(warehouseId))).status).toBe(200);
    for (const [sku, onHand] of Object.entries(bySku)) {
      expect((await admin.post(`/v1/warehouses/${warehouseId}/inventory`, { sku, onHand })).status).toBe(201);
    }
  }
  await service.settled();
};

export const line = (sku: string, quantity: number, changes: object = {}): object => ({
  sku,
  quantity,
  priceMinor: 4_900,
  currency: 'EUR',
  ...changes,
});

export const orderOf = (lines: readonly object[], changes: object = {}): object => ({
  customer: { customerId: 'customer-1', name: 'Ada Canary', email: 'ada@canary.invalid', phone: '+49 30 123456' },
  shipTo: { name: 'Ada Canary', lines: ['1 Canary Street'], city: 'Berlin', postalCode: '10115', countryCode: 'DE' },
  lines,
  ...changes,
});

/** Waits for the sources of the order (RFC 7240), so that the answer has them. */
export const waitForPlan: RequestHeaders = { prefer: 'wait=10' };

export const placeOrder = async (client: Client, lines: readonly object[], changes: object = {}): Promise<Answer> => {
  const answer = await client.post('/v1/orders', orderOf(lines, changes), waitForPlan);
  expect(answer.status, answer.text).toBe(201);
  return answer;
};

/** A read that has seen what another answer has seen (B8). */
export const since = ({ headers }: Answer): RequestHeaders => ({
  'stockledger-min-position': headers['stockledger-position'] ?? null,
});
