/** The policies may run in another process than the one that answers clients: what they know may be out of date. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Crash, contextOf, openWorld, type Process, reservationMs, type World } from '../support/world.ts';
import { change, firstReservationOf, openShop, place, recorded, sourcesOf } from './arrange.ts';
import { faultsOf } from './ledgerFaults.ts';

let world: World;
let api: Process;
beforeEach(async () => {
  world = await openWorld();
  api = world.newProcess();
});
afterEach(async () => {
  expect(await faultsOf(world.log)).toEqual([]);
  await world.close();
});

const receiveAt = (warehouseId: string, quantity: number) =>
  recorded(
    api.changeStock(change(world, `at ${warehouseId}`, { type: 'ReceiveStock', warehouseId, sku: 'CHAIR', quantity })),
  );

const eventsOf = async (wanted: string) => (await world.log.events()).filter(({ type }) => type === wanted);

describe('policies that run beside another process', () => {
  it('serve those who wait with what the other one received', async () => {
    await openShop(world, { BER: { CHAIR: 1 }, PAR: { CHAIR: 1 } });
    await place(world, 'o1', { CHAIR: 4 });
    await world.settle();
    await receiveAt('BER', 1);
    await receiveAt('PAR', 1);
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2, 'PAR.CHAIR': 2 });
  });

  it('ask the store about the stocks that an order lacks, and not about those that it has', async () => {
    const others = Array.from({ length: 30 }, (_, index) => `LAMP-${index}`);
    const oneEach = Object.fromEntries(others.map((sku) => [sku, 1]));
    await openShop(world, { BER: { CHAIR: 1, ...oneEach } });
    await place(world, 'o1', { CHAIR: 4, ...oneEach });
    await world.settle();
    await receiveAt('BER', 1);
    const reads = vi.spyOn(world.store, 'readStream');
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toMatchObject({ 'BER.CHAIR': 2 });
    expect(new Set(reads.mock.calls.map(([stream]) => stream))).toEqual(new Set(['order-o1', 'stock-BER.CHAIR']));
  });

  it('lapse what the other one let expire, though they remember it as open (B4)', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    world.clock.pass(reservationMs);
    expect(await api.expireReservations()).toBe(1);
    await world.settle();
    expect(await eventsOf('OrderAllocationLapsed')).toHaveLength(1);
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
  });

  it('plan an order again that looks complete to them, when the other one had begun to', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    world.clock.pass(reservationMs);
    // The other one is on its way to take the policies over: it records the lapse, and dies before the new plan.
    await api.expireReservations();
    const expired = await eventsOf('StockReservationExpired');
    const dying = world.newProcess({ append: 1, when: 'after' });
    await expect(dying.reactions.handle(expired)).rejects.toThrow(Crash);
    await world.useCases.reactions.handle(await eventsOf('OrderAllocationLapsed'));
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
  });

  it('leave a reservation alone that the other one recorded', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 2 });
    // They know the order as it was placed, and are handed the reservation only.
    await world.useCases.load.order('order-o1');
    await api.reactions.handle(await eventsOf('OrderPlaced'));
    await world.useCases.reactions.handle(await eventsOf('StockReserved'));
    await world.settle();
    expect(await eventsOf('StockReservationReleased')).toEqual([]);
  });

  it('leave a reservation alone that a person made for an order by hand', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 1 });
    await world.settle();
    const byHand = { type: 'ReserveStock', warehouseId: 'BER', sku: 'CHAIR', quantity: 1, orderId: 'o2' } as const;
    const expiresAt = new Date(Date.parse(world.clock.now()) + reservationMs).toISOString();
    await recorded(api.changeStock(change(world, 'r', { ...byHand, reservationId: 'by hand', expiresAt })));
    await world.settle();
    expect((await world.log.openReservations()).map(({ reservationId }) => reservationId)).toContain('by hand');
  });

  it('find all of an order that must come from one place, though another place has a part of it (1)', async () => {
    await openShop(world, { BER: { CHAIR: 1 }, PAR: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 2 }, { allowSplit: false });
    await world.settle();
    await receiveAt('PAR', 2);
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 2 });
  });

  it('lapse what is gone of an order that they know as it was before the other one planned it (1)', async () => {
    await openShop(world, { BER: { CHAIR: 2 }, PAR: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.useCases.load.order('order-o1');
    await api.reactions.handle(await eventsOf('OrderPlaced'));
    const reservationId = await firstReservationOf(world.log, 'o1');
    const target = { warehouseId: 'BER', sku: 'CHAIR', reservationId };
    const release = { type: 'ReleaseReservation', ...target, reason: 'by hand' } as const;
    await recorded(api.changeStock(change(world, 'release', release)));
    await world.useCases.reactions.handle(await eventsOf('StockReservationReleased'));
    expect(await eventsOf('OrderAllocationLapsed')).toHaveLength(1);
    await world.settle();
  });

  it('keep what the other one has got for an order that they know as waiting (1)', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    await receiveAt('BER', 2);
    await api.reactions.handle(await eventsOf('StockReceived'));
    await world.useCases.reactions.handle(await eventsOf('StockReserved'));
    expect(await eventsOf('StockReservationReleased')).toEqual([]);
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
  });

  it('go by an item as the other one has changed it (1)', async () => {
    await openShop(world, { BER: { CHAIR: 1 } });
    const chair = { name: 'Chair', attributes: {}, boxes: [], backorderAllowed: true };
    await recorded(world.useCases.defineItem('CHAIR', chair, contextOf('define')));
    await recorded(api.defineItem('CHAIR', { ...chair, backorderAllowed: false }, contextOf('define again')));
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    expect(await eventsOf('OrderCancelled')).toHaveLength(1);
  });

  it('lapse nothing of an order whose reservation was given back and taken again', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    const reservationId = await firstReservationOf(world.log, 'o1');
    const target = { warehouseId: 'BER', sku: 'CHAIR', reservationId };
    const expiresAt = new Date(Date.parse(world.clock.now()) + reservationMs).toISOString();
    const release = { type: 'ReleaseReservation', ...target, reason: 'not_needed' } as const;
    const reserve = {
      type: 'ReserveStock',
      ...target,
      quantity: 2,
      expiresAt,
      orderId: 'o1',
      lineId: 'CHAIR',
    } as const;
    await recorded(api.changeStock(change(world, 'release', release)));
    await recorded(api.changeStock(change(world, 'reserve', reserve)));
    await world.settle();
    expect(await eventsOf('OrderAllocationLapsed')).toEqual([]);
  });
});
