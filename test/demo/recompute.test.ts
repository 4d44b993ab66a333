import { describe, expect, it } from 'vitest';
import { createAllocationBook, readOrder, type Sources } from '../../demo/answers.ts';
import { compare } from '../../demo/compare.ts';
import { recompute } from '../../demo/recompute.ts';
import { dayFrom } from '../../demo/retail.ts';
import type { Row } from '../../demo/rows.ts';
import { row as plainRow } from './row.ts';

const row = (change: Partial<Row> = {}): Row => plainRow({ quantity: 4, ...change });

/** The last order of a list stays unshipped, so a list ends with one of another article. */
const last = row({ invoiceNo: '900999', stockCode: '39999', quantity: 1, at: '2024-12-31T09:00:00.000Z' });

const recomputed = (rows: readonly Row[], sources: { readonly [invoiceNo: string]: Sources } = {}) =>
  recompute(
    async function* () {
      yield* [...rows, last];
    },
    { sourcesOf: (invoiceNo) => sources[invoiceNo] ?? 'as preferred' },
  );

const levelOf = async (warehouseId: string, ...args: Parameters<typeof recomputed>) => {
  const { levels } = await recomputed(...args);
  const found = levels.find((level) => level.warehouseId === warehouseId && level.sku === '30001');
  return [found?.onHand, found?.reserved, found?.available];
};

describe('the recomputed stock', () => {
  it('is nothing where all that was received was shipped, and at every warehouse', async () => {
    for (const warehouseId of ['LON', 'MAN', 'GLA']) expect(await levelOf(warehouseId, [row()])).toEqual([0, 0, 0]);
  });

  it('keeps reserved what the last order has not shipped', async () => {
    const { levels } = await recomputed([row()]);
    expect(levels.filter(({ sku, onHand }) => sku === '39999' && onHand > 0)).toEqual([
      { warehouseId: 'LON', sku: '39999', onHand: 1, reserved: 1, available: 0 },
    ]);
  });

  it('keeps what another warehouse sent in its place', async () => {
    const split = [
      { lineId: 'L1', warehouseId: 'MAN', quantity: 1 },
      { lineId: 'L1', warehouseId: 'GLA', quantity: 3 },
    ];
    expect(await levelOf('MAN', [row()], { 900001: split })).toEqual([3, 0, 3]);
    expect((await recomputed([row()], { 900001: split })).disputes).toEqual([]);
  });

  it('disputes sources that do not add up to the line', async () => {
    const short = [{ lineId: 'L1', warehouseId: 'MAN', quantity: 3 }];
    expect((await recomputed([row()], { 900001: short })).disputes).toEqual(['900001']);
    expect((await recomputed([row()], { 900001: [] })).disputes).toEqual(['900001']);
  });

  it('counts a duplicate row once', async () => {
    const kept = row({ invoiceNo: 'C900001', quantity: -1, customerId: null });
    expect(await levelOf('MAN', [row(), row(), kept, kept])).toEqual([1, 0, 1]);
  });

  it('takes back what a credit note returns, and keeps all of a cancelled order', async () => {
    const credit = (quantity: number) => row({ invoiceNo: 'C900004', quantity, at: '2024-03-01T10:00:00.000Z' });
    expect(await levelOf('MAN', [row(), credit(-1)])).toEqual([1, 0, 1]);
    expect(await levelOf('MAN', [row(), credit(-4)])).toEqual([4, 0, 4]);
  });

  it('adds what was found; what was written off had been received for it', async () => {
    const correction = (quantity: number) => row({ quantity, priceMinor: 0, customerId: null });
    expect(await levelOf('MAN', [correction(3)])).toEqual([3, 0, 3]);
    expect(await levelOf('MAN', [correction(-3)])).toEqual([0, 0, 0]);
  });

  it('leaves out what is not goods', async () => {
    const { levels } = await recomputed([row({ stockCode: 'POST' })]);
    expect(new Set(levels.map(({ sku }) => sku))).toEqual(new Set(['39999']));
  });
});

describe('the comparison', () => {
  it('finds no difference between equal levels', async () => {
    const expected = await recomputed([row()]);
    expect(compare(expected.levels, expected)).toEqual([]);
  });

  it.each(['onHand', 'reserved', 'available'] as const)('finds a wrong %s', async (figure) => {
    const expected = await recomputed([row()]);
    const served = expected.levels.map((level, index) => (index === 0 ? { ...level, [figure]: 7 } : level));
    expect(compare(served, expected)).toContain(`LON.30001 ${figure}: 0 expected, the service has 7`);
  });

  it('finds a level that is missing, and one that nobody asked for', async () => {
    const expected = await recomputed([row()]);
    expect(compare(expected.levels.slice(1), expected)).toHaveLength(3);
    const extra = { warehouseId: 'LON', sku: '11111', onHand: 0, reserved: 0, available: 0 };
    expect(compare([...expected.levels, extra], expected)).toEqual(['LON.11111: only the service has it']);
  });

  it('finds goods that vanished in all, although the levels agree with a wrong answer', async () => {
    const all = await recomputed([row()]);
    const wrong = await recomputed([row()], { 900001: [{ lineId: 'L1', warehouseId: 'MAN', quantity: 3 }] });
    expect(compare(wrong.levels, { ...wrong, disputes: [], onHandBySku: all.onHandBySku })).toEqual([
      '30001 in all: 0 expected, the service has 1',
    ]);
  });
});

describe('an answer about an order', () => {
  const { orders } = dayFrom([row(), row({ stockCode: '30002' })]);
  const line = (lineId: string, quantity: number, warehouseId = 'MAN', backordered = 0) => ({
    lineId,
    allocated: quantity === 0 ? [] : [{ warehouseId, quantity }],
    backordered,
  });
  const sourcesFor = (...lines: object[]) => {
    const book = createAllocationBook();
    const answer = readOrder({ orderId: 'o', status: 'processing', lines });
    for (const order of orders) book.record(order, answer);
    return book.sourcesOf('900001');
  };

  it('is kept in short only when each line comes whole from the preferred warehouse', () => {
    expect(sourcesFor(line('L1', 4), line('L2', 4))).toBe('as preferred');
    expect(sourcesFor(line('L1', 4), line('L2', 3))).toHaveLength(2);
    expect(sourcesFor(line('L1', 4), line('L2', 4, 'LON'))).toHaveLength(2);
    expect(sourcesFor(line('L1', 4), line('L1', 4))).toHaveLength(2);
    expect(sourcesFor(line('L1', 4), line('L2', 0, 'MAN', 4))).toHaveLength(1);
  });

  it('without the promised fields is not taken for one', () => {
    expect(() => readOrder({ orderId: 'o', status: 'processing' })).toThrow(/"lines"/);
    expect(() => readOrder({ orderId: 'o', status: 'x', lines: [{ lineId: 'L1', allocated: [] }] })).toThrow(
      /backordered/,
    );
    expect(() => readOrder('<html>')).toThrow(/object/);
  });
});
