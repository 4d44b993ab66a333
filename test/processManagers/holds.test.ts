/** What was reserved under an order's id before it is planned becomes its source (point 3 of "What use found"). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, openWorld, reservationMs, type World } from '../support/world.ts';
import {
  cancel,
  change,
  describeWarehouse,
  dispatch,
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
});

describe('an order that waits already, and for which pieces are reserved then,', () => {
  /** It waits for chairs, and an older order too. */
  const openWaiting = async (quantity = 1): Promise<void> => {
    await openShop(world, { BER: { CHAIR: 0 }, PAR: { CHAIR: 0 } });
    await place(world, 'older', { CHAIR: 1 });
    await world.settle();
    world.clock.pass(1);
    await place(world, 'o1', { CHAIR: quantity });
    await world.settle();
  };
  /** At once, before the policies offer what has come to the older order. */
  const comesAndIsHeld = async (quantity: number): Promise<void> => {
    await receive(world, 'BER', 'CHAIR', quantity);
    await hold(world, 'o1', 'BER.CHAIR', { quantity });
  };

  it('gets them as its source, and no older order does', async () => {
    await openWaiting();
    await comesAndIsHeld(1);
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
    expect(await sourcesOf(world.log, 'older')).toEqual({});
    expect(await figuresOf(world.log)).toMatchObject({ 'BER.CHAIR': [1, 1] });
  });

  it('gets them for what it still lacks, and gives back the rest', async () => {
    await openWaiting(3);
    await cancel(world, 'older');
    await receive(world, 'PAR', 'CHAIR', 2);
    await world.settle();
    await place(world, 'younger', { CHAIR: 1 });
    await world.settle();
    await comesAndIsHeld(2);
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 2, 'BER.CHAIR': 1 });
    expect(await sourcesOf(world.log, 'younger')).toEqual({ 'BER.CHAIR': 1 });
  });

  it('gets them though another process recorded the hold', async () => {
    await openWaiting();
    const [before, elsewhere] = [world.useCases, world.newProcess()];
    await receive({ ...world, useCases: elsewhere }, 'BER', 'CHAIR', 1);
    await hold({ ...world, useCases: elsewhere }, 'o1', 'BER.CHAIR', { quantity: 1 });
    expect(world.useCases).toBe(before);
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
  });

  it.each([
    ['before', 1],
    ['after', 1],
    ['before', 2],
    ['after', 2],
  ] as const)('keeps them though a process dies %s append %d, the exchange and its record', async (when, append) => {
    await openWaiting();
    await comesAndIsHeld(1);
    expect(await world.settle({ crashes: [{ append, when }] })).toBe(1);
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
    expect(await sourcesOf(world.log, 'older')).toEqual({});
    expect((await world.log.events()).map(({ type }) => type)).not.toContain('StockReservationReleased');
  });

  it('loses nothing when all of it is handed over again', async () => {
    await openWaiting();
    await comesAndIsHeld(1);
    await world.settle();
    const { length } = await world.log.events();
    world.restart();
    await world.redeliver();
    expect(await world.log.events()).toHaveLength(length);
  });

  it('gets them from a place that is closed to sourcing too', async () => {
    await openWaiting();
    await recorded(world.useCases.defineWarehouse('BER', describeWarehouse(0, 'closed'), contextOf('close')));
    await comesAndIsHeld(1);
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
  });

  it.each(['open', 'closed'] as const)(
    'is served by the reconciler where the policies missed them: %s',
    async (how) => {
      await openWaiting();
      await world.useCases.defineWarehouse('PAR', describeWarehouse(1, how), contextOf('close'));
      await receive(world, 'PAR', 'CHAIR', 1);
      await hold(world, 'o1', 'PAR.CHAIR', { quantity: 1 });
      await world.miss();
      expect(await world.useCases.reconcileClaims()).toEqual({ ...noDrift, waiting_beside_stock: 1 });
      await world.settle();
      expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 1 });
      expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    },
  );

  it('and that must come from one place, gets them once the rest is there too', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 2 }, { allowSplit: false });
    await world.settle();
    await comesAndIsHeld(1);
    // Left alone, and no drift.
    await world.settle();
    expect(await claimsOf('o1')).toMatchObject([{ reservationId: 'hold of 1 at BER.CHAIR' }]);
    expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    world.clock.pass(1);
    await receive(world, 'BER', 'CHAIR', 1);
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 2 });
    expect((await world.log.events()).map(({ type }) => type)).not.toContain('StockReservationReleased');
  });

  it('gets them when it is on hold no sooner than it is released', async () => {
    await openWaiting();
    await recorded(
      world.useCases.changeOrder('o1', { type: 'HoldOrder', reason: 'fraud check' }, contextOf('on hold')),
    );
    await comesAndIsHeld(1);
    await world.settle();
    expect(await claimsOf('o1')).toMatchObject([{ reservationId: 'hold of 1 at BER.CHAIR' }]);
    expect(await sourcesOf(world.log, 'o1')).toEqual({});
    await recorded(
      world.useCases.changeOrder('o1', { type: 'ReleaseOrder', reason: 'checked' }, contextOf('released')),
    );
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1 });
  });
});

describe('what is reserved for an order that lacks nothing of it', () => {
  it('is left alone, and becomes its source when it loses another one', async () => {
    await openShop(world, { BER: { CHAIR: 1 }, PAR: { CHAIR: 1 } });
    await place(world, 'o1', { CHAIR: 1 });
    await world.settle();
    await hold(world, 'o1', 'PAR.CHAIR', { quantity: 1 });
    await world.settle();
    expect(await claimsOf('o1')).toMatchObject([{ warehouseId: 'BER' }, { reservationId: 'hold of 1 at PAR.CHAIR' }]);
    const lost = { type: 'AdjustStock', warehouseId: 'BER', sku: 'CHAIR', delta: -1, reason: 'lost' } as const;
    await recorded(world.useCases.changeStock(change(world, 'lose it', lost)));
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 1 });
  });

  it('is left alone where all of the order was shipped: a person ends it, or its time', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 1 });
    await world.settle();
    await dispatch(world, 'o1', 'BER', { CHAIR: 1 });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await world.settle();
    expect(await claimsOf('o1')).toMatchObject([{ reservationId: 'hold of 1 at BER.CHAIR' }]);
    expect(await world.useCases.reconcileClaims()).toEqual(noDrift);
    world.clock.pass(60_000);
    await world.useCases.expireReservations();
    expect(await claimsOf('o1')).toEqual([]);
  });

  it('is given back when the order is cancelled', async () => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await place(world, 'o1', { CHAIR: 1 });
    await world.settle();
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await world.settle();
    await cancel(world, 'o1');
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [3, 0] });
  });

  it.each(['cancelled', 'cancelled after a part of it was shipped'])('is given back where it was %s', async (how) => {
    await openShop(world, { BER: { CHAIR: 1 } });
    await place(world, 'o1', { CHAIR: 2 });
    await world.settle();
    if (how !== 'cancelled') await dispatch(world, 'o1', 'BER', { CHAIR: 1 });
    await recorded(cancel(world, 'o1'));
    await receive(world, 'BER', 'CHAIR', 2);
    await world.settle();
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 1 });
    await place(world, 'waits', { CHAIR: 9 });
    await world.settle();
    expect(await claimsOf('o1')).toEqual([]);
    expect(await sourcesOf(world.log, 'waits')).toEqual({ 'BER.CHAIR': how === 'cancelled' ? 3 : 2 });
  });
});
