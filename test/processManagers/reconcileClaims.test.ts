/**
 * The second lock (B4): what a missed reaction leaves behind is found, published and mended. Each fault is planted by
 * commands whose events the policies pass without doing anything.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemActor } from '../../src/commands/handlers.ts';
import { stockStream } from '../../src/domain/values.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { createRecentClaims } from '../../src/processManagers/claims.ts';
import { openLog, startServer } from '../support/eventStoreLog.ts';
import { Crash, contextOf, openWorld, reservationMs, type World } from '../support/world.ts';
import {
  cancel,
  change,
  dispatch,
  figuresOf,
  firstReservationOf,
  noDrift,
  openShop,
  place,
  receive,
  recorded,
  sourcesOf,
  storyOf,
  voidShipment,
} from './arrange.ts';
import { faultsOf } from './ledgerFaults.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const reserveFor = (orderId: string, by: 'a policy' | 'a person') => {
  const expiresAt = new Date(Date.parse(world.clock.now()) + reservationMs).toISOString();
  const claim = { warehouseId: 'BER', sku: 'CHAIR', reservationId: `by ${by}`, quantity: 1, expiresAt, orderId };
  const reserve = change(world, `reserve ${orderId}`, { type: 'ReserveStock', ...claim, lineId: 'CHAIR' });
  const actor = by === 'a policy' ? { actor: systemActor } : {};
  return recorded(world.useCases.changeStock({ ...reserve, context: contextOf(`reserve ${orderId}`, actor) }));
};

const letGo = (reservationId: string) => {
  const release = { type: 'ReleaseReservation', warehouseId: 'BER', sku: 'CHAIR', reservationId } as const;
  return recorded(world.useCases.changeStock(change(world, 'let go', { ...release, reason: 'changed mind' })));
};

/** Looks, lets the policies do what follows, and finds all well afterwards. */
const lookAndSettle = async () => {
  const drift = await world.useCases.reconcileClaims();
  expect(Object.fromEntries(world.drift)).toEqual(drift);
  await world.settle();
  expect(await faultsOf(world.log)).toEqual([]);
  expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
  return drift;
};

describe('the reconciler of claims', () => {
  it('serves an order that waits beside free stock', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    await receive(world, 'BER', 'CHAIR', 2);
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...noDrift, waiting_beside_stock: 1 });
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
  });

  it('serves an order that must come from one place beside all that it needs', async () => {
    await openShop(world, { BER: { CHAIR: 1, LAMP: 2 }, PAR: { CHAIR: 9 } });
    await place(world, 'o1', { CHAIR: 2, LAMP: 2 }, { allowSplit: false });
    await world.settle();
    await receive(world, 'BER', 'CHAIR', 1);
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...noDrift, waiting_beside_stock: 1 });
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2, 'BER.LAMP': 2 });
  });

  it('plans an order that was never looked at', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...noDrift, waiting_beside_stock: 1 });
    expect(await storyOf(world.log, 'o1')).toEqual(['OrderPlaced', 'OrderBackordered']);
  });

  it('finds another source for an order that counts on a reservation that is gone', async () => {
    await openShop(world, { BER: { CHAIR: 2 }, PAR: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    await letGo(await firstReservationOf(world.log, 'o1'));
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...noDrift, lost_reservation: 1 });
    expect(await storyOf(world.log, 'o1')).toContain('OrderAllocationLapsed');
  });

  it.each(['o1', 'an order that never came'])(
    'lets go of what a policy reserved for %s, and it does not count',
    async (orderId) => {
      await openShop(world, { BER: { CHAIR: 3 } });
      await place(world, 'o1', { CHAIR: 2 });
      await world.settle();
      await reserveFor(orderId, 'a policy');
      await world.miss();
      expect(await lookAndSettle()).toEqual({ ...noDrift, uncounted_reservation: 1 });
      expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [3, 2] });
    },
  );

  it('lets go of what a cancelled order had', async () => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    await cancel(world, 'o1');
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...noDrift, uncounted_reservation: 1 });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [3, 0] });
  });

  it('looks first at what the policies have handled lately, wherever its page is', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    vi.spyOn(world.log, 'orders').mockResolvedValue([]);
    await receive(world, 'BER', 'CHAIR', 2);
    await world.miss();
    expect(await world.useCases.reconcileClaims()).toEqual({ ...noDrift, waiting_beside_stock: 1 });
  });
});

describe('the reconciler of claims, where goods left and the stock still holds them,', () => {
  const stockStory = async (): Promise<readonly string[]> =>
    (await world.store.readStream(stockStream('BER', 'CHAIR'), 0, 100)).map(({ type }) => type);

  const eventOf = async (wanted: string): Promise<RecordedEvent> => {
    const event = (await world.log.events()).find(({ type }) => type === wanted);
    if (event === undefined) throw new Error(`there is no ${wanted}`);
    return event;
  };

  /** So the policies handle it, and have nothing to book out. */
  const dispatchWithoutLines = async (): Promise<RecordedEvent> => {
    const dispatched = await eventOf('OrderShipmentDispatched');
    return { ...dispatched, data: { ...dispatched.data, lines: [] } };
  };

  /** Three chairs, of which two are an order's. */
  const openWithOrder = async (): Promise<void> => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
  };

  it('books them out, and a reaction that comes late finds it done', async () => {
    await openWithOrder();
    await dispatch(world, 'o1', 'BER', { CHAIR: 2 });
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...noDrift, unbooked_departure: 1 });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [1, 0] });
    world.restart();
    await world.redeliver();
    expect(await stockStory()).toEqual(['StockRegistered', 'StockReserved', 'StockShipped']);
  });

  it('books out the second of two shipments from one reservation, and not the first once more', async () => {
    await openWithOrder();
    await dispatch(world, 'o1', 'BER', { CHAIR: 1 });
    await world.settle();
    expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    const rest = { shipmentId: 'the rest', warehouseId: 'BER', lines: [{ lineId: 'CHAIR', quantity: 1 }] };
    const parcels = [{ parcelId: 'p1', boxes: [] }];
    await recorded(world.useCases.dispatchShipment('o1', { ...rest, parcels }, contextOf('dispatch the rest')));
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...noDrift, unbooked_departure: 1 });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [1, 0] });
  });

  it('books them out although the shipment was voided and booked back since', async () => {
    await openWithOrder();
    await dispatch(world, 'o1', 'BER', { CHAIR: 2 });
    await world.miss();
    await world.useCases.reactions.handle([await dispatchWithoutLines()]);
    await recorded(voidShipment(world, 'o1', 'BER'));
    await world.settle();
    expect(await figuresOf(world.log)).toMatchObject({ 'BER.CHAIR': [5, expect.any(Number)] });
    expect(await lookAndSettle()).toMatchObject({ unbooked_departure: 1 });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [3, 2] });
  });

  it.each(['before', 'after'] as const)('books them out once where it dies %s the append', async (when) => {
    await openWithOrder();
    await dispatch(world, 'o1', 'BER', { CHAIR: 2 });
    await world.miss();
    world.restart({ append: 1, when });
    await expect(world.useCases.reconcileClaims()).rejects.toThrow(Crash);
    world.restart();
    expect(await lookAndSettle()).toEqual({ ...noDrift, unbooked_departure: when === 'before' ? 1 : 0 });
    expect(await stockStory()).toEqual(['StockRegistered', 'StockReserved', 'StockShipped']);
  });

  it('sees it though another process has recorded the dispatch, and this one the order before', async () => {
    await openWithOrder();
    await dispatch({ ...world, useCases: world.newProcess() }, 'o1', 'BER', { CHAIR: 2 });
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...noDrift, unbooked_departure: 1 });
  });

  it('sees it at the next look where its own policies have handled the dispatch, wherever its page is', async () => {
    await openWithOrder();
    await dispatch({ ...world, useCases: world.newProcess() }, 'o1', 'BER', { CHAIR: 2 });
    await world.miss();
    const reserved = await eventOf('StockReserved');
    await world.useCases.reactions.handle([reserved, await dispatchWithoutLines()]);
    vi.spyOn(world.log, 'openReservations').mockResolvedValue([]);
    expect(await world.useCases.reconcileClaims()).toEqual({ ...noDrift, unbooked_departure: 1 });
  });
});

describe('the reconciler of claims on an EventStoreDB', () => {
  it('books out once what left and the stock still holds, by whichever of two processes', async () => {
    const server = await startServer();
    const { log } = openLog(server.url);
    const shared = await openWorld({ engine: async () => ({ store: log, close: async () => undefined }) });
    await openShop(shared, { BER: { CHAIR: 3 } });
    await place(shared, 'o1', { CHAIR: 2 });
    await shared.settle();
    await dispatch({ ...shared, useCases: shared.newProcess() }, 'o1', 'BER', { CHAIR: 2 });
    await shared.miss();
    expect(await shared.useCases.reconcileClaims()).toEqual({ ...noDrift, unbooked_departure: 1 });
    shared.restart();
    await shared.redeliver();
    expect(await figuresOf(shared.log)).toEqual({ 'BER.CHAIR': [1, 0] });
    expect(await faultsOf(shared.log)).toEqual([]);
  });
});

describe('the reconciler of claims changes nothing', () => {
  const looksInVain = async (): Promise<void> => {
    const append = vi.spyOn(world.store, 'append');
    for (let looks = 0; looks < 3; looks += 1) expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    expect(append).not.toHaveBeenCalled();
  };

  it('at rest, with orders that ship, wait and were cancelled', async () => {
    await openShop(world, { BER: { CHAIR: 5, LAMP: 0 }, PAR: { CHAIR: 1 } });
    await place(world, 'allocated', { CHAIR: 2 });
    await place(world, 'waits', { CHAIR: 1, LAMP: 3 });
    await place(world, 'cancelled', { CHAIR: 2 });
    await world.settle();
    await cancel(world, 'cancelled');
    await world.settle();
    await looksInVain();
  });

  it('of a reservation that a person made for an order that is still to come', async () => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await reserveFor('to come', 'a person');
    await world.settle();
    await looksInVain();
  });

  it('of an order that must come from one place, beside less than it needs', async () => {
    await openShop(world, { BER: { CHAIR: 1 }, PAR: { CHAIR: 1 } });
    await place(world, 'o1', { CHAIR: 2 }, { allowSplit: false });
    await world.settle();
    await looksInVain();
  });

  it('of an order that has got what it was seen beside, and waits beside what came since', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 99 });
    await world.settle();
    let came = 1;
    await receive(world, 'BER', 'CHAIR', came);
    world.meanwhile(async () => {
      await world.settle();
      came += 1;
      await receive(world, 'BER', 'CHAIR', came);
    });
    for (let looks = 0; looks < 3; looks += 1) expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
  });

  it('of an order that must come from one place, where enough has come since it was seen', async () => {
    await openShop(world, { BER: { CHAIR: 1 } });
    await place(world, 'o1', { CHAIR: 2 }, { allowSplit: false });
    await world.settle();
    world.meanwhile(() => receive(world, 'BER', 'CHAIR', 1));
    expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    expect(await sourcesOf(world.log, 'o1')).toEqual({});
  });

  it('of an order that must come from one place, where the rest has come since it was seen', async () => {
    await openShop(world, { BER: { CHAIR: 0, LAMP: 5 } });
    await place(world, 'o1', { LAMP: 1, CHAIR: 1 }, { allowSplit: false });
    await world.settle();
    world.meanwhile(() => receive(world, 'BER', 'CHAIR', 1));
    expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    expect(await sourcesOf(world.log, 'o1')).toEqual({});
  });

  it('of what the policies have not come to yet', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    await letGo(await firstReservationOf(world.log, 'o1'));
    await reserveFor('o1', 'a policy');
    await looksInVain();
    expect((await world.store.readStream(stockStream('BER', 'CHAIR'), 0, 10)).map(({ type }) => type)).toEqual([
      'StockRegistered',
      'StockReserved',
      'StockReservationReleased',
      'StockReserved',
    ]);
  });

  it.each(['have not come to it', 'come to it meanwhile'])('of goods that left, where the policies %s', async (how) => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    await dispatch(world, 'o1', 'BER', { CHAIR: 2 });
    if (how === 'come to it meanwhile') world.meanwhile(() => world.settle());
    expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [1, 0] });
    await looksInVain();
  });
});

describe('what the policies have handled lately', () => {
  it('holds each reservation that goods of a dispatch came from', async () => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    const reservationId = await firstReservationOf(world.log, 'o1');
    await dispatch(world, 'o1', 'BER', { CHAIR: 2 });
    const recent = createRecentClaims();
    recent.note((await world.log.events()).filter(({ type }) => type === 'OrderShipmentDispatched'));
    expect(recent.take().claims).toEqual([{ orderId: 'o1', warehouseId: 'BER', sku: 'CHAIR', reservationId }]);
    expect(recent.take().claims).toEqual([]);
  });
});
