/** A stock that takes few more reservations: an order gets what has a place, or waits, and nobody else waits for it. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { contextOf, openWorld, type World } from '../support/world.ts';
import { contact, openShop, place, shipTo, sourcesOf, storyOf } from './arrange.ts';

// Three in place of a hundred thousand.
vi.mock('../../src/domain/stock/state.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  roomToReserve: ({ reservations }: { readonly reservations: { readonly size: number } }) =>
    Math.max(0, 3 - reservations.size),
}));

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await openShop(world, { BER: { CHAIR: 100, LAMP: 9 } });
  for (const orderId of ['first', 'second']) await place(world, orderId, { CHAIR: 1 });
  await world.settle();
});
afterEach(() => world.close());

const placeTwoLines = (orderId: string, allowSplit: boolean) =>
  world.useCases.placeOrder(
    {
      orderId,
      customerId: 'anna',
      contact,
      shipTo,
      lines: ['1', '2'].map((lineId) => ({ lineId, sku: 'CHAIR', quantity: 1, priceMinor: 100, currency: 'EUR' })),
      sourcing: 'priority',
      allowSplit,
      allowBackorder: true,
    },
    contextOf(`place ${orderId}`),
  );

it.each([false, true])(
  'an order of two lines where one has a place is planned to an end (split: %s)',
  async (allowSplit) => {
    await placeTwoLines('two-lines', allowSplit);
    await place(world, 'other', { LAMP: 1 });
    await world.settle();
    expect(await sourcesOf(world.log, 'two-lines')).toEqual(allowSplit ? { 'BER.CHAIR': 1 } : {});
    expect(await storyOf(world.log, 'two-lines')).toHaveLength(2);
    expect(await sourcesOf(world.log, 'other')).toEqual({ 'BER.LAMP': 1 });
  },
);

it('of two orders one gets the last place, and the other waits', async () => {
  for (const orderId of ['third', 'fourth']) await place(world, orderId, { CHAIR: 1 });
  await world.settle();
  const sources = await Promise.all(['third', 'fourth'].map((orderId) => sourcesOf(world.log, orderId)));
  expect(sources.map((each) => each['BER.CHAIR'] ?? 0).sort()).toEqual([0, 1]);
});
