/** First come, first served: goods are offered to the orders that wait for them, by the time at which these were placed. */
import type { Handlers } from '../commands/handlers.ts';
import type { PlacedOrder } from '../domain/order/state.ts';
import { stockStream } from '../domain/values.ts';
import { createKeySetQueue, eachComing, mapLimited, type TakeTurn } from '../eventsourcing/concurrency.ts';
import { isBefore } from './allocationChanges.ts';
import type { AllocationFacts } from './allocationIndex.ts';
import type { Cause } from './cause.ts';
import type { WaitingOrder } from './ports.ts';
import { promiseOf, skusAskedFor } from './stockCandidates.ts';

export interface ServePorts {
  readonly handlers: Pick<Handlers, 'stock'>;
  readonly facts: AllocationFacts;
  readonly allocate: (orderId: string, cause: Cause) => Promise<void>;
  readonly takeTurn: TakeTurn;
}

/** Goods of an SKU came, or came free. */
export interface Arrival {
  readonly sku: string;
  readonly cause: Cause;
}

export interface ServeWaiting {
  /** Offers what is there of each SKU to all that wait for it, until it is used up. */
  serve(arrivals: readonly Arrival[]): Promise<void>;
  /** A warehouse was opened: each order that waits may find something there. */
  serveAll(cause: Cause): Promise<void>;
  /** The same as `serve` for all SKUs of an order that is about to be planned, to those only that were placed before it. */
  serveOlder(order: PlacedOrder, cause: Cause): Promise<void>;
}

/**
 * Orders that must come from one place may wait beside goods for something else, and each look at one costs a plan. So
 * many of them are asked before a later order is planned; when goods arrive, all of them are.
 */
const wholeOrdersAskedMax = 20;

/** Orders that are served side by side, as far as they wait for nothing in common. */
const concurrency = 128;

/** SKUs of an order that are looked at side by side. */
const looksAtOnce = 16;

export const createServeWaiting = ({ handlers, facts, allocate, takeTurn }: ServePorts): ServeWaiting => {
  const always = async (): Promise<boolean> => true;

  /**
   * The cache may be behind the log. That it says too much is found out by the append, that it says nothing is not.
   * @param isWorthAsking before the store is asked, which may be a server.
   */
  const isAvailable = async (sku: string, cause: Cause, isWorthAsking = always): Promise<boolean> => {
    const open = new Set((await facts.warehouses()).map(({ warehouseId }) => warehouseId));
    const holding = await facts.warehousesHolding(sku);
    const streams = holding.filter((id) => open.has(id)).map((warehouseId) => stockStream(warehouseId, sku));
    for (const stream of streams) if (promiseOf((await handlers.stock.load(stream)).state) > 0) return true;
    if (streams.length === 0 || !(await isWorthAsking())) return false;
    for (const stream of streams) {
      if (promiseOf((await handlers.stock.loadSince(stream, cause)).state) > 0) return true;
    }
    return false;
  };

  /** All that wait for any of these, by age: one that waits for two of them is there twice. */
  async function* inOrder(
    arrivals: readonly Arrival[],
    usedUp: ReadonlySet<string>,
  ): AsyncGenerator<Arrival & { readonly waiter: WaitingOrder }, void> {
    const queues = await Promise.all(
      arrivals.map(async (arrival) => {
        const waiters = facts.ordersWaitingFor(arrival.sku);
        return { arrival, waiters, next: await waiters.next() };
      }),
    );
    for (;;) {
      let first: (typeof queues)[number] | undefined;
      let oldest: WaitingOrder | undefined;
      for (const queue of queues) {
        if (queue.next.done === true || usedUp.has(queue.arrival.sku)) continue;
        const waiter = queue.next.value;
        if (oldest === undefined || isBefore(waiter, oldest)) [first, oldest] = [queue, waiter];
      }
      if (first === undefined || oldest === undefined) return;
      yield { ...first.arrival, waiter: oldest };
      first.next = await first.waiters.next();
    }
  }

  return {
    serve: async (arrivals) => {
      if (arrivals.length === 0) return;
      // Goods of many SKUs arrive together, and mostly no order waits for any.
      const skus = arrivals.map(({ sku }) => sku);
      if (!(await facts.isAnyWaitingFor(skus))) return;
      const usedUp = new Set<string>();
      const inLane = createKeySetQueue();
      await eachComing(inOrder(arrivals, usedUp), concurrency, ({ sku, cause, waiter }) =>
        inLane(waiter.skus, async () => {
          if (usedUp.has(sku)) return;
          if (await isAvailable(sku, cause)) await allocate(waiter.orderId, cause);
          else usedUp.add(sku);
        }),
      );
    },
    serveAll: async (cause) => {
      for await (const { orderId } of facts.ordersWaitingFor(null)) await allocate(orderId, cause);
    },
    serveOlder: async (order, cause) => {
      const skus = [...skusAskedFor(order)];
      // Mostly no order waits for any of them. Each look at one asks servers, and reads an order that may be as large.
      if (!(await facts.isAnyWaitingFor(skus))) return;
      const looks = await mapLimited(skus, looksAtOnce, async (sku) => {
        await takeTurn();
        const isWaitedFor = (): Promise<boolean> => facts.isAnyWaitingFor([sku]);
        const oldest = (await isAvailable(sku, cause, isWaitedFor)) ? await facts.oldestWaitingFor(sku) : null;
        return oldest !== null && isBefore(oldest, order) ? [sku] : [];
      });
      for (const sku of looks.flat()) {
        let wholeOrders = 0;
        for await (const waiting of facts.ordersWaitingFor(sku)) {
          if (!isBefore(waiting, order) || !(await isAvailable(sku, cause))) break;
          wholeOrders += waiting.allowSplit ? 0 : 1;
          if (wholeOrders > wholeOrdersAskedMax) break;
          await allocate(waiting.orderId, cause);
        }
      }
    },
  };
};
