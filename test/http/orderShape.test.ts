/** What a reading client can tell from an order (issue 12, point 31). */
import { describe, expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder } from './arrange.ts';

describe('the ids of order lines', () => {
  it('that are given here avoid those that came in the same order', async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 50 } });
    const lines = [
      line('TABLE', 1, { lineId: '2' }),
      line('TABLE', 2),
      line('TABLE', 3, { lineId: '5' }),
      line('TABLE', 4, { lineId: '6' }),
      line('TABLE', 5),
      line('TABLE', 6, { lineId: '8' }),
      line('TABLE', 7),
    ];
    const placed = await placeOrder(service.as('sandbox-shop'), lines);
    const ids = placed.body.lines.map(({ lineId, quantity }: { lineId: string; quantity: number }) => [
      lineId,
      quantity,
    ]);
    // Beyond the last place; the last line has its own.
    expect(ids).toEqual([
      ['2', 1],
      ['9', 2],
      ['5', 3],
      ['6', 4],
      ['10', 5],
      ['8', 6],
      ['7', 7],
    ]);
  });
});

describe('the allocation of an order', () => {
  it('tells an order that waits for all of its goods from one that has some, and from one that has all', async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 3 } });
    const shop = service.as('sandbox-shop');
    const seen = [];
    for (const quantity of [2, 2, 2]) {
      const { body } = await placeOrder(shop, [line('TABLE', quantity)]);
      await service.settled();
      const read = await shop.get(`/v1/orders/${body.orderId}`);
      seen.push([read.body.status, read.body.allocation]);
    }
    expect(seen).toEqual([
      ['processing', 'complete'],
      ['processing', 'partial'],
      ['processing', 'none'],
    ]);
  });
});
