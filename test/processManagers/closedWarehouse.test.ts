/** A warehouse that is closed to sourcing gets no new orders, and ships what is reserved there. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SourcingState } from '../../src/domain/warehouse/events.ts';
import { contextOf, openWorld, type World } from '../support/world.ts';
import { change, describeWarehouse, dispatch, openShop, place, receive, recorded, sourcesOf } from './arrange.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld({ engine: 'memory' });
});
afterEach(() => world.close());

const set = (warehouseId: string, sourcing: SourcingState, name: string = sourcing) =>
  recorded(world.useCases.defineWarehouse(warehouseId, describeWarehouse(0, sourcing), contextOf(name)));

it('is no source, even preferred by its priority, and the order waits when there is no other', async () => {
  await openShop(world, { BER: { CHAIR: 9 }, PAR: { CHAIR: 2 } });
  await set('BER', 'closed');
  await place(world, 'o1', { CHAIR: 3 });
  await world.settle();
  expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 2 });
  await receive(world, 'BER', 'CHAIR', 5);
  await world.settle();
  expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 2 });
});

it('ships what was reserved before it was closed', async () => {
  await openShop(world, { BER: { CHAIR: 9 } });
  await place(world, 'o1', { CHAIR: 3 });
  await world.settle();
  await set('BER', 'closed');
  expect((await dispatch(world, 'o1', 'BER', { CHAIR: 3 })).kind).toBe('recorded');
});

it('serves those who wait as soon as it is opened', async () => {
  await openShop(world, { BER: { CHAIR: 4 } });
  await set('BER', 'closed');
  for (const orderId of ['o1', 'o2']) await place(world, orderId, { CHAIR: 3 });
  await world.settle();
  expect(await sourcesOf(world.log, 'o1')).toEqual({});
  await set('BER', 'open', 'open again');
  await world.settle();
  expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 3 });
  expect(await sourcesOf(world.log, 'o2')).toEqual({ 'BER.CHAIR': 1 });
});

it('gives nothing new to an order that comes from there alone, until it is opened', async () => {
  await openShop(world, { BER: { CHAIR: 3 }, PAR: { CHAIR: 9 } });
  await place(world, 'o1', { CHAIR: 3 }, { allowSplit: false, preferredWarehouseId: 'BER' });
  await world.settle();
  expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 3 });
  await set('BER', 'closed');
  const fact = { type: 'AdjustStock', warehouseId: 'BER', sku: 'CHAIR', reason: 'damaged' } as const;
  await recorded(world.useCases.changeStock(change(world, 'one broke', { ...fact, delta: -1 })));
  await world.settle();
  await receive(world, 'BER', 'CHAIR', 5);
  await world.settle();
  expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
  await set('BER', 'open', 'open again');
  await world.settle();
  expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 3 });
});
