import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../demo/reasons.ts';
import { cancellationsOf, dayFrom } from '../../demo/retail.ts';
import { type Row, rowFrom } from '../../demo/rows.ts';
import { skuOf, warehouseOf } from '../../demo/rules.ts';
import { row } from './row.ts';

describe('a row of the list', () => {
  it('has times in UTC, prices in pence, and customers without decimals', () => {
    const fields = ['536365', '85123A', ' LAMP ', '6', '2010-12-01 08:26:00', '2.55', '17850.0', 'France'];
    expect(rowFrom(fields)).toEqual({
      invoiceNo: '536365',
      stockCode: '85123A',
      description: 'LAMP',
      quantity: 6,
      at: '2010-12-01T08:26:00.000Z',
      priceMinor: 255,
      customerId: '17850',
      country: 'France',
    });
    expect(rowFrom([...fields.slice(0, 6), '', 'EIRE']).customerId).toBeNull();
  });

  it('names goods by number; the case of its letters does not make another article', () => {
    expect(['85123A', '85123a', '15056bl', 'DCGS0076', '22423'].map(skuOf)).toEqual([
      '85123A',
      '85123A',
      '15056BL',
      'DCGS0076',
      '22423',
    ]);
  });

  it.each(['POST', 'D', 'M', 'm', 'BANK CHARGES', 'gift_0001_20', 'C2', 'DOT', 'B', 'S', 'CRUK', 'PADS', 'AMAZONFEE'])(
    '%s is money, not goods',
    (stockCode) => {
      expect(skuOf(stockCode)).toBeNull();
      expect(dayFrom([row({ stockCode })])).toMatchObject({ orders: [], refused: new Map([['not goods', 1]]) });
    },
  );

  it('is refused when a figure in it can not be read', () => {
    const bad = [row({ quantity: Number.NaN }), row({ priceMinor: Number.NaN }), row({ at: 'yesterdayT.000Z' })];
    expect(dayFrom(bad).refused).toEqual(new Map([['unreadable', 3]]));
    expect(dayFrom([row({ quantity: 0 }), row({ priceMinor: -1 })]).refused).toEqual(
      new Map([
        ['no quantity', 1],
        ['negative price', 1],
      ]),
    );
  });
});

describe('an invoice', () => {
  it('is one order with its lines in order, also when it stands in the list in two pieces', () => {
    const day = dayFrom([row(), row({ invoiceNo: '900002' }), row({ stockCode: '30002a', quantity: 1 })]);
    expect(day.orders.map(({ invoiceNo }) => invoiceNo)).toEqual(['900001', '900002']);
    expect(day.orders[0]?.lines).toEqual([
      { lineId: 'L1', sku: '30001', quantity: 2, priceMinor: 250 },
      { lineId: 'L2', sku: '30002A', quantity: 1, priceMinor: 250 },
    ]);
  });

  it('always goes to the same one of three warehouses', () => {
    expect(['900001', '900002', '900003', 'C900003'].map((no) => warehouseOf(no).warehouseId)).toEqual([
      'MAN',
      'GLA',
      'LON',
      'LON',
    ]);
  });

  it('counts a row that repeats another in every field as a duplicate, and no other', () => {
    const day = dayFrom([row(), row(), row({ quantity: 3 }), row({ invoiceNo: '900002' })]);
    expect(day.refused).toEqual(new Map([['duplicate row', 1]]));
    expect(day.orders.map(({ lines, duplicates }) => [lines.length, duplicates])).toEqual([
      [2, 1],
      [1, 0],
    ]);
  });
});

describe('a credit note', () => {
  const note = (change: Partial<Row> = {}): Row =>
    row({ invoiceNo: 'C900009', quantity: -2, at: '2024-03-01T10:00:00.000Z', ...change });

  it('of a whole order of the same day and customer cancels it', () => {
    const day = dayFrom([row(), note()]);
    expect([...cancellationsOf(day).keys()]).toEqual(['900001']);
  });

  it.each([
    ['of another customer', { customerId: '20002' }],
    ['of nobody', { customerId: null }],
    ['of less than the order', { quantity: -1 }],
    ['of other goods', { stockCode: '30002' }],
    ['before the order', { at: '2024-03-01T08:00:00.000Z' }],
  ])('%s brings goods back', (_, change) => {
    const day = dayFrom([row(), note(change)]);
    expect(cancellationsOf(day).size).toBe(0);
    expect(day.creditNotes[0]?.moves[0]).toMatchObject({ reason: 'returned', reference: 'C900009' });
    expect(day.creditNotes[0]?.moves[0]?.delta).toBeGreaterThan(0);
  });

  it('cancels one order, not two that are alike', () => {
    const day = dayFrom([row(), row({ invoiceNo: '900002' }), note()]);
    expect([...cancellationsOf(day).keys()]).toEqual(['900001']);
  });
});

describe('a free or negative line', () => {
  it('moves the stock by its quantity; for a customer the goods are given away', () => {
    const moves = dayFrom([
      row({ priceMinor: 0, customerId: null, quantity: 3, description: 'found' }),
      row({ priceMinor: 0, customerId: null, quantity: -4, description: 'damaged' }),
      row({ priceMinor: 0, quantity: 5 }),
    ]).adjustments;
    expect(moves.map(({ delta, reason }) => [delta, reason])).toEqual([
      [3, 'found'],
      [-4, 'damaged'],
      [-5, 'promotion'],
    ]);
  });

  it.each([
    ['wet pallet-thrown away', 'damaged'],
    ['Dagamed', 'damaged'],
    ['???lost', 'lost'],
    ["can't find", 'lost'],
    ['found some more on shelf', 'found'],
    ['given away', 'promotion'],
    ['stock check', 'correction'],
    ['wrongly coded 20713', 'correction'],
    ['??', 'other'],
    ['', 'other'],
  ])('says "%s", which is %s', (description, reason) => {
    expect(reasonOf({ description, quantity: -1, customerId: null })).toBe(reason);
  });

  it('does not read a reason into the name of an article', () => {
    expect(reasonOf({ description: 'WATERING CAN BLUE', quantity: 1, customerId: null })).toBe('other');
  });
});
