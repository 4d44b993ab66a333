/** How an order gets its goods: planned on exact figures, reserved, recorded, and planned again when that falls through. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { Crash, contextOf, openWorld, plainPersonalData, type World } from '../support/world.ts';
import {
  cancel,
  change,
  describeWarehouse,
  figuresOf,
  firstReservationOf,
  openShop,
  place,
  receive,
  recorded,
  shipTo,
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

const releaseByHand = async (orderId: string, sku: string): Promise<void> => {
  const reservationId = await firstReservationOf(world.log, orderId);
  const release = { type: 'ReleaseReservation', warehouseId: 'BER', sku, reservationId, reason: 'by hand' } as const;
  await recorded(world.useCases.changeStock(change(world, `release ${reservationId}`, release)));
};

const eventsOf = async (wanted: string): Promise<readonly RecordedEvent[]> =>
  (await world.log.events()).filter(({ type }) => type === wanted);

describe('a placed order', () => {
  it('is reserved where one warehouse has all of it', async () => {
    await openShop(world, { BER: { CHAIR: 1 }, PAR: { CHAIR: 9, LAMP: 9 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 2 }, { sourcing: 'fewest-shipments' });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 3, 'PAR.LAMP': 2 });
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [1, 0], 'PAR.CHAIR': [9, 3], 'PAR.LAMP': [9, 2] });
    expect(await storyOf(world.log, 'o1')).toEqual(['OrderPlaced', 'OrderAllocated']);
  });

  describe('that asks for the nearest', () => {
    const places = {
      PAR: { countryCode: 'FR', postalCode: '75001', latitude: 48.86, longitude: 2.35 },
      BER: { countryCode: 'DE', postalCode: '10115', latitude: 52.52, longitude: 13.4 },
    };
    const sourceOf = async (orderId: string, changes: object): Promise<unknown> => {
      await openShop(world, { PAR: { CHAIR: 9 }, BER: { CHAIR: 9 } });
      for (const [index, [warehouseId, place]] of Object.entries(places).entries()) {
        const described = { ...describeWarehouse(index), ...place };
        await recorded(world.useCases.defineWarehouse(warehouseId, described, contextOf(`move ${warehouseId}`)));
      }
      await place(world, orderId, { CHAIR: 1 }, { sourcing: 'nearest', shipTo: { ...shipTo, ...changes } });
      await world.settle();
      return sourcesOf(world.log, orderId);
    };
    it('gets it from where its postal code begins alike', async () =>
      expect(await sourceOf('o1', {})).toEqual({ 'BER.CHAIR': 1 }));
    it('gets it from the warehouse that is nearest to its point, across a border too', async () =>
      // Reims says it is in Germany: 130 km and a border to Paris, 760 km to Berlin.
      expect(await sourceOf('o1', { latitude: 49.26, longitude: 4.03 })).toEqual({ 'PAR.CHAIR': 1 }));
    it('gets it in its country when the address was erased', async () => {
      vi.spyOn(plainPersonalData, 'open').mockResolvedValue(null);
      expect(await sourceOf('o1', {})).toEqual({ 'BER.CHAIR': 1 });
      vi.restoreAllMocks();
    });
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
    await openShop(world, { PAR: { CHAIR: 0, LAMP: 0 }, BER: { CHAIR: 1, LAMP: 1 } });
    await place(world, 'o1', { CHAIR: 1, LAMP: 1 }, { allowSplit: false });
    await world.settle();
    // Paris would come first now, and may not.
    for (const sku of ['CHAIR', 'LAMP']) await receive(world, 'PAR', sku, 9);
    await releaseByHand('o1', 'CHAIR');
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'BER.CHAIR': 1, 'BER.LAMP': 1 });
    expect(await storyOf(world.log, 'o1')).toContain('OrderAllocationLapsed');
  });

  it('that may not be split and reserves parts keeps what it gets at one place, and waits for the rest there', async () => {
    await openShop(world, { BER: { CHAIR: 1 }, PAR: { CHAIR: 2, LAMP: 1 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 1 }, { allowSplit: false, reservePartial: true });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 2, 'PAR.LAMP': 1 });
    world.clock.pass(1);
    await place(world, 'o2', { CHAIR: 2 });
    await world.settle();
    expect(await sourcesOf(world.log, 'o2')).toEqual({ 'BER.CHAIR': 1 });
    await receive(world, 'PAR', 'CHAIR', 1);
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 3, 'PAR.LAMP': 1 });
  });

  it('that reserves parts takes all of it from one place where that can be had', async () => {
    await openShop(world, { BER: { CHAIR: 2 }, PAR: { CHAIR: 3 } });
    await place(world, 'o1', { CHAIR: 3 }, { allowSplit: false, reservePartial: true });
    await world.settle();
    expect(await sourcesOf(world.log, 'o1')).toEqual({ 'PAR.CHAIR': 3 });
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

  it('with a line whose item may not be backordered is cancelled when that line falls short, and only then', async () => {
    await openShop(world, { BER: { CHAIR: 2, LAMP: 0 } });
    const chair = { name: 'Chair', attributes: {}, boxes: [], backorderAllowed: false };
    await recorded(world.useCases.defineItem('CHAIR', chair, contextOf('define CHAIR')));
    await place(world, 'o1', { CHAIR: 3 });
    await world.settle();
    expect(await storyOf(world.log, 'o1')).toEqual(['OrderPlaced', 'OrderCancelled']);
    expect(await figuresOf(world.log)).toMatchObject({ 'BER.CHAIR': [2, 0] });
    world.clock.pass(1);
    await place(world, 'o2', { CHAIR: 2, LAMP: 1 });
    await world.settle();
    expect(await storyOf(world.log, 'o2')).toEqual(['OrderPlaced', 'OrderAllocated']);
    expect(await sourcesOf(world.log, 'o2')).toEqual({ 'BER.CHAIR': 2 });
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

describe('the line for goods (first come, first served)', () => {
  const reservedBy = async (ids: readonly string[]): Promise<readonly (number | undefined)[]> =>
    Promise.all(ids.map(async (id) => (await sourcesOf(world.log, id))['BER.CHAIR']));

  it('has no end: goods are offered page by page until they are used up', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    const ids = Array.from({ length: 8 }, (_, index) => `o${index}`);
    for (const orderId of ids) {
      await place(world, orderId, { CHAIR: 1 });
      world.clock.pass(1);
    }
    await world.settle();
    await receive(world, 'BER', 'CHAIR', 7);
    await world.settle();
    expect(await reservedBy(ids)).toEqual([1, 1, 1, 1, 1, 1, 1, undefined]);
  });

  it('is not jumped by an order that is planned after the goods came and before they were offered', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'older', { CHAIR: 2 });
    await world.settle();
    world.clock.pass(1);
    await place(world, 'newer', { CHAIR: 1 });
    await receive(world, 'BER', 'CHAIR', 2);
    // The new order comes first in the log, and its plan sees the goods already.
    await world.settle({ batchSize: 1 });
    expect(await reservedBy(['older', 'newer'])).toEqual([2, undefined]);
  });

  it('is kept among orders that are planned together: an older one with many lines comes before a younger one', async () => {
    const skus = Array.from({ length: 60 }, (_, index) => `S${index}`);
    await openShop(world, { BER: { CHAIR: 1, ...Object.fromEntries(skus.map((sku) => [sku, 9])) } });
    await place(world, 'older', { ...Object.fromEntries(skus.map((sku) => [sku, 1])), CHAIR: 1 });
    world.clock.pass(1);
    await place(world, 'younger', { CHAIR: 1 });
    await world.settle();
    expect(await reservedBy(['older', 'younger'])).toEqual([1, undefined]);
  });

  it('is kept by what an order is placed at, and not by its place in the log', async () => {
    await openShop(world, { BER: { CHAIR: 2 } });
    const at = world.clock.now();
    await place(world, 'b', { CHAIR: 1 });
    await place(world, 'c', { CHAIR: 1 });
    await place(world, 'a', { CHAIR: 1 });
    expect(world.clock.now()).toBe(at);
    await world.settle();
    expect(await reservedBy(['a', 'b', 'c'])).toEqual([1, 1, undefined]);
  });

  it('is not jumped by an order that is planned for one that came before it and has not been planned yet (8)', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'a', { CHAIR: 3 }, { allowSplit: false });
    await place(world, 'c', { CHAIR: 1 });
    await world.settle();
    // As old as the one that waits, and before it by its id.
    await place(world, 'b', { CHAIR: 1 });
    await receive(world, 'BER', 'CHAIR', 1);
    await world.settle({ batchSize: 1 });
    expect(await reservedBy(['a', 'b', 'c'])).toEqual([undefined, 1, undefined]);
  });

  it('is left by an order on hold: it takes nothing, and what it could have had goes to the next (8)', async () => {
    await openShop(world, { BER: { CHAIR: 1 } });
    await place(world, 'held', { CHAIR: 1 });
    await recorded(
      world.useCases.changeOrder('held', { type: 'HoldOrder', reason: 'fraud check' }, contextOf('hold it')),
    );
    world.clock.pass(1);
    await place(world, 'next', { CHAIR: 1 });
    await world.settle();
    expect(await reservedBy(['held', 'next'])).toEqual([undefined, 1]);
    await receive(world, 'BER', 'CHAIR', 1);
    await world.settle();
    expect(await reservedBy(['held'])).toEqual([undefined]);
    await recorded(
      world.useCases.changeOrder('held', { type: 'ReleaseOrder', reason: 'checked' }, contextOf('release it')),
    );
    await world.settle();
    expect(await reservedBy(['held'])).toEqual([1]);
  });

  it('is kept where goods of several SKUs come together: no order gets by another SKU what an older one waits for', async () => {
    await openShop(world, { BER: { CHAIR: 0, LAMP: 0, SOFA: 0 } });
    for (const [orderId, wanted] of Object.entries({
      oldest: { CHAIR: 1 },
      middle: { CHAIR: 1, LAMP: 1 },
      youngest: { LAMP: 1, SOFA: 1 },
    })) {
      await place(world, orderId, wanted);
      world.clock.pass(1);
      await world.settle();
    }
    for (const sku of ['SOFA', 'LAMP', 'CHAIR']) await receive(world, 'BER', sku, 1);
    await world.settle();
    expect(await sourcesOf(world.log, 'oldest')).toEqual({ 'BER.CHAIR': 1 });
    expect(await sourcesOf(world.log, 'middle')).toEqual({ 'BER.LAMP': 1 });
    expect(await sourcesOf(world.log, 'youngest')).toEqual({ 'BER.SOFA': 1 });
  });

  it('lets a small order pass one that must come from one place, as long as that one can not be had whole', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'whole', { CHAIR: 3 }, { allowSplit: false });
    await world.settle();
    world.clock.pass(1);
    await place(world, 'small', { CHAIR: 1 });
    await receive(world, 'BER', 'CHAIR', 2);
    await world.settle();
    expect(await reservedBy(['whole', 'small'])).toEqual([undefined, 1]);
    await receive(world, 'BER', 'CHAIR', 3);
    await world.settle();
    expect(await reservedBy(['whole', 'small'])).toEqual([3, 1]);
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

  it('while the plan is made gets what was reserved meanwhile released at once', async () => {
    await world.close();
    world = await openWorld({ foldsNothing: false });
    await openShop(world, { BER: { CHAIR: 5 } });
    await place(world, 'o1', { CHAIR: 3 });
    const { warehouses } = world.log;
    const asked = vi.spyOn(world.log, 'warehouses');
    asked.mockImplementationOnce(async () => {
      await recorded(cancel(world, 'o1'));
      return warehouses();
    });
    await world.useCases.reactions.handle(await eventsOf('OrderPlaced'));
    expect((await world.log.events()).slice(-2).map(({ type }) => type)).toEqual([
      'StockReserved',
      'StockReservationReleased',
    ]);
  });

  it('between the reservation and its record gets it released when the order is handed over again', async () => {
    await openShop(world, { BER: { CHAIR: 5 } });
    await place(world, 'o1', { CHAIR: 3 });
    // The process reserves and dies; the cancellation is the first thing that happens after it.
    world.restart({ append: 1, when: 'after' });
    await expect(world.useCases.reactions.handle(await eventsOf('OrderPlaced'))).rejects.toThrow(Crash);
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 3] });
    world.restart();
    await recorded(cancel(world, 'o1'));
    await world.useCases.reactions.handle(await eventsOf('OrderPlaced'));
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 0] });
  });

  it('while it was served from an arrival leaves nothing behind either', async () => {
    await openShop(world, { BER: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 3 });
    await world.settle();
    await receive(world, 'BER', 'CHAIR', 5);
    const asked = await eventsOf('StockReceived');
    world.restart({ append: 1, when: 'after' });
    await expect(world.useCases.reactions.handle(asked)).rejects.toThrow(Crash);
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 3] });
    world.restart();
    await recorded(cancel(world, 'o1'));
    await world.settle();
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [5, 0] });
  });
});
