/**
 * The second lock (B4): what a missed reaction leaves behind is found, published and mended. Each fault is planted by
 * commands whose events the policies pass without doing anything.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemActor } from '../../src/commands/systemContext.ts';
import { stockStream } from '../../src/domain/values.ts';
import { contextOf, openWorld, reservationMs, type World } from '../support/world.ts';
import {
  cancel,
  change,
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

const none = { uncounted_reservation: 0, lost_reservation: 0, waiting_beside_stock: 0 };

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
  expect(await world.useCases.reconcileClaims()).toEqual(none);
  return drift;
};

describe('the reconciler of claims', () => {
  it('serves an order that waits beside free stock', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    await receive(world, 'BER', 'CHAIR', 2);
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...none, waiting_beside_stock: 1 });
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
  });

  it('serves an order that must come from one place beside all that it needs', async () => {
    await openShop(world, { BER: { CHAIR: 1, LAMP: 2 }, PAR: { CHAIR: 9 } });
    await place(world, 'o1', { CHAIR: 2, LAMP: 2 }, { allowSplit: false });
    await world.settle();
    await receive(world, 'BER', 'CHAIR', 1);
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...none, waiting_beside_stock: 1 });
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2, 'BER.LAMP': 2 });
  });

  it('plans an order that was never looked at', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...none, waiting_beside_stock: 1 });
    expect(await storyOf(world.log, 'o1')).toEqual(['OrderPlaced', 'OrderBackordered']);
  });

  it('finds another source for an order that counts on a reservation that is gone', async () => {
    await openShop(world, { BER: { CHAIR: 2 }, PAR: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    await letGo(await firstReservationOf(world.log, 'o1'));
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...none, lost_reservation: 1 });
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
      expect(await lookAndSettle()).toEqual({ ...none, uncounted_reservation: 1 });
      expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [3, 2] });
    },
  );

  it('lets go of what a cancelled order had', async () => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    await cancel(world, 'o1');
    await world.miss();
    expect(await lookAndSettle()).toEqual({ ...none, uncounted_reservation: 1 });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [3, 0] });
  });

  it('looks first at what the policies have handled lately, wherever its page is', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    vi.spyOn(world.log, 'orders').mockResolvedValue([]);
    await receive(world, 'BER', 'CHAIR', 2);
    await world.miss();
    expect(await world.useCases.reconcileClaims()).toEqual({ ...none, waiting_beside_stock: 1 });
  });
});

describe('the reconciler of claims changes nothing', () => {
  const looksInVain = async (): Promise<void> => {
    const append = vi.spyOn(world.store, 'append');
    for (let looks = 0; looks < 3; looks += 1) expect(await world.useCases.reconcileClaims()).toEqual(none);
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
    for (let looks = 0; looks < 3; looks += 1) expect(await world.useCases.reconcileClaims()).toEqual(none);
  });

  it('of an order that must come from one place, where enough has come since it was seen', async () => {
    await openShop(world, { BER: { CHAIR: 1 } });
    await place(world, 'o1', { CHAIR: 2 }, { allowSplit: false });
    await world.settle();
    world.meanwhile(() => receive(world, 'BER', 'CHAIR', 1));
    expect(await world.useCases.reconcileClaims()).toEqual(none);
    expect(await sourcesOf(world.log, 'o1')).toEqual({});
  });

  it('of an order that must come from one place, where the rest has come since it was seen', async () => {
    await openShop(world, { BER: { CHAIR: 0, LAMP: 5 } });
    await place(world, 'o1', { LAMP: 1, CHAIR: 1 }, { allowSplit: false });
    await world.settle();
    world.meanwhile(() => receive(world, 'BER', 'CHAIR', 1));
    expect(await world.useCases.reconcileClaims()).toEqual(none);
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
});
