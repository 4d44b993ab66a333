/** Lines that were changed, and what follows for the order and for those that wait beside it. */
import { expect, it, onTestFinished } from 'vitest';
import { contextOf, openWorld, type World } from '../support/world.ts';
import { announce, openShop, orderOf, place, receive, recorded } from './arrange.ts';

/** The read models fold nothing: what is found, the policies have learnt from the events. */
const open = async (stock: Parameters<typeof openShop>[1]): Promise<World> => {
  const world = await openWorld({ foldsNothing: true });
  onTestFinished(() => world.close());
  await openShop(world, stock);
  return world;
};
const change = (world: World, orderId: string, quantity: number) =>
  recorded(
    world.useCases.correctOrder(
      orderId,
      { lines: [{ lineId: 'CHAIR', quantity }] },
      contextOf(`change ${orderId} to ${quantity}`),
    ),
  );
const fillsOf = async (world: World, orderId: string) =>
  (await orderOf(world.log, orderId)).fills?.map(({ quantity }) => quantity);

it('a line that grew gets the goods that come, and those on their way are promised to it', async () => {
  const world = await open({ BER: { CHAIR: 3 } });
  await place(world, 'o1', { CHAIR: 3 });
  await world.settle();
  await change(world, 'o1', 5);
  await world.settle();
  await recorded(announce(world, 'in1', { CHAIR: 9 }));
  await world.settle();
  expect(await fillsOf(world, 'o1')).toEqual([2]);
  await recorded(receive(world, 'BER', 'CHAIR', 2));
  await world.settle();
  const { allocations, fills } = await orderOf(world.log, 'o1');
  expect(allocations.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(5);
  // Nothing on its way is for a line that lacks nothing.
  expect(fills).toEqual([]);
});

it('a line that shrinks leaves what was promised to it to the next', async () => {
  const world = await open({ BER: { CHAIR: 0 } });
  await place(world, 'o1', { CHAIR: 3 });
  world.clock.pass(1);
  await place(world, 'o2', { CHAIR: 3 });
  await world.settle();
  await recorded(announce(world, 'in1', { CHAIR: 4 }));
  await world.settle();
  await change(world, 'o1', 1);
  await world.settle();
  expect([await fillsOf(world, 'o1'), await fillsOf(world, 'o2')]).toEqual([[1], [3]]);
});
