/** What waits names the goods on their way that will fill it, and moves when these do (T2, B10). */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OrderFillPromised } from '../../src/domain/order/fillEvents.ts';
import { contextOf, openWorld, type World } from '../support/world.ts';
import { announce, cancel, openShop, orderOf, place, receive, receiveInbound, recorded } from './arrange.ts';

const [march8, march15] = ['2026-03-08T09:00:00.000Z', '2026-03-15T09:00:00.000Z'];

const openHouse = async (chairs = 0): Promise<World> => {
  const world = await openWorld();
  onTestFinished(() => world.close());
  await openShop(world, { BER: { CHAIR: chairs } });
  return world;
};
const placeInTurn = async (world: World, ...orders: readonly (readonly [string, number])[]): Promise<void> => {
  for (const [orderId, CHAIR] of orders) {
    world.clock.pass(1);
    await place(world, orderId, { CHAIR });
  }
  await world.settle();
};
/** Pieces, and the inbound shipment they are from. */
const fillsOf = async (world: World, orderId: string) =>
  ((await orderOf(world.log, orderId)).fills ?? []).map(({ quantity, inboundId }) => [quantity, inboundId]);
const toldOf = async (world: World, orderId: string) =>
  (await world.log.events()).filter(
    ({ type, data }) => type === 'OrderFillPromised' && (data as OrderFillPromised['data']).orderId === orderId,
  );
const slip = async (world: World, inboundId: string, expectedAt: string): Promise<void> => {
  await recorded(world.useCases.changeInbound(inboundId, { expectedAt, lines: [] }, contextOf(`slip ${inboundId}`)));
  await world.settle();
};

describe('a backorder', () => {
  it('names the line that will fill it, the oldest order the earliest line', async () => {
    const world = await openHouse();
    await placeInTurn(world, ['o1', 3], ['o2', 4]);
    await recorded(announce(world, 'in1', { CHAIR: 5 }));
    await world.settle();
    expect(await fillsOf(world, 'o1')).toEqual([[3, 'in1']]);
    expect(await fillsOf(world, 'o2')).toEqual([[2, 'in1']]);
    await recorded(announce(world, 'in2', { CHAIR: 5 }));
    await world.settle();
    expect(await fillsOf(world, 'o2')).toEqual([
      [2, 'in1'],
      [2, 'in2'],
    ]);
    expect((await orderOf(world.log, 'o1')).fills?.[0]).toEqual({
      lineId: 'CHAIR',
      sku: 'CHAIR',
      quantity: 3,
      warehouseId: 'BER',
      inboundId: 'in1',
      inboundLineId: 'CHAIR',
      expectedAt: march8,
    });
  });

  it('names it when it comes to wait after the line was announced', async () => {
    const world = await openHouse(1);
    await recorded(announce(world, 'in1', { CHAIR: 5 }));
    await world.settle();
    await placeInTurn(world, ['o1', 3]);
    expect(await fillsOf(world, 'o1')).toEqual([[2, 'in1']]);
    expect((await toldOf(world, 'o1')).map(({ data }) => (data as OrderFillPromised['data']).because)).toEqual([
      'order_waits',
    ]);
  });

  it('moves when the line slips, by an event that names its cause', async () => {
    const world = await openHouse();
    await placeInTurn(world, ['o1', 3]);
    await recorded(announce(world, 'in1', { CHAIR: 5 }));
    await world.settle();
    await slip(world, 'in1', march15);
    const told = await toldOf(world, 'o1');
    const promises = told.map(({ data }) => data as OrderFillPromised['data']);
    expect(promises.map(({ fills, because }) => [fills[0]?.expectedAt, because])).toEqual([
      [march8, 'inbound_changed'],
      [march15, 'inbound_changed'],
    ]);
    const causes = new Map((await world.log.events()).map((event) => [event.id, event]));
    expect(causes.get(told.at(-1)?.metadata.$causationId ?? '')).toMatchObject({
      type: 'StockExpected',
      data: { inboundId: 'in1', inboundRevision: 1, expectedAt: march15 },
    });
  });

  it('gets the place of an older one that is cancelled, or filled from elsewhere', async () => {
    const world = await openHouse();
    await placeInTurn(world, ['o1', 4], ['o2', 4], ['o3', 4]);
    await recorded(announce(world, 'in1', { CHAIR: 6 }));
    await world.settle();
    expect(await fillsOf(world, 'o3')).toEqual([]);
    await recorded(cancel(world, 'o1'));
    await world.settle();
    expect(await fillsOf(world, 'o2')).toEqual([[4, 'in1']]);
    expect(await fillsOf(world, 'o3')).toEqual([[2, 'in1']]);
    await receive(world, 'BER', 'CHAIR', 4);
    await world.settle();
    expect(await fillsOf(world, 'o3')).toEqual([[4, 'in1']]);
  });

  it('names nothing any more when the line is cancelled', async () => {
    const world = await openHouse();
    await placeInTurn(world, ['o1', 4]);
    await recorded(announce(world, 'in1', { CHAIR: 6 }));
    await world.settle();
    await recorded(world.useCases.cancelInbound('in1', 'bankrupt', contextOf('cancel in1')));
    await world.settle();
    expect(await fillsOf(world, 'o1')).toEqual([]);
  });

  it('is filled when the goods come, and those behind it are told what is left', async () => {
    const world = await openHouse();
    await placeInTurn(world, ['o1', 3], ['o2', 3]);
    await recorded(announce(world, 'in1', { CHAIR: 5 }));
    await world.settle();
    await recorded(receiveInbound(world, 'in1', { CHAIR: 3 }));
    await world.settle();
    expect((await orderOf(world.log, 'o1')).allocations).toMatchObject([{ quantity: 3 }]);
    expect(await fillsOf(world, 'o2')).toEqual([[2, 'in1']]);
  });

  it('on hold is promised nothing, until it is released', async () => {
    const world = await openHouse();
    await placeInTurn(world, ['o1', 3], ['o2', 3]);
    await recorded(announce(world, 'in1', { CHAIR: 3 }));
    await world.settle();
    const status = (type: 'HoldOrder' | 'ReleaseOrder') =>
      recorded(world.useCases.changeOrder('o1', { type, reason: 'asked' }, contextOf(type)));
    await status('HoldOrder');
    await world.settle();
    expect([await fillsOf(world, 'o1'), await fillsOf(world, 'o2')]).toEqual([[], [[3, 'in1']]]);
    await status('ReleaseOrder');
    await world.settle();
    expect([await fillsOf(world, 'o1'), await fillsOf(world, 'o2')]).toEqual([[[3, 'in1']], []]);
  });

  it('is not promised what the safety stock takes', async () => {
    const world = await openHouse();
    const policy = { type: 'SetStockPolicy', warehouseId: 'BER', sku: 'CHAIR', safetyStock: 4 } as const;
    await recorded(
      world.useCases.changeStock({
        command: { ...policy, occurredAt: world.clock.now() },
        context: contextOf('policy'),
      }),
    );
    await placeInTurn(world, ['o1', 3]);
    await recorded(announce(world, 'in1', { CHAIR: 5 }));
    await world.settle();
    expect(await fillsOf(world, 'o1')).toEqual([[1, 'in1']]);
  });
});
