/** The largest changes that the limits allow. */
import { contact, shipTo } from '../requests.ts';
import { linesMax, orderIdOf, skuOf, wantedSku, warehouseIds } from './business.ts';
import type { Sent } from './send.ts';

const rowsMax = 500;
const noteMax = 2_000;

const post = (path: string, body: object): Sent => ({ method: 'POST', path, body: JSON.stringify(body) });

/** Rows for many stocks, or all for one. */
export const bulk = (skus: number, from: number, isOne: boolean): Sent =>
  post('/v1/inventory/changes', {
    changes: Array.from({ length: rowsMax }, (_, row) => ({
      kind: 'adjustment',
      warehouseId: warehouseIds[isOne ? 2 : row % warehouseIds.length],
      sku: skuOf(isOne ? 1 : (from * rowsMax + row) % (skus - 3)),
      delta: 1,
      reason: 'found',
      note: 'x'.repeat(noteMax),
    })),
  });

/** `hasStock`: it is allocated, else it waits. */
export const largestOrder = (skus: number, customerId: string, hasStock: boolean): Sent =>
  post('/v1/orders', {
    customer: { customerId, ...contact },
    shipTo,
    lines: Array.from({ length: linesMax }, (_, line) => ({
      lineId: String(line + 1),
      sku: hasStock ? skuOf(line % (skus - 3)) : wantedSku(line),
      quantity: 1,
      priceMinor: 100,
      currency: 'EUR',
    })),
    sourcing: 'priority',
  });

/** A receipt that all large orders wait for. */
export const wantedReceipt = (at: number): Sent =>
  post('/v1/inventory/changes', {
    changes: [
      { kind: 'register', warehouseId: 'W3', sku: wantedSku(at) },
      { kind: 'receipt', warehouseId: 'W3', sku: wantedSku(at), quantity: 1_000 },
    ],
  });

/** All of an order that has all of its sources; its lines are in one warehouse. */
export const largestDispatch = (order: number): Sent =>
  post(`/v1/orders/${orderIdOf(order)}/shipments`, {
    warehouseId: 'W1',
    carrier: 'DHL',
    trackingNumber: `LARGE-${order}`,
    lines: Array.from({ length: linesMax }, (_, line) => ({ lineId: String(line + 1), quantity: 1 })),
    parcels: [{ parcelId: '1', boxes: [] }],
  });

export const cancelling = (order: number): Sent => ({
  method: 'PUT',
  path: `/v1/orders/${orderIdOf(order)}/status`,
  body: JSON.stringify({ status: 'cancelled', reason: 'changed_mind' }),
});
