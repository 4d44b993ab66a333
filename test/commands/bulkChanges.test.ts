/** Bulk changes beside what people, shops and policies ask for: who sends without end must not make the others wait. */
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import type { StockChange } from '../../src/commands/stock.ts';
import { orderStream, stockStream } from '../../src/domain/values.ts';
import { change, openShop, place } from '../processManagers/arrange.ts';
import { createMemoryEvents } from '../support/memoryEvents.ts';
import { openWorld, type World } from '../support/world.ts';

const skus = Array.from({ length: 300 }, (_, index) => `SKU${index}`);
const orderId = '6f0e9f0a-43a5-4d0c-9a2d-3f7d5b6c1a01';

let world: World;
/** Streams in the order in which the store was asked to append to them, from `hold` on. */
let asked: string[];
/** From now on the store answers no append until `letGo`. */
let hold: () => void;
let letGo: () => void;

beforeEach(async () => {
  let gate = Promise.resolve();
  hold = () => {
    asked = [];
    gate = new Promise((resolve) => {
      letGo = resolve;
    });
  };
  const memory = createMemoryEvents();
  const store: typeof memory = {
    ...memory,
    append: async (stream, expected, events) => {
      asked.push(stream);
      await gate;
      return memory.append(stream, expected, events);
    },
  };
  asked = [];
  world = await openWorld({ engine: async () => ({ store, close: async () => undefined }) });
  onTestFinished(() => world.close());
  await openShop(world, { BER: Object.fromEntries(skus.map((sku) => [sku, 10])) });
  hold();
});

const found = (name: string, sku: string): StockChange =>
  change(world, name, { type: 'AdjustStock', warehouseId: 'BER', sku, delta: 1, reason: 'found' });

const revisionsOf = (outcomes: readonly PromiseSettledResult<object>[]): unknown[] =>
  outcomes.map((outcome) =>
    outcome.status === 'fulfilled' && 'revision' in outcome.value ? outcome.value.revision : outcome,
  );

it('go to the store a few at a time, of all requests together, so that an order is not behind all of them', async () => {
  const bulks = ['one', 'two', 'three'].map((request) =>
    world.useCases.changeStocks(skus.map((sku) => found(`${request} ${sku}`, sku))),
  );
  await expect.poll(() => asked.length).toBe(128);
  const placed = place(world, orderId, { SKU0: 1 });
  await expect.poll(() => asked.at(-1)).toBe(orderStream(orderId));
  expect(asked).toHaveLength(129);
  letGo();
  expect(await placed).toMatchObject({ kind: 'recorded' });
  for (const outcomes of await Promise.all(bulks)) {
    expect(outcomes.map(({ status }) => status)).toEqual(skus.map(() => 'fulfilled'));
  }
  // Each stock has what each request found there.
  expect((await world.log.shelves()).map(({ stock }) => stock.balance.onHand)).toEqual(skus.map(() => 13));
});

it('for one stock go in appends, and what others ask for of that stock goes between two of them', async () => {
  const bulk = world.useCases.changeStocks(Array.from({ length: 300 }, (_, row) => found(`row ${row}`, 'SKU0')));
  await expect.poll(() => asked).toEqual([stockStream('BER', 'SKU0')]);
  const single = world.useCases.changeStock(found('single', 'SKU0'));
  letGo();
  expect(await single).toMatchObject({ kind: 'recorded', revision: 129 });
  const revisions = Array.from({ length: 301 }, (_, index) => index + 1).filter((revision) => revision !== 129);
  expect(revisionsOf(await bulk)).toEqual(revisions);
});
