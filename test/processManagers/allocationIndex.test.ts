/** Where allocations look: read models as far as they have come, and what the log says since. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHandlers } from '../../src/commands/handlers.ts';
import { createStateCache } from '../../src/eventsourcing/commandHandling/stateCache.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { EventSource } from '../../src/eventsourcing/ports.ts';
import { type AllocationFacts, createAllocationIndex } from '../../src/processManagers/allocationIndex.ts';
import type { AllocationReadModels } from '../../src/processManagers/ports.ts';
import { createLogFold, type LogFold } from '../support/logFold.ts';
import { contextOf, openWorld, type World } from '../support/world.ts';
import { cancel, describeWarehouse, dispatch, openShop, place, receive, voidShipment } from './arrange.ts';

const skus = ['CHAIR', 'TABLE', 'LAMP', 'NEVER-SEEN'];

let world: World;
let log: readonly RecordedEvent[];
beforeEach(async () => {
  world = await openWorld({ engine: 'memory' });
  await openShop(world, { BER: { CHAIR: 2, TABLE: 1 }, PAR: { CHAIR: 0 } });
  for (const orderId of ['o1', 'o2', 'o3', 'o4', 'o5']) {
    world.clock.pass(1_000);
    await place(world, orderId, { CHAIR: 2, TABLE: 1 });
    await world.settle();
  }
  await dispatch(world, 'o1', 'BER', { CHAIR: 1 });
  await cancel(world, 'o3');
  await openShop(world, { ROM: { LAMP: 1 } });
  await place(world, 'o6', { LAMP: 2 }, { allowSplit: false });
  await world.settle();
  await voidShipment(world, 'o1', 'BER');
  await receive(world, 'PAR', 'CHAIR', 3);
  await world.settle();
  await world.useCases.defineWarehouse('PAR', describeWarehouse(1, 'closed'), contextOf('close PAR'));
  log = await world.log.events();
});
afterEach(() => world.close());

/** Read models that have folded so many events, and go on when they are told to. */
const createLaggingModels = (begunWith: number) => {
  let count = begunWith;
  const readAll: EventSource['readAll'] = async (from, direction, limit) =>
    (await world.store.readAll(from, direction, limit)).filter(({ position }) => position.commit <= BigInt(count));
  let fold = createLogFold({ readAll });
  let builds = 'first';
  const models: AllocationReadModels = {
    builds: () => builds,
    position: () => fold.position(),
    storedPosition: async () => (await fold.events()).at(-1)?.position ?? null,
    warehouses: () => fold.warehouses(),
    warehousesHolding: (sku) => fold.warehousesHolding(sku),
    isAnyWaitingFor: (wanted) => fold.isAnyWaitingFor(wanted),
    ordersWaitingFor: (sku, page) => fold.ordersWaitingFor(sku, page),
  };
  return {
    models,
    goOnTo: async (upTo: number) => {
      count = upTo;
      await fold.events();
    },
    rebuildTo: (upTo: number) => {
      count = upTo;
      fold = createLogFold({ readAll });
      builds = 'second';
    },
  };
};

const createIndex = (readModels: AllocationReadModels) => {
  const cache = createStateCache(Number.MAX_SAFE_INTEGER);
  const handlers = createHandlers({ store: world.store, clock: world.clock, cache });
  return createAllocationIndex({ handlers, source: world.store, readModels, takeTurn: () => null });
};

const idsOf = async (facts: AllocationFacts, sku: string | null): Promise<readonly string[]> => {
  const ids: string[] = [];
  for await (const { orderId } of facts.ordersWaitingFor(sku)) ids.push(orderId);
  return ids;
};

const storedIdsOf = async (fold: LogFold, sku: string | null): Promise<readonly string[]> =>
  (await fold.waitingFor(sku)).map(({ orderId }) => orderId);

const expectAll = async (facts: AllocationFacts): Promise<void> => {
  const open = (await world.log.warehouses()).filter(({ sourcing }) => sourcing === 'open');
  const byId = (all: readonly { readonly warehouseId: string }[]) => all.map(({ warehouseId }) => warehouseId).sort();
  expect(byId(await facts.warehouses())).toEqual(byId(open));
  for (const sku of skus) {
    expect(await facts.warehousesHolding(sku)).toEqual([...(await world.log.warehousesHolding(sku))].sort());
    const ids = await storedIdsOf(world.log, sku);
    expect(await idsOf(facts, sku)).toEqual(ids);
    expect((await facts.oldestWaitingFor(sku))?.orderId).toBe(ids[0]);
    if (ids.length > 0) expect(await facts.isAnyWaitingFor(['NEVER-SEEN', sku])).toBe(true);
  }
  expect(await idsOf(facts, null)).toEqual(await storedIdsOf(world.log, null));
};

describe('what an allocation looks at', () => {
  it('is all that lies before the event, wherever in the log the read models stand', async () => {
    expect((await storedIdsOf(world.log, null)).length).toBeGreaterThan(2);
    for (let folded = 0; folded <= log.length; folded += 1) {
      const { facts, takeOver, note } = createIndex(createLaggingModels(folded).models);
      takeOver();
      await note(log.slice(-1));
      await expectAll(facts);
    }
  });

  it('is there before any event was handed over', async () => {
    await expectAll(createIndex(createLaggingModels(5).models).facts);
  });

  it('stays complete while the read models follow, close behind or far', async () => {
    for (const behind of [0, 3, 30]) {
      const { models, goOnTo } = createLaggingModels(0);
      const { facts, note } = createIndex(models);
      for (const [at, event] of log.entries()) {
        await note([event]);
        await goOnTo(Math.max(0, at + 1 - behind));
      }
      await note([]);
      await expectAll(facts);
    }
  });

  it('has what another process was handed in between, once this one takes over again', async () => {
    const { models } = createLaggingModels(0);
    const { facts, takeOver, note } = createIndex(models);
    await note(log.slice(0, 1));
    world.clock.pass(1_000);
    await place(world, 'o7', { TABLE: 5 });
    await world.settle();
    expect(await idsOf(facts, 'TABLE')).not.toContain('o7');
    takeOver();
    await note(log.slice(0, 1));
    await expectAll(facts);
    expect(await idsOf(facts, 'TABLE')).toContain('o7');
  });

  it('begins anew where a rebuild is switched in that has folded less', async () => {
    const { models, goOnTo, rebuildTo } = createLaggingModels(0);
    const { facts, note } = createIndex(models);
    await note(log);
    await goOnTo(log.length);
    await note([]);
    rebuildTo(10);
    await expectAll(facts);
  });

  it('fails, for the reaction to be tried again, where the rebuild comes between two pages', async () => {
    const { models, rebuildTo } = createLaggingModels(log.length);
    const paging = createIndex(models).facts.ordersWaitingFor(null);
    await paging.next();
    rebuildTo(10);
    const rest = async (): Promise<void> => {
      while ((await paging.next()).done !== true);
    };
    await expect(rest()).rejects.toThrow('another build');
  });

  it('is not begun by half: what failed is tried again', async () => {
    const { models } = createLaggingModels(7);
    let failures = 1;
    const storedPosition = async () => {
      if (failures-- > 0) throw new Error('locked');
      return models.storedPosition();
    };
    const { facts, note } = createIndex({ ...models, storedPosition });
    await expect(note(log.slice(-1))).rejects.toThrow('locked');
    await note(log.slice(-1));
    await expectAll(facts);
  });

  it('is refused where the read models are so far behind that memory would not hold the difference', async () => {
    const registered = log.find(({ type }) => type === 'StockRegistered');
    if (registered === undefined) throw new Error('nothing was registered');
    const many = Array.from({ length: 100_001 }, (_, at) => ({
      ...registered,
      data: { ...registered.data, sku: `SKU-${at}` },
    }));
    const { models, goOnTo } = createLaggingModels(0);
    const { note } = createIndex(models);
    await note(many);
    await expect(note([registered])).rejects.toThrow('too far behind');
    await goOnTo(log.length);
    await note([registered]);
  });
});
