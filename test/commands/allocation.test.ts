/** How an order gets its goods: planned on exact figures, reserved, recorded, and planned again when that falls through. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Crash, contextOf, openWorld, reservationMs, type World } from '../support/world.ts';
import {
  cancel,
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

describe('a placed order', () => {
  it('is reserved where one warehouse has all of it', async () => {
    await openShop(world, { BER: { CHAIR: 1 }, PAR: { CHAIR: 9, LAMP: 9 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 2 }, { sourcing: 'fewest-shipments' });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 3, 'PAR.LAMP': 2 });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [1, 0], 'PAR.CHAIR': [9, 3], 'PAR.LAMP': [9, 2] });
    expect(await storyOf(world.log, 'o1')).toEqual(['OrderPlaced', 'OrderAllocated']);
  });

  it('looks at the address where it asks for the nearest', async () => {
    await openShop(world, { PAR: { CHAIR: 9 }, BER: { CHAIR: 9 } });
    await world.useCases.defineWarehouse(
      'PAR',
      {
        name: 'Paris',
        countryCode: 'FR',
        postalCode: '75001',
        latitude: 48.9,
        longitude: 2.3,
        timeZone: 'Europe/Paris',
        priority: 0,
        operator: 'own',
      },
      contextOf('move'),
    );
    await place(world, 'o1', { CHAIR: 1 }, { sourcing: 'nearest' });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
  });

  it('is split over two when neither has all of it', async () => {
    await openShop(world, { BER: { CHAIR: 2 }, PAR: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 3 });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2, 'PAR.CHAIR': 1 });
  });

  it('that may not be split comes from one place or waits', async () => {
    await openShop(world, { BER: { CHAIR: 2, LAMP: 9 }, PAR: { CHAIR: 2, LAMP: 0 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 1 }, { allowSplit: false });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({});
    await receive(world, 'BER', 'CHAIR', 1);
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 3, 'BER.LAMP': 1 });
  });

  it('that may not be split gets what lapsed from the same place again', async () => {
    await openShop(world, { BER: { CHAIR: 1, LAMP: 1 }, PAR: { CHAIR: 9, LAMP: 9 } });
    await place(world, 'o1', { CHAIR: 1, LAMP: 1 }, { allowSplit: false });
    await world.settle();
    const reservationId = await firstReservationOf(world.log, 'o1');
    const release = { type: 'ReleaseReservation', warehouseId: 'BER', sku: 'CHAIR', reservationId } as const;
    await recorded(world.useCases.changeStock(change(world, 'by hand', { ...release, reason: 'by hand' })));
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1, 'BER.LAMP': 1 });
    expect(await storyOf(world.log, 'o1')).toContain('OrderAllocationLapsed');
  });

  it('that gets a part waits for the rest; goods that come serve the oldest first', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    for (const [orderId, CHAIR] of [['o1', 3] as const, ['o2', 2] as const, ['o3', 1] as const]) {
      await place(world, orderId, { CHAIR });
    }
    await world.settle();
    const reserved = async (): Promise<unknown> =>
      Promise.all(['o1', 'o2', 'o3'].map(async (id) => (await sourcesOf(world.log, id))['BER.CHAIR']));
    expect(await reserved()).toEqual([2, undefined, undefined]);
    expect(await storyOf(world.log, 'o3')).toEqual(['OrderPlaced', 'OrderBackordered']);
    await receive(world, 'BER', 'CHAIR', 2);
    await world.settle();
    expect(await reserved()).toEqual([3, 1, undefined]);
    world.clock.pass(1);
    await receive(world, 'BER', 'CHAIR', 2);
    await world.settle();
    expect(await reserved()).toEqual([3, 2, 1]);
  });

  it('that may not wait is cancelled, and what was reserved for it is let go', async () => {
    await openShop(world, { BER: { CHAIR: 2, LAMP: 9 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 1 }, { allowBackorder: false });
    await world.settle();
    const cancelled = (await world.log.events()).find(({ type }) => type === 'OrderCancelled');
    expect(cancelled?.data).toMatchObject({ reason: 'insufficient_stock' });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [2, 0], 'BER.LAMP': [9, 0] });
  });

  it('that lost a race for a part of it, and may not wait, keeps nothing', async () => {
    await openShop(world, { BER: { CHAIR: 1, LAMP: 1 } });
    // Both are planned on the same figures, and each gets what the other one lacks.
    await place(world, 'o1', { CHAIR: 1, LAMP: 1 }, { allowBackorder: false });
    await place(world, 'o2', { LAMP: 1, CHAIR: 1 }, { allowBackorder: false });
    await world.settle();
    const phases = (await world.log.orders()).map(({ phase }) => phase);
    expect(phases.filter((phase) => phase === 'open').length).toBeLessThanOrEqual(1);
    const reserved = Object.values(await figuresOf(world.log)).map(([, pieces]) => pieces);
    expect(reserved).toEqual(phases.includes('open') ? [1, 1] : [0, 0]);
  });
});

describe('a customer who cancels', () => {
  it('gets everything released once it was recorded', async () => {
    await openShop(world, { BER: { CHAIR: 5 } });
    await place(world, 'o1', { CHAIR: 3 });
    await world.settle();
    await recorded(cancel(world, 'o1'));
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 0] });
  });

  it('between the reservation and its record leaves nothing behind', async () => {
    await openShop(world, { BER: { CHAIR: 5 } });
    await place(world, 'o1', { CHAIR: 3 });
    // The process reserves and dies; the cancellation is the first thing that happens after it.
    world.restart({ append: 1, when: 'after' });
    const asked = (await world.log.events()).filter(({ type }) => type === 'OrderPlaced');
    await expect(world.useCases.reactions.handle(asked)).rejects.toThrow(Crash);
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 3] });
    world.restart();
    await recorded(cancel(world, 'o1'));
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 0] });
  });

  it('while it was served from an arrival leaves nothing behind either', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 3 });
    await world.settle();
    await receive(world, 'BER', 'CHAIR', 5);
    const asked = (await world.log.events()).filter(({ type }) => type === 'StockReceived');
    world.restart({ append: 1, when: 'after' });
    await expect(world.useCases.reactions.handle(asked)).rejects.toThrow(Crash);
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 3] });
    world.restart();
    await recorded(cancel(world, 'o1'));
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 0] });
  });
});

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

  it('though their reservation was gone are an exception that a person looks at, once', async () => {
    await openShop(world, { BER: { CHAIR: 4 } });
    await place(world, 'o1', { CHAIR: 3 });
    await world.settle();
    const reservationId = await firstReservationOf(world.log, 'o1');
    const release = { type: 'ReleaseReservation', warehouseId: 'BER', sku: 'CHAIR', reservationId } as const;
    await recorded(world.useCases.changeStock(change(world, 'by hand', { ...release, reason: 'by hand' })));
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 3 }));
    await world.settle({ twice: true });
    const raised = (await world.log.events()).filter(({ type }) => type === 'OrderExceptionRaised');
    expect(raised.map(({ data }) => data)).toMatchObject([{ orderId: 'o1', code: 'RESERVATION_NOT_FOUND' }]);
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [4, 0] });
  });

  it('are no exception when the dispatch is only handed over again, long after it was done', async () => {
    await openShop(world, { BER: { CHAIR: 1_000 } });
    await place(world, 'o1', { CHAIR: 3 });
    await world.settle();
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 3 }));
    await world.settle();
    const asked = (await world.log.events()).filter(({ type }) => type === 'OrderShipmentDispatched');
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
