/** A store that has been in use for long: many stocks with a history, stocks with many open reservations, long streams. */
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { Stock } from '../../src/domain/stock/state.ts';
import { stockStream, warehouseStream } from '../../src/domain/values.ts';
import { warehouseDecider } from '../../src/domain/warehouse/decider.ts';
import { createPace, eventsPerRound, openQuickStore } from '../quickStore.ts';
import { berlin, warehouseId } from '../requests.ts';
import { type Book, bookMs, createBook } from '../stall/book.ts';

export interface GrownSize {
  /** Stocks with a history of `eventsEach`. */
  readonly stocks: number;
  readonly eventsEach: number;
  /** Open reservations on `contested` stocks, in the store that has many of them. */
  readonly manyOpen: number;
  readonly fewOpen: number;
  /** Events of a long stream; a short one has 100. */
  readonly longEvents: number;
}

/** Stocks that reservations are spread over. */
export const contested = 50;
/** What is used up by a round exists once for each. */
export const copies = 5;
const shortEvents = 100;
const eventsPerAppend = 10;
const reservationsPerAppend = 50;
const farFuture = '2099-01-01T00:00:00.000Z';

export const grownSku = (at: number): string => `GROWN-${at}`;
export const manySku = (at: number): string => `MANY-${at}`;
export const fewSku =
  (copy: number) =>
  (at: number): string =>
    `FEW-${copy}-${at}`;
export const longSku = (copy: number): string => `LONG-${copy}`;
export const shortSku = (copy: number): string => `SHORT-${copy}`;

export const eventsOf = ({ stocks, eventsEach, manyOpen, fewOpen, longEvents }: GrownSize): number =>
  stocks * eventsEach + manyOpen + copies * (fewOpen + longEvents + shortEvents) + contested * (copies + 1) + 1;

type Change = Parameters<typeof stockDecider.decide>[0];

const createStocks = (book: Book) => {
  const states = new Map<string, Stock>();
  const write = (sku: string, commands: readonly Change[]): void => {
    const stream = stockStream(warehouseId, sku);
    states.set(stream, book.write(stream, stockDecider, states.get(stream) ?? stockDecider.initialState, commands));
  };
  const at = (sku: string) => ({ warehouseId, sku, occurredAt: book.now() });
  return {
    register: (sku: string, onHand: number): void =>
      write(sku, [{ type: 'RegisterStock', ...at(sku), onHand, safetyStock: 0 }]),
    adjust: (sku: string, times: number): void =>
      write(
        sku,
        Array.from({ length: times }, () => ({ type: 'AdjustStock', ...at(sku), delta: 1, reason: 'found' })),
      ),
    reserve: (sku: string, from: number, times: number): void =>
      write(
        sku,
        Array.from({ length: times }, (_, index) => ({
          type: 'ReserveStock',
          ...at(sku),
          reservationId: `${sku}-${from + index}`,
          quantity: 1,
          expiresAt: farFuture,
        })),
      ),
  };
};

type Stocks = ReturnType<typeof createStocks>;

/** In turn, so that the events of one stock lie far apart in the file, as they do in use. */
function* adjustInTurn({ register, adjust }: Stocks, skus: readonly string[], events: number): Generator<() => void> {
  for (const sku of skus) yield () => register(sku, 0);
  for (let left = events - 1; left > 0; left -= eventsPerAppend)
    for (const sku of skus) yield () => adjust(sku, Math.min(left, eventsPerAppend));
}

function* reserveInTurn({ register, reserve }: Stocks, skus: readonly string[], open: number): Generator<() => void> {
  for (const sku of skus) yield () => register(sku, 1_000_000_000);
  const each = Math.ceil(open / skus.length);
  for (let from = 0; from < each; from += reservationsPerAppend)
    for (const sku of skus) yield () => reserve(sku, from, Math.min(each - from, reservationsPerAppend));
}

const listOf = (length: number, skuOf: (at: number) => string): readonly string[] =>
  Array.from({ length }, (_, at) => skuOf(at));

/** A stock in use has had some events since its last snapshot: half of those that lie between two, on average. */
const sinceOf = (events: number): number => Math.min(25, Math.floor(events / 4));

function* history(stocks: Stocks, size: GrownSize): Generator<() => void> {
  const adjusted = (skus: readonly string[], events: number) => adjustInTurn(stocks, skus, events - sinceOf(events));
  yield* adjusted(listOf(size.stocks, grownSku), size.eventsEach);
  yield* reserveInTurn(stocks, listOf(contested, manySku), size.manyOpen);
  for (let copy = 0; copy < copies; copy += 1) {
    yield* reserveInTurn(stocks, listOf(contested, fewSku(copy)), size.fewOpen);
    yield* adjusted([longSku(copy)], size.longEvents);
    yield* adjusted([shortSku(copy)], shortEvents);
  }
}

/** Those with a history, and how many events each has. */
const withHistory = ({ stocks, eventsEach, longEvents }: GrownSize): readonly (readonly [string, number])[] => [
  ...listOf(stocks, grownSku).map((sku) => [sku, eventsEach] as const),
  ...listOf(copies, longSku).map((sku) => [sku, longEvents] as const),
  ...listOf(copies, shortSku).map((sku) => [sku, shortEvents] as const),
];

function* sinceSnapshots(stocks: Stocks, skus: ReturnType<typeof withHistory>): Generator<() => void> {
  for (const [sku, events] of skus) yield () => stocks.adjust(sku, sinceOf(events));
}

/** Makes the store in this directory. Says now and then how far it has come. */
export const buildGrown = async (dataDir: string, size: GrownSize, say: (line: string) => void): Promise<void> => {
  const store = await openQuickStore(dataDir);
  try {
    const book = createBook(Date.now() - bookMs(eventsOf(size)) - 3_600_000);
    const pace = createPace(say);
    book.write(warehouseStream(warehouseId), warehouseDecider, warehouseDecider.initialState, [
      { type: 'DefineWarehouse', warehouseId, ...berlin, sourcing: 'open' },
    ]);
    let stored = 0;
    const putAll = async (writes: Iterable<() => void>): Promise<void> => {
      for (const write of writes) {
        write();
        if (book.count() - stored < eventsPerRound) continue;
        stored = book.count();
        await store.put(book.take());
        pace(stored, false);
      }
      await store.put(book.take());
    };
    const [stocks, skus] = [createStocks(book), withHistory(size)];
    await putAll(history(stocks, size));
    say('snapshots');
    const snapshotted = [...skus.map(([sku]) => sku), ...listOf(contested, manySku)];
    await store.writeSnapshots(snapshotted.map((sku) => stockStream(warehouseId, sku)));
    await putAll(sinceSnapshots(stocks, skus));
    await store.finish();
    pace(book.count(), true);
  } finally {
    await store.close();
  }
};
