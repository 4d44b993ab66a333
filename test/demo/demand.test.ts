import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planReplay } from '../../demo/demand.ts';
import { cancellationsOf, dayFrom, readDays } from '../../demo/retail.ts';
import { groupByDay, type Row } from '../../demo/rows.ts';
import { collect } from './collect.ts';
import { row } from './row.ts';

describe('the receipts', () => {
  const days = async (rows: readonly Row[]) => {
    const found = [];
    for await (const day of groupByDay(rows)) found.push(dayFrom(day));
    return found;
  };

  it('are what each warehouse needs in a month, and say that they are made up', async () => {
    const { months, ordersTotal, rowsTotal } = await planReplay(
      await days([
        // The first SKU of a month comes short, so the one to look at is the second.
        row({ stockCode: '30000' }),
        row(),
        row({ invoiceNo: '900002', quantity: 5 }),
        row({ invoiceNo: '900004', quantity: -3, priceMinor: 0, customerId: null }),
        row({ invoiceNo: '900007', at: '2024-04-02T09:00:00.000Z', quantity: 7 }),
      ]),
    );
    expect([rowsTotal, ordersTotal]).toEqual([5, 3]);
    const march = months.get('2024-03');
    expect(march?.newSkus).toEqual(['30000', '30001']);
    expect(march?.receipts.filter(({ sku }) => sku === '30001')).toEqual([
      { warehouseId: 'MAN', sku: '30001', quantity: 5, purchaseOrder: 'DEMO-2024-03', at: '2024-03-01T00:00:00.000Z' },
      { warehouseId: 'GLA', sku: '30001', quantity: 5, purchaseOrder: 'DEMO-2024-03', at: '2024-03-01T00:00:00.000Z' },
    ]);
    expect(months.get('2024-04')?.newSkus).toEqual([]);
  });

  it('come half too late for a few SKUs, and never for one that is written off that month', async () => {
    const plan = async (rows: readonly Row[]) => (await planReplay(await days(rows))).months.get('2024-03');
    const short = await plan([row({ quantity: 5 })]);
    expect(short?.receipts.map(({ quantity }) => quantity)).toEqual([2]);
    expect(short?.lateReceipts).toMatchObject([
      { quantity: 3, purchaseOrder: 'DEMO-2024-03-LATE', at: '2024-03-31T23:59:00.000Z' },
    ]);
    const writtenOff = await plan([row({ quantity: 5 }), row({ quantity: -1, priceMinor: 0, customerId: null })]);
    expect(writtenOff?.lateReceipts).toEqual([]);
  });
});

describe('the bundled sample', () => {
  it('has every kind of row', async () => {
    const found = await collect(readDays(join(import.meta.dirname, '../../demo/sample/invoices.csv')));
    const reasons = new Set(found.flatMap((day) => day.adjustments.map(({ reason }) => reason)));
    expect([...reasons].sort()).toEqual(['correction', 'damaged', 'found', 'lost', 'other', 'promotion']);
    expect(found.flatMap((day) => [...cancellationsOf(day)])).toHaveLength(1);
    expect(found.flatMap((day) => day.creditNotes)).toHaveLength(3);
    expect(new Set(found.flatMap((day) => [...day.refused.keys()]))).toEqual(new Set(['duplicate row', 'not goods']));
    expect(found.flatMap((day) => day.orders.filter(({ duplicates }) => duplicates > 0))).toHaveLength(2);
    expect(found.flatMap((day) => day.orders.filter(({ customerId }) => customerId === null))).not.toHaveLength(0);
  });
});
