/** A stock that takes few more reservations: an order gets what has a place, or waits, and nobody else waits for it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stockVersions } from '../../src/domain/stock/fields.ts';
import { reservationsMax } from '../../src/domain/stock/state.ts';
import { newEvent } from '../contracts/eventSamples.ts';
import { balanceOf } from '../support/samples.ts';
import { contextOf, openWorld, type World } from '../support/world.ts';
import { contact, openShop, place, shipTo, sourcesOf, storyOf } from './arrange.ts';

/** Open reservations in one append. */
const perAppend = 10_000;
const onHand = 2 * reservationsMax;

let world: World;
beforeEach(async () => {
  world = await openWorld({ engine: 'memory' });
  await openShop(world, { BER: { CHAIR: onHand, LAMP: 9 } });
  // All that the stock takes but one.
  const open = Array.from({ length: reservationsMax - 1 }, (_, at) => ({
    ...newEvent(),
    type: 'StockReserved',
    schemaVersion: stockVersions.StockReserved,
    data: {
      warehouseId: 'BER',
      sku: 'CHAIR',
      reservationId: `open-${at}`,
      quantity: 1,
      expiresAt: '2099-01-01T00:00:00.000Z',
      after: balanceOf({ onHand, reserved: at + 1 }),
    },
  }));
  for (let from = 0; from < open.length; from += perAppend) {
    const appended = await world.store.append('stock-BER.CHAIR', from, open.slice(from, from + perAppend));
    expect(appended.kind).toBe('appended');
  }
  await world.miss();
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
