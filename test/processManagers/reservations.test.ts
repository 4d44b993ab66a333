/** What becomes of a reservation once it is made: goods leave against it, or it runs out, or it is asked for again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { Crash, contextOf, openWorld, reservationMs, type World } from '../support/world.ts';
import {
  change,
  dispatch,
  figuresOf,
  firstReservationOf,
  openShop,
  place,
  receive,
  recorded,
  sourcesOf,
  storyOf,
} from './arrange.ts';
import { faultsOf } from './ledgerFaults.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => {
  expect(await faultsOf(world.log)).toEqual([]);
  await world.close();
});

const eventsOf = async (wanted: string): Promise<readonly RecordedEvent[]> =>
  (await world.log.events()).filter(({ type }) => type === wanted);

describe('goods that leave', () => {
  it('are taken off exactly the reservations that the shipment names, and the order hears of their arrival', async () => {
    await openShop(world, { BER: { CHAIR: 4 }, PAR: { CHAIR: 4 } });
    await place(world, 'o1', { CHAIR: 6 });
    await place(world, 'o2', { CHAIR: 2 });
    await world.settle();
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 3 }));
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [1, 1], 'PAR.CHAIR': [4, 4] });
    const open = await world.log.openReservations();
    expect(open.map(({ orderId, warehouseId, quantity }) => [orderId, warehouseId, quantity]).sort()).toEqual([
      ['o1', 'BER', 1],
      ['o1', 'PAR', 2],
      ['o2', 'PAR', 2],
    ]);
    const report = { status: 'delivered', reportedAt: world.clock.now() } as const;
    await recorded(world.useCases.trackParcel('o1-from-BER', report, contextOf('arrived')));
    await world.settle();
    expect((await storyOf(world.log, 'o1')).at(-1)).toBe('OrderShipmentDelivered');
  });

  it('though their reservation was gone are booked out, once (T28)', async () => {
    await openShop(world, { BER: { CHAIR: 4 } });
    await place(world, 'o1', { CHAIR: 3 });
    await world.settle();
    const reservationId = await firstReservationOf(world.log, 'o1');
    const release = { type: 'ReleaseReservation', warehouseId: 'BER', sku: 'CHAIR', reservationId } as const;
    await recorded(world.useCases.changeStock(change(world, 'by hand', { ...release, reason: 'by hand' })));
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 3 }));
    await world.settle({ twice: true });
    expect(await eventsOf('StockDeparted')).toMatchObject([{ data: { orderId: 'o1', reservationId, quantity: 3 } }]);
    expect(await eventsOf('OrderExceptionRaised')).toEqual([]);
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [1, 0] });
  });

  it('are no exception when the dispatch is only handed over again, long after it was done', async () => {
    await openShop(world, { BER: { CHAIR: 1_000 } });
    await place(world, 'o1', { CHAIR: 3 });
    await world.settle();
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 3 }));
    await world.settle();
    const asked = await eventsOf('OrderShipmentDispatched');
    // More commands than are remembered with the state of a stream.
    const adjust = { type: 'AdjustStock', warehouseId: 'BER', sku: 'CHAIR', delta: 1, reason: 'found' } as const;
    await world.useCases.changeStocks(
      Array.from({ length: 300 }, (_, index) => change(world, `adjust ${index}`, adjust)),
    );
    const before = (await world.log.events()).length;
    world.restart();
    await world.useCases.reactions.handle(asked);
    expect((await world.log.events()).slice(before)).toEqual([]);
  });
});

describe('a reservation past its time', () => {
  it('is ended by an event, its order is planned again, and what is shipped of it stays (B4)', async () => {
    await openShop(world, { BER: { CHAIR: 5 } });
    await place(world, 'o1', { CHAIR: 4 });
    await world.settle();
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 1 }));
    await world.settle();
    world.clock.pass(reservationMs - 1);
    expect(await world.useCases.expireReservations()).toBe(0);
    world.clock.pass(1);
    expect(await world.useCases.expireReservations()).toBe(1);
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [4, 0] });
    await world.settle();
    expect(await storyOf(world.log, 'o1')).toEqual([
      'OrderPlaced',
      'OrderAllocated',
      'OrderShipmentDispatched',
      'OrderAllocationLapsed',
      'OrderAllocated',
    ]);
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [4, 3] });
  });

  it('is offered to those who wait', async () => {
    await openShop(world, { BER: { CHAIR: 5 } });
    const reserve = { type: 'ReserveStock', warehouseId: 'BER', sku: 'CHAIR', quantity: 5 } as const;
    const expiresAt = new Date(Date.parse(world.clock.now()) + 1_000).toISOString();
    await recorded(world.useCases.changeStock(change(world, 'r', { ...reserve, reservationId: 'r', expiresAt })));
    await place(world, 'o1', { CHAIR: 4 });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({});
    world.clock.pass(1_000);
    await world.useCases.expireReservations();
    expect(await world.useCases.expireReservations()).toBe(0);
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 4 });
  });
});

describe('an order that is handed over again, long after it was first looked at', () => {
  it('gets what came meanwhile beside what it has, and nothing of that twice', async () => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await place(world, 'o1', { CHAIR: 5 });
    await world.settle();
    await receive(world, 'BER', 'CHAIR', 2);
    await world.useCases.reactions.handle(await eventsOf('OrderPlaced'));
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 5 });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 5] });
  });

  it('gets it also when what it had has left the building', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 4 });
    await world.settle();
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 2 }));
    await world.settle();
    await receive(world, 'BER', 'CHAIR', 2);
    await world.useCases.reactions.handle(await eventsOf('OrderPlaced'));
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 4 });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [2, 2] });
  });

  it('counts what is reserved for it anew, though it counted the same once before', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    world.clock.pass(reservationMs);
    await world.useCases.expireReservations();
    // The lapse is recorded, and the process dies before the new plan.
    world.restart({ append: 1, when: 'after' });
    await expect(world.useCases.reactions.handle(await eventsOf('StockReservationExpired'))).rejects.toThrow(Crash);
    world.restart();
    await world.useCases.reactions.handle(await eventsOf('OrderPlaced'));
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
    expect(await eventsOf('OrderAllocated')).toHaveLength(2);
  });
});
