/** Policies share the event loop (11, CONTRIBUTING.md). */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createPlanSequence, type PlanTask } from '../../src/processManagers/planSequence.ts';
import { openWorld } from '../support/world.ts';
import { openShop, place, sourcesOf } from './arrange.ts';
import { cause, orderOfLines } from './manyLines.ts';

const lines = 60;
const skus = Array.from({ length: lines }, (_, at) => `SKU-${at}`);
const oneOfEach = Object.fromEntries(skus.map((sku) => [sku, 1]));

it('an order of many lines asks for a turn before each look at an SKU, its plan, and each reservation (11)', async () => {
  let turns = 0;
  const takeTurn = (): Promise<void> => {
    turns += 1;
    return nextTurn();
  };
  const world = await openWorld({ engine: 'memory', takeTurn });
  try {
    await openShop(world, { BER: oneOfEach });
    await world.settle();
    turns = 0;
    await place(world, 'o1', oneOfEach);
    await world.settle();
    expect(Object.keys(await sourcesOf(world.log, 'o1'))).toHaveLength(lines);
    const [sequence, looks, plan, reservations, noted] = [2, lines, 2, lines, 1];
    expect(turns).toBe(sequence + looks + plan + reservations + noted);
  } finally {
    await world.close();
  }
});

it('what two orders want both is looked at in turns (11)', async () => {
  const order = orderOfLines(lines);
  let turns = 0;
  const inSequence = createPlanSequence({
    handlers: { order: { load: async (orderId: string) => ({ state: { ...order, orderId } }) } } as never,
    facts: { warehouses: async () => [], warehousesHolding: async () => [] } as never,
    takeTurn: () => {
      turns += 1;
      return null;
    },
  });
  const taskFor = (orderId: string): PlanTask => ({
    reaction: { type: 'AllocateOrder', orderId },
    cause: cause,
  });
  const ofEach = 2;
  await inSequence([taskFor('o1')]);
  expect(turns).toBe(ofEach);
  turns = 0;
  await inSequence([taskFor('o1'), taskFor('o2')]);
  expect(turns).toBe(2 * ofEach + lines);
});

it('the reconciler looks at orders and reservations in turns (11)', async () => {
  let turns = 0;
  const takeTurn = (): null => {
    turns += 1;
    return null;
  };
  const world = await openWorld({ engine: 'memory', takeTurn });
  try {
    await openShop(world, { BER: { CHAIR: 9 } });
    for (const orderId of ['o1', 'o2', 'o3']) await place(world, orderId, { CHAIR: 1 });
    await world.settle();
    turns = 0;
    await world.useCases.reconcileClaims(AbortSignal.abort());
    expect(turns).toBe(0);
    await world.useCases.reconcileClaims();
    expect(turns).toBeGreaterThanOrEqual(3);
  } finally {
    await world.close();
  }
});
