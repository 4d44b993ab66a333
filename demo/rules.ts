/**
 * How the shop's figures are to be read: definitions only, no sums. The replay and the recomputation share this
 * file and the reading of rows, and nothing else, so that a mistake in counting on one side is not made on the other.
 */
import type { Row } from './rows.ts';

export interface DemoWarehouse {
  readonly warehouseId: string;
  readonly name: string;
  readonly postalCode: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly priority: number;
}

/** Made up. One in each region, so that `nearest` has something to compare. */
export const warehouses: readonly [DemoWarehouse, DemoWarehouse, DemoWarehouse] = [
  { warehouseId: 'LON', name: 'Demo London', postalCode: 'E16 2AA', latitude: 51.5, longitude: 0.03, priority: 1 },
  { warehouseId: 'MAN', name: 'Demo Manchester', postalCode: 'M17 1AA', latitude: 53.47, longitude: -2.3, priority: 2 },
  { warehouseId: 'GLA', name: 'Demo Glasgow', postalCode: 'G51 4AA', latitude: 55.86, longitude: -4.33, priority: 3 },
];

/** The invoice number decides, so that a second run chooses the same. */
export const warehouseOf = (invoiceNo: string): DemoWarehouse =>
  warehouses[Number(invoiceNo.replace(/\D/g, '')) % 3] ?? warehouses[0];

/**
 * Goods are numbered: five digits and at most two letters, or the DCGS range. Everything else in the list is money
 * (postage, fees, discounts, vouchers) and has no place in a stock ledger: `null`. Letters come in both cases for the
 * same article (`85123A`, `85123a`), so the SKU has capitals only.
 */
export const skuOf = (stockCode: string): string | null =>
  /^(?:\d{5}[A-Za-z]{0,2}|DCGS\w+)$/.test(stockCode) ? stockCode.toUpperCase() : null;

export type RowKind = 'order' | 'credit' | 'adjustment' | 'refused';

/** The shape first: `Date.parse` finds a date in almost any text. */
const isTime = (at: string): boolean =>
  /^\d{4}(-\d\d){2}T(\d\d:){2}\d\d\.000Z$/.test(at) && !Number.isNaN(Date.parse(at));

/** What a row is about. Refused rows carry the reason that the report counts. */
export const kindOf = (row: Row): { readonly kind: Exclude<RowKind, 'refused'> } | { readonly refused: string } => {
  if (skuOf(row.stockCode) === null) return { refused: 'not goods' };
  const readable = Number.isInteger(row.quantity) && Number.isInteger(row.priceMinor) && isTime(row.at);
  if (!readable) return { refused: 'unreadable' };
  if (row.quantity === 0) return { refused: 'no quantity' };
  if (row.priceMinor < 0) return { refused: 'negative price' };
  if (row.invoiceNo.startsWith('C')) return row.quantity < 0 ? { kind: 'credit' } : { refused: 'credit that takes' };
  return { kind: row.priceMinor === 0 || row.quantity < 0 ? 'adjustment' : 'order' };
};

/** By how much an adjustment moves the stock: a free line for a customer is goods given away. */
export const deltaOf = (row: Row): number => (row.customerId === null ? row.quantity : -Math.abs(row.quantity));

/** Every this many orders, counted from the first, is followed to the door. */
export const deliveredEvery = 10;

/** The last orders stay on the shelf, so that reservations are open at the end and are compared too. */
export const firstUnshipped = (ordersTotal: number): number => ordersTotal - Math.ceil(ordersTotal / 100);
