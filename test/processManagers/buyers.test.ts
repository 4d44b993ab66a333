/** More buyers than pieces: every piece is promised, and none twice (R6.3, R11.2). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHandlers, type Handlers } from '../../src/commands/handlers.ts';
import { stockStream } from '../../src/domain/values.ts';
import { createStateCache } from '../../src/eventsourcing/commandHandling/stateCache.ts';
import { contextOf, createClock, openWorld, type World } from '../support/world.ts';
import { figuresOf, openShop, place } from './arrange.ts';
import { faultsOf } from './ledgerFaults.ts';

const pieces = 50;
const buyers = 200;
const place0 = { warehouseId: 'BER', sku: 'CHAIR' };

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await openShop(world, { BER: { CHAIR: pieces } });
});
afterEach(() => world.close());

const newHandlers = (): Handlers =>
  createHandlers({ store: world.store, clock: createClock(), cache: createStateCache(1_000_000) });

const buy = ({ stock }: Handlers, buyer: number) =>
  stock(
    stockStream(place0.warehouseId, place0.sku),
    {
      type: 'ReserveStock',
      ...place0,
      occurredAt: world.clock.now(),
      reservationId: `buyer ${buyer}`,
      quantity: 1,
      expiresAt: '2026-03-01T10:00:00.000Z',
    },
    contextOf(`buyer ${buyer}`),
  );

describe(`${buyers} buyers at once on ${pieces} pieces`, () => {
  it.each([1, 2])('are served exactly as many as there are pieces, by %i processes', async (processes) => {
    const handlers = Array.from({ length: processes }, newHandlers);
    const outcomes = await Promise.all(
      Array.from({ length: buyers }, (_, buyer) => buy(handlers[buyer % processes] ?? newHandlers(), buyer)),
    );
    const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
    expect(outcomes.filter(({ kind }) => kind === 'recorded')).toHaveLength(pieces);
    expect(refused.map(({ refusal }) => refusal.code)).toEqual(
      Array.from({ length: buyers - pieces }, () => 'INSUFFICIENT_STOCK'),
    );
    expect(await figuresOf(world.log)).toEqual({ 'BER.CHAIR': [pieces, pieces] });
    expect(await world.log.openReservations()).toHaveLength(pieces);
  });

  it('as orders that may not wait: the others are cancelled', async () => {
    await Promise.all(
      Array.from({ length: buyers }, (_, buyer) => place(world, `o${buyer}`, { CHAIR: 1 }, { allowBackorder: false })),
    );
    await world.settle({ batchSize: buyers });
    const phases = (await world.log.orders()).map(({ phase }) => phase);
    expect(phases.filter((phase) => phase === 'open')).toHaveLength(pieces);
    expect(phases.filter((phase) => phase === 'cancelled')).toHaveLength(buyers - pieces);
    expect(await faultsOf(world.log)).toEqual([]);
  });
});
