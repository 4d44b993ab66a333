/** The lists that the reconciler of claims goes round, on the read models themselves. */
import { describe, expect, it } from 'vitest';
import { createClaimLists } from '../../src/app/readModels.ts';
import { createConsumerProgress } from '../../src/eventsourcing/consumers/consumerProgress.ts';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder } from './arrange.ts';

const openLists = async () => {
  const service = await openService();
  return { service, lists: createClaimLists(service.readModels, createConsumerProgress()) };
};

describe('the lists that are looked at for drift', () => {
  it('hold each order that may still ship, whatever its status, and each reservation for one, and then begin again', async () => {
    const { service, lists } = await openLists();
    await arrange(service, { BER: { TABLE: 60, LAMP: 0 } });
    const shop = service.as('sandbox-shop');
    const tables = Array.from({ length: 30 }, () => placeOrder(shop, [line('TABLE', 2)]));
    const placed = (await Promise.all(tables)).map(({ body }): string => body.orderId);
    const waiting = (await placeOrder(shop, [line('LAMP', 1)])).body.orderId;
    const cancelled = (await placeOrder(shop, [line('LAMP', 1)])).body.orderId;
    const cancel = { status: 'cancelled', reason: 'changed_mind' };
    expect((await service.as('sandbox-admin').put(`/v1/orders/${cancelled}/status`, cancel)).status).toBe(200);
    await service.settled();

    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof lists.orders>> = await lists.orders(cursor);
      expect(page.items.length).toBeLessThanOrEqual(25);
      seen.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual([...placed, waiting].toSorted());
    expect(await lists.waiting(null, null)).toEqual({ items: [waiting], nextCursor: null });
    expect((await lists.waiting('TABLE', null)).items).toEqual([]);
    const { items } = await lists.reservations(null);
    expect(items.map(({ orderId }) => orderId).toSorted()).toEqual(placed.toSorted());
  });
});
