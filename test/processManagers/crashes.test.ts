/** Whatever moment a process dies at, the next one finishes what it began, and nothing is done twice (R4, H17). */
import { describe, expect, it } from 'vitest';
import type { TransferCommand } from '../../src/domain/transfer/commands.ts';
import { createMemoryEvents } from '../support/memoryEvents.ts';
import {
  type CrashPoint,
  contextOf,
  openWorld,
  reservationMs,
  type SettleOptions,
  type World,
} from '../support/world.ts';
import {
  announce,
  cancel,
  dispatch,
  figuresOf,
  hold,
  openShop,
  place,
  receive,
  receiveInbound,
  receiveReturn,
  recorded,
  requestReturn,
  sourcesOf,
  voidShipment,
} from './arrange.ts';
import { faultsOf } from './ledgerFaults.ts';

type Scenario = (world: World) => Promise<unknown>;
/** Each ends with something that the policies still have to do. */
const scenarios: Record<string, Scenario> = {
  'an order that is split over two warehouses': async (world) => {
    await openShop(world, { BER: { CHAIR: 2, LAMP: 1 }, PAR: { CHAIR: 2, LAMP: 2 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 3 });
  },
  'an order that comes from one place': async (world) => {
    await openShop(world, { BER: { CHAIR: 9, LAMP: 9 }, PAR: { CHAIR: 9, LAMP: 9 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 3 }, { allowSplit: false });
  },
  'an order that comes from one place, and keeps parts of it': async (world) => {
    await openShop(world, { BER: { CHAIR: 2, LAMP: 1 }, PAR: { CHAIR: 1 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 2 }, { allowSplit: false, reservePartial: true });
  },
  'an order that may not wait': async (world) => {
    await openShop(world, { BER: { CHAIR: 2, LAMP: 9 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 1 }, { allowBackorder: false });
  },
  'goods that come for several orders': async (world) => {
    await openShop(world, { BER: { CHAIR: 0, LAMP: 0 } });
    for (const orderId of ['o1', 'o2', 'o3']) await place(world, orderId, { CHAIR: 2, LAMP: 1 });
    await world.settle();
    await receive(world, 'BER', 'CHAIR', 5);
    await receive(world, 'BER', 'LAMP', 2);
    world.clock.pass(1);
    await receive(world, 'BER', 'CHAIR', 1);
  },
  'orders whose pieces are held already': async (world) => {
    await openShop(world, { BER: { CHAIR: 3, LAMP: 2 }, PAR: { CHAIR: 2 } });
    await hold(world, 'o1', 'BER.CHAIR', { quantity: 3 });
    await hold(world, 'o1', 'BER.LAMP', { quantity: 2 });
    await hold(world, 'o2', 'PAR.CHAIR', { quantity: 1 });
    await place(world, 'o1', { CHAIR: 2, LAMP: 2 });
    await place(world, 'o2', { CHAIR: 2 }, { allowSplit: false });
  },
  'a cancellation': async (world) => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await place(world, 'o1', { CHAIR: 3 });
    await place(world, 'o2', { CHAIR: 2 });
    await world.settle();
    await recorded(cancel(world, 'o1'));
  },
  'a shipment that arrives': async (world) => {
    await openShop(world, { BER: { CHAIR: 3, LAMP: 3 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 2 });
    await world.settle();
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 2, LAMP: 2 }));
    const report = { status: 'delivered', reportedAt: world.clock.now() } as const;
    await recorded(world.useCases.trackParcel('o1-from-BER', report, contextOf('arrived')));
  },
  'a shipment that is voided as soon as it is dispatched': async (world) => {
    await openShop(world, { BER: { CHAIR: 3, LAMP: 3 }, PAR: { CHAIR: 1 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 2 });
    await place(world, 'o2', { CHAIR: 2 });
    await world.settle();
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 2, LAMP: 2 }));
    await recorded(voidShipment(world, 'o1', 'BER'));
  },
  'a shipment that is voided late, and reported on': async (world) => {
    await openShop(world, { BER: { CHAIR: 3 } });
    await place(world, 'o1', { CHAIR: 2 }, { allowBackorder: false });
    await world.settle();
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 2 }));
    await world.settle();
    await recorded(voidShipment(world, 'o1', 'BER'));
    const report = { status: 'in_transit', reportedAt: world.clock.now() } as const;
    await recorded(world.useCases.trackParcel('o1-from-BER', report, contextOf('after all')));
  },
  'a transfer that is dispatched, received and cancelled in part, beside an order that waits': async (world) => {
    await openShop(world, { BER: { CHAIR: 8, LAMP: 2 }, PAR: {} });
    const lines = [
      { lineId: '1', sku: 'CHAIR', quantity: 6 },
      { lineId: '2', sku: 'LAMP', quantity: 2 },
    ];
    const request = { transferId: 't1', fromWarehouseId: 'BER', toWarehouseId: 'PAR', lines };
    await recorded(world.useCases.planTransfer(request, contextOf('plan')));
    await place(world, 'o1', { CHAIR: 6 });
    await world.settle();
    const change = (command: TransferCommand) =>
      recorded(world.useCases.changeTransfer('t1', command, contextOf(JSON.stringify(command))));
    await change({ type: 'DispatchTransfer', lines: [{ lineId: '1', quantity: 4 }] });
    await change({ type: 'ReceiveTransfer', lines: [{ lineId: '1', quantity: 3, damaged: 1 }] });
    await change({ type: 'CancelTransfer', reason: 'lorry full' });
    await change({ type: 'RecordLoss', reason: 'fell off' });
  },
  'goods that come in parts, and are told in any order': async (world) => {
    await openShop(world, { BER: { CHAIR: 1 } });
    await place(world, 'o1', { CHAIR: 4 });
    await world.settle();
    await recorded(announce(world, 'in1', { CHAIR: 6, LAMP: 2 }));
    await recorded(receiveInbound(world, 'in1', { CHAIR: 2 }));
    await recorded(receiveInbound(world, 'in1', { CHAIR: 5, LAMP: 1 }));
    await recorded(world.useCases.cancelInbound('in1', 'bankrupt', contextOf('cancel in1')));
    await recorded(receiveInbound(world, 'in1', { LAMP: 3 }));
  },
  'goods that come back, in part to another warehouse, while the rest is called off': async (world) => {
    await openShop(world, { BER: { CHAIR: 3, LAMP: 3 }, PAR: { CHAIR: 0 } });
    await place(world, 'o1', { CHAIR: 3, LAMP: 2 });
    await place(world, 'o2', { CHAIR: 2 });
    await world.settle();
    await recorded(dispatch(world, 'o1', 'BER', { CHAIR: 3, LAMP: 2 }));
    await world.settle();
    await recorded(requestReturn(world, 'o1', { CHAIR: 3, LAMP: 2 }));
    await recorded(receiveReturn(world, 'o1-back', 'BER', { CHAIR: [1, 'restock'], LAMP: [1, 'quarantine'] }));
    await recorded(receiveReturn(world, 'o1-back', 'PAR', { CHAIR: [1, 'restock'], LAMP: [1, 'restock'] }));
    await recorded(world.useCases.cancelReturn('o1-back', 'kept', contextOf('cancel the return')));
  },
  'backorders that wait for goods on their way, which slip': async (world) => {
    await openShop(world, { BER: { CHAIR: 0 }, PAR: { CHAIR: 1 } });
    for (const orderId of ['o1', 'o2', 'o3']) await place(world, orderId, { CHAIR: 2 });
    await recorded(announce(world, 'in1', { CHAIR: 3 }));
    await recorded(announce(world, 'in2', { CHAIR: 3 }));
    await world.settle();
    const later = { expectedAt: '2026-03-15T09:00:00.000Z', lines: [] };
    await recorded(world.useCases.changeInbound('in1', later, contextOf('slip in1')));
    await recorded(cancel(world, 'o2'));
  },
  'reservations that expire': async (world) => {
    await openShop(world, { BER: { CHAIR: 3 }, PAR: { CHAIR: 2 } });
    await place(world, 'o1', { CHAIR: 4 });
    await place(world, 'o2', { CHAIR: 1 });
    await world.settle();
    world.clock.pass(reservationMs);
    await world.useCases.expireReservations();
  },
};

interface End {
  readonly events: number;
  readonly deaths: number;
  readonly faults: readonly string[];
  readonly result: object;
}

const play = async (scenario: Scenario, how: SettleOptions): Promise<End> => {
  const world = await openWorld();
  await scenario(world);
  const deaths = await world.settle(how);
  const orders = await world.log.orders();
  const sources = await Promise.all(
    orders.map(async ({ orderId, phase }) => {
      const pieces = Object.values(await sourcesOf(world.log, orderId)).reduce(
        (total, quantity) => total + quantity,
        0,
      );
      return [orderId, phase, pieces];
    }),
  );
  const end = {
    events: (await world.log.events()).length,
    deaths,
    faults: await faultsOf(world.log),
    result: {
      figures: await figuresOf(world.log),
      sources,
      fills: orders.map(({ orderId, fills }) => [orderId, fills]),
    },
  };
  await world.close();
  return end;
};

/** Where a process can die, until it gets through. */
const crashPoints = async function* (scenario: Scenario, how: SettleOptions): AsyncGenerator<[CrashPoint, End]> {
  for (let append = 1; ; append += 1) {
    for (const when of ['before', 'after'] as const) {
      const end = await play(scenario, { ...how, crashes: [{ append, when }] });
      if (end.deaths === 0) return;
      yield [{ append, when }, end];
    }
  }
};

describe.each(Object.entries(scenarios))('%s', (_name, scenario) => {
  it.each([
    ['batches as they come', 50],
    ['one event after another', 1],
  ])('ends the same way wherever a process dies, with %s', async (_batches, batchSize) => {
    const { result, faults } = await play(scenario, { batchSize });
    expect(faults).toEqual([]);
    let points = 0;
    for await (const [point, end] of crashPoints(scenario, { batchSize })) {
      points += 1;
      expect([end.faults, end.result], JSON.stringify(point)).toEqual([[], result]);
    }
    expect(points).toBeGreaterThan(1);
  });

  it('is done once, though each batch is handed over twice, and all of it once more at the end', async () => {
    const once = await play(scenario, {});
    const twice = await play(scenario, { twice: true });
    expect([twice.faults, twice.result, twice.events]).toEqual([[], once.result, once.events]);
    const world = await openWorld();
    await scenario(world);
    await world.settle();
    const settled = (await world.log.events()).length;
    world.restart();
    await world.redeliver();
    expect((await world.log.events()).slice(settled)).toEqual([]);
    await world.close();
  });

  it('is not done again weeks later, when all is handed over once more by a log that is blind to known ids', async () => {
    const store = createMemoryEvents({ isBlindToKnownIds: true });
    const world = await openWorld({ engine: async () => ({ store, close: () => Promise.resolve() }) });
    await scenario(world);
    await world.settle();
    const events = await world.log.events();
    const stocks = new Set(events.map(({ stream }) => stream).filter((stream) => stream.startsWith('stock-')));
    // More than is remembered with a state, and twice as long as the commands of clients are.
    for (let index = 0; index < 40; index += 1) {
      world.clock.pass(index % 20 === 0 ? 20 * 86_400_000 : 1);
      for (const stream of stocks) {
        const [warehouseId = '', sku = ''] = stream.slice('stock-'.length).split('.');
        await receive(world, warehouseId, sku, 1);
      }
    }
    await world.settle();
    const settled = (await world.log.events()).length;
    world.restart();
    await world.redeliver();
    expect((await world.log.events()).slice(settled)).toEqual([]);
    await world.close();
  });
});
