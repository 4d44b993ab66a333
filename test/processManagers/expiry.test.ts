/** Reservations end soon after their time, however many end at once (B4). */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHandlers } from '../../src/commands/handlers.ts';
import { stockStream } from '../../src/domain/values.ts';
import { createStateCache } from '../../src/eventsourcing/commandHandling/stateCache.ts';
import { type EventStore, StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { createExpireReservations } from '../../src/processManagers/index.ts';
import type { DueReservation } from '../../src/processManagers/ports.ts';
import { openWorld, reservationMs, type World } from '../support/world.ts';
import { change, openShop, recorded } from './arrange.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await openShop(world, { BER: { CHAIR: 10, LAMP: 10 } });
});
afterEach(() => world.close());

const reserve = async (sku: string): Promise<void> => {
  const expiresAt = new Date(Date.parse(world.clock.now()) + reservationMs).toISOString();
  const claim = { warehouseId: 'BER', sku, reservationId: `of ${sku}`, quantity: 1, expiresAt };
  await recorded(world.useCases.changeStock(change(world, `reserve ${sku}`, { type: 'ReserveStock', ...claim })));
};

const sweepOver = (store: EventStore, list: readonly DueReservation[]) => {
  const { stock } = createHandlers({ store, clock: world.clock, cache: createStateCache(1_000_000) });
  const watch = { ended: () => undefined, oldestDue: vi.fn() };
  const expire = createExpireReservations({ stock, due: { dueAt: async () => list }, watch, clock: world.clock });
  return { expire, watch };
};

describe('the sweep of reservations that are due', () => {
  it('tells how late each of them ended', async () => {
    await reserve('CHAIR');
    world.clock.pass(reservationMs + 7_000);
    await world.useCases.expireReservations();
    expect(world.latenessMs).toEqual([7_000]);
  });

  it('tells how long the oldest has been due, also when none is', async () => {
    await reserve('CHAIR');
    world.clock.pass(reservationMs + 7_000);
    const due = sweepOver(world.store, await world.log.dueAt(world.clock.now(), 10));
    await due.expire();
    expect(due.watch.oldestDue).toHaveBeenLastCalledWith(7_000);
    const none = sweepOver(world.store, []);
    await none.expire();
    expect(none.watch.oldestDue).toHaveBeenLastCalledWith(0);
  });

  it('asks nothing of the store for what it has ended and the list still shows', async () => {
    await reserve('CHAIR');
    world.clock.pass(reservationMs);
    const { expire } = sweepOver(world.store, await world.log.dueAt(world.clock.now(), 10));
    await expire();
    const [reads, appends] = [vi.spyOn(world.store, 'readStream'), vi.spyOn(world.store, 'append')];
    await expire();
    expect([reads.mock.calls, appends.mock.calls]).toEqual([[], []]);
  });

  it('ends the others when one of them can not be ended, and fails all the same', async () => {
    await reserve('CHAIR');
    await reserve('LAMP');
    world.clock.pass(reservationMs);
    const failure = new StoreUnavailable('not now', 'not_written');
    const append: EventStore['append'] = async (stream, ...rest) => {
      if (stream === stockStream('BER', 'CHAIR')) throw failure;
      return world.store.append(stream, ...rest);
    };
    const { expire } = sweepOver({ ...world.store, append }, await world.log.dueAt(world.clock.now(), 10));
    await expect(expire()).rejects.toBe(failure);
    expect((await world.log.openReservations()).map(({ sku }) => sku)).toEqual(['CHAIR']);
  });

  it('begins no further page once it is to stop', async () => {
    await reserve('CHAIR');
    world.clock.pass(reservationMs);
    expect(await world.useCases.expireReservations(AbortSignal.abort())).toBe(0);
  });
});
