/** What was reserved under an order's id before it is planned becomes its source (point 3 of "What use found"). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, openWorld, reservationMs, type World } from '../support/world.ts';
import {
  cancel,
  change,
  describeWarehouse,
  figuresOf,
  hold,
  noDrift,
  openShop,
  orderOf,
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
  await world.settle();
  expect(await faultsOf(world.log)).toEqual([]);
  await world.close();
});

const claimsOf = async (orderId: string) =>
  (await world.log.openReservations()).filter((each) => each.orderId === orderId);

/** The one chair that there is was held for `o1`, which comes after an order that waits for one. */
const placeHeldBesideWaiter = async (): Promise<void> => {
  await openShop(world, { BER: { CHAIR: 0 } });
  await place(world, 'waits', { CHAIR: 1 });
  await world.settle();
  await receive(world, 'BER', 'CHAIR', 1);
  await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
  await world.settle();
  world.clock.pass(1);
  await place(world, 'o1', { CHAIR: 1 });
};

describe('an order whose pieces are reserved under its id', () => {
  it.each([
    ['and nothing else is free', 1],
    ['and there are more', 5],
  ])('gets them as its source, %s', async (_what, onHand) => {
    await openShop(world, { BER: { CHAIR: onHand } });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await place(world, 'o1', { CHAIR: 1 }, { allowBackorder: false });
    await world.settle();
    expect(await storyOf(world.log, 'o1')).toEqual(['OrderPlaced', 'OrderAllocated']);
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [onHand, 1] });
    const passed = (await world.log.events()).filter(({ type }) => type === 'StockReservationTakenOver');
    expect(passed).toMatchObject([{ data: { fromReservationId: 'hold of 1 at BER.CHAIR', lineId: 'CHAIR' } }]);
  });

  it('has them as long as any source, not as long as they were held', async () => {
    await openShop(world, { BER: { CHAIR: 1 } });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await place(world, 'o1', { CHAIR: 1 });
    await world.settle();
    world.clock.pass(reservationMs - 1);
    await world.useCases.expireReservations();
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
  });

  it('gets the rest elsewhere, and gives back what it does not need', async () => {
    await openShop(world, { BER: { CHAIR: 4, LAMP: 3 }, PAR: { CHAIR: 9 } });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 4 });
    await hold(world, 'o1', 'BER.LAMP', { quantity: 3 });
    await place(world, 'o1', { CHAIR: 6, LAMP: 1 });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 4, 'BER.LAMP': 1, 'PAR.CHAIR': 2 });
    expect(await figuresOf(world.log)).toMatchObject({ 'BER.LAMP': [3, 1] });
  });

  it('gets each hold for the line that it names, and the others for the lines that are left', async () => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 2 });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1, lineId: 'b' });
    const line = { sku: 'CHAIR', priceMinor: 100, currency: 'EUR' };
    await recorded(
      world.useCases.placeOrder(
        {
          orderId: 'o1',
          customerId: 'anna',
          contact: { name: 'Anna', email: 'anna@example.test' },
          shipTo: { name: 'Anna', lines: ['Way 1'], city: 'Berlin', countryCode: 'DE' },
          lines: [
            { ...line, lineId: 'a', quantity: 1 },
            { ...line, lineId: 'b', quantity: 2 },
          ],
          sourcing: 'priority',
          allowSplit: true,
          allowBackorder: false,
        },
        contextOf('place two lines'),
      ),
    );
    await world.settle();
    const { allocations } = await orderOf(world.log, 'o1');
    expect(allocations.map(({ lineId, quantity }) => [lineId, quantity]).sort()).toEqual([
      ['a', 1],
      ['b', 1],
      ['b', 1],
    ]);
  });

  it('is not passed by an older order that waits for the same', async () => {
    await placeHeldBesideWaiter();
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
    expect(await sourcesOf(world.log, 'waits')).toEqual({});
  });

  it('keeps them though a process dies between the exchange and its record, beside an older order that waits', async () => {
    await placeHeldBesideWaiter();
    expect(await world.settle({ crashes: [{ append: 1, when: 'after' }] })).toBe(1);
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
    expect((await world.log.events()).map(({ type }) => type)).not.toContain('StockReservationReleased');
  });

  it('gets them though another process recorded them after this one had looked at the stock', async () => {
    await openShop(world, { BER: { CHAIR: 5 } });
    await place(world, 'other', { CHAIR: 1 });
    await world.settle();
    const elsewhere = world.newProcess();
    const expiresAt = new Date(Date.parse(world.clock.now()) + 60_000).toISOString();
    const claim = { warehouseId: 'BER', sku: 'CHAIR', reservationId: 'hold', quantity: 1, expiresAt, orderId: 'o1' };
    await recorded(elsewhere.changeStock(change(world, 'hold', { type: 'ReserveStock', ...claim })));
    await place(world, 'o1', { CHAIR: 1 });
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 2] });
  });

  it('gives them back when it was cancelled before it was planned', async () => {
    await openShop(world, { BER: { CHAIR: 1 } });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await place(world, 'o1', { CHAIR: 1 });
    await cancel(world, 'o1');
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [1, 0] });
  });

  it('and a place that is closed to sourcing gets them from there all the same', async () => {
    await openShop(world, { BER: { CHAIR: 1 } });
    await recorded(world.useCases.defineWarehouse('BER', describeWarehouse(0, 'closed'), contextOf('close')));
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await place(world, 'o1', { CHAIR: 1 }, { allowSplit: false });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
  });
});

describe('an order that must come from one place', () => {
  it('takes the rest of it where a part of it is held, before others get it', async () => {
    await openShop(world, { PAR: { CHAIR: 9 }, BER: { CHAIR: 2 } });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await place(world, 'o1', { CHAIR: 2 }, { allowSplit: false });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
    expect((await world.log.events()).map(({ type }) => type)).not.toContain('StockReservationReleased');
  });

  it('lets go of what is held where the rest is not, and takes all of it elsewhere', async () => {
    await openShop(world, { BER: { CHAIR: 1 }, PAR: { CHAIR: 2 } });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await place(world, 'o1', { CHAIR: 2 }, { allowSplit: false });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 2 });
    expect(await figuresOf(world.log)).toMatchObject({ 'BER.CHAIR': [1, 0] });
  });
});

describe('what is reserved under the id of an order is left alone', () => {
  it('as long as that one is not placed, or not planned, and is no drift', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await world.settle();
    expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    await place(world, 'o1', { CHAIR: 1 });
    expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    expect(await claimsOf('o1')).toMatchObject([{ reservationId: 'hold of 1 at BER.CHAIR' }]);
    await world.settle();
    expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
  });

  it("when a customer chose the id: it is somebody else's (R6)", async () => {
    await openShop(world, { BER: { CHAIR: 1 } });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await place(world, 'o1', { CHAIR: 1 }, { excludesHolds: true });
    await world.settle();
    expect(await storyOf(world.log, 'o1')).toEqual(['OrderPlaced', 'OrderHoldsExcluded', 'OrderBackordered']);
    expect(await claimsOf('o1')).toMatchObject([{ reservationId: 'hold of 1 at BER.CHAIR' }]);
    expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    world.clock.pass(60_000);
    await world.useCases.expireReservations();
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
  });

  it('once that one was planned, though it is planned again beside it', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 3 });
    await world.settle();
    await receive(world, 'BER', 'CHAIR', 2);
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
    expect(await claimsOf('o1')).toContainEqual(expect.objectContaining({ reservationId: 'hold of 1 at BER.CHAIR' }));
    world.clock.pass(60_000);
    await world.useCases.expireReservations();
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
  });
});
