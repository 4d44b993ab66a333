/** Whatever is announced, changed, received and cancelled, and however often and late stocks are told: the figures add up. */
import { array, assert, asyncProperty, constantFrom, integer, nat, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHandlers, type Handlers } from '../../src/commands/handlers.ts';
import { createInboundUseCases } from '../../src/commands/inbound.ts';
import { reactTo } from '../../src/domain/policies/reactions.ts';
import { warehouseStream } from '../../src/domain/values.ts';
import { createStateCache } from '../../src/eventsourcing/commandHandling/stateCache.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { causeOf } from '../../src/processManagers/cause.ts';
import { createMemoryEvents } from '../support/memoryEvents.ts';
import { contextOf, createClock } from '../support/world.ts';
import { describeWarehouse } from './arrange.ts';
import { inboundFaults } from './inboundFaults.ts';

const sequences = 2_000;
/** Printed with a failure; the same seed makes the same sequences. */
const seed = 20_261_128;

const skus = ['CHAIR', 'LAMP'] as const;
const days = ['2026-03-08T09:00:00.000Z', '2026-03-15T09:00:00.000Z'] as const;
const kinds = ['announce', 'change', 'receive', 'receive', 'cancel', 'tell'] as const;

/** `pieces` may be nothing; `line` names one that was announced, or not. */
const step = tuple(constantFrom(...kinds), nat(1), nat(3), integer({ min: 0, max: 9 }), nat());
type Step = typeof step extends { generate: (...given: never[]) => { readonly value: infer S } } ? S : never;

interface Sea {
  readonly handlers: Handlers;
  readonly events: () => Promise<readonly RecordedEvent[]>;
}

const openSea = async (): Promise<Sea> => {
  const store = createMemoryEvents();
  const handlers = createHandlers({ store, clock: createClock(), cache: createStateCache(1_000_000) });
  await handlers.warehouse(
    warehouseStream('BER'),
    { type: 'DefineWarehouse', warehouseId: 'BER', ...describeWarehouse() },
    contextOf('define'),
  );
  return { handlers, events: () => store.readAll(null, 'forwards', 10_000) };
};

/** In an order that follows from the number; each of them comes out once. */
const shuffled = <T>(items: readonly T[], order: number): readonly T[] =>
  items
    .map((item, index) => ({ item, place: Math.imul(index + 1, 2_654_435_761 ^ order) >>> 0 }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);

/** All that the events ask for so far, some of it twice, in any order. */
const tell = async ({ handlers, events }: Sea, order: number): Promise<void> => {
  const tells = (await events()).flatMap((event) =>
    reactTo(event).flatMap((reaction) =>
      reaction.type === 'Tell' && reaction.to === 'stock' ? [{ reaction, cause: causeOf(event) }] : [],
    ),
  );
  const again = tells.slice(0, order % (tells.length + 1));
  for (const { reaction, cause } of shuffled([...tells, ...again], order)) {
    await handlers.stock(reaction.stream, reaction.command, cause.contextAtEventTime(reaction.name));
  }
};

const play = async (sea: Sea, [kind, which, line, pieces, order]: Step, at: number): Promise<void> => {
  const inbound = createInboundUseCases(sea.handlers);
  const context = contextOf(`${kind} ${at}`);
  const inboundId = `in${which}`;
  const lineId = String(line);
  const sku = skus[line % 2] ?? 'CHAIR';
  const expectedAt = days[order % 2] ?? days[0];
  switch (kind) {
    case 'announce': {
      const lines = [{ lineId, sku, quantity: pieces + 1 }];
      await inbound.announceInbound({ inboundId, warehouseId: 'BER', reference: 'PO', expectedAt, lines }, context);
      return;
    }
    case 'change':
      await inbound.changeInbound(inboundId, { expectedAt, lines: [{ lineId, sku, quantity: pieces }] }, context);
      return;
    case 'receive':
      await inbound.receiveInbound(inboundId, [{ lineId, sku, accepted: pieces, rejected: order % 3 }], context);
      return;
    case 'cancel':
      await inbound.cancelInbound(inboundId, 'late', context);
      return;
    default:
      await tell(sea, order);
  }
};

describe(`${sequences} random ways of goods`, () => {
  it('leave each stock expecting what is still to come, and having what was accepted, and nothing negative', async () => {
    const seen = new Set<string>();
    await assert(
      asyncProperty(array(step, { minLength: 4, maxLength: 20 }), nat(), async (steps, order) => {
        const sea = await openSea();
        await play(sea, ['announce', 0, 0, 5, 0], -1);
        for (const [at, each] of steps.entries()) await play(sea, each, at);
        await tell(sea, order);
        const told = await sea.events();
        for (const { type } of told) seen.add(type);
        expect(inboundFaults(told)).toEqual([]);
        // Once more, and later: nothing happens.
        await tell(sea, order + 1);
        expect((await sea.events()).length).toBe(told.length);
      }),
      { numRuns: sequences, seed },
    );
    // Or the invariants above were not put to the test.
    for (const type of ['InboundChanged', 'InboundReceived', 'InboundCancelled', 'StockExpected', 'StockArrived']) {
      expect(seen).toContain(type);
    }
  });
});
