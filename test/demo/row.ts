/** A row of the list as tests want it: say what matters, the rest is a plain order. */
import type { Row } from '../../demo/rows.ts';

export const row = (change: Partial<Row> = {}): Row => ({
  invoiceNo: '900001', // served by MAN
  stockCode: '30001',
  description: 'SIDE TABLE',
  quantity: 2,
  at: '2024-03-01T09:00:00.000Z',
  priceMinor: 250,
  customerId: '20001',
  country: 'United Kingdom',
  ...change,
});
