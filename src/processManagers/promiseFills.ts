/**
 * First come, first served, of what is still on its way: each order that waits is told which lines of inbound shipments will
 * fill it, the earliest for the oldest (T2, B10). All of one SKU is worked out anew each time, so that a line that slips,
 * shrinks or is cancelled moves everybody behind it; who is told the same again records nothing.
 */
import type { Handlers } from '../commands/handlers.ts';
import type { ExpectedFill, FillCause } from '../domain/order/fillEvents.ts';
import { fillsOf } from '../domain/order/fills.ts';
import { lacksOf } from '../domain/order/lacks.ts';
import type { PlacedOrder } from '../domain/order/state.ts';
import { type ExpectedLine, expectedIn, inOrder } from '../domain/stock/arrivals.ts';
import { freeOf } from '../domain/stock/state.ts';
import { orderStream, sameJson, stockStream } from '../domain/values.ts';
import type { TakeTurn } from '../eventsourcing/concurrency.ts';
import type { AllocationFacts } from './allocationIndex.ts';
import type { Cause } from './cause.ts';
import { isLeftAlone } from './stockCandidates.ts';

/** Orders that are told, of all that wait for one SKU: each look at one may read it. Those behind are told when they move up. */
const toldMax = 500;

export interface FillTask {
  readonly sku: string;
  readonly cause: Cause;
  readonly because: FillCause;
}
export interface OrderFillTask {
  readonly orderId: string;
  readonly cause: Cause;
  readonly because: FillCause;
}

interface Supply extends ExpectedLine {
  readonly warehouseId: string;
}

interface FillPorts {
  readonly handlers: Pick<Handlers, 'stock' | 'order'>;
  readonly facts: AllocationFacts;
  readonly takeTurn: TakeTurn;
}

/** The safety stock is filled first: what it takes of the earliest lines is nobody's. */
const withoutCushion = (lines: readonly ExpectedLine[], cushion: number): readonly ExpectedLine[] => {
  let left = cushion;
  return lines.flatMap((line) => {
    const taken = Math.min(left, line.quantity);
    left -= taken;
    return taken === line.quantity ? [] : [{ ...line, quantity: line.quantity - taken }];
  });
};

/** What an order lacks, from the front of what is on its way. @returns what it gets, and what is left for the others. */
const fill = (
  order: PlacedOrder,
  sku: string,
  supplies: readonly Supply[],
): readonly [fills: readonly ExpectedFill[], left: readonly Supply[]] => {
  const fills: ExpectedFill[] = [];
  let left = supplies;
  for (const lack of lacksOf(order).filter((each) => each.sku === sku)) {
    let wanted = lack.quantity;
    for (let first = left[0]; first !== undefined && wanted > 0; first = left[0]) {
      const { warehouseId, inboundId, lineId: inboundLineId, expectedAt } = first;
      const quantity = Math.min(wanted, first.quantity);
      wanted -= quantity;
      fills.push({ lineId: lack.lineId, sku, quantity, warehouseId, inboundId, inboundLineId, expectedAt });
      const rest = { ...first, quantity: first.quantity - quantity };
      left = rest.quantity > 0 ? [rest, ...left.slice(1)] : left.slice(1);
    }
  }
  return [fills, left];
};

export const createPromiseFills = ({ handlers, facts, takeTurn }: FillPorts) => {
  /** Of all warehouses that orders are served from, the earliest first. */
  const suppliesOf = async ({ sku, cause }: FillTask): Promise<readonly Supply[]> => {
    const open = new Set((await facts.warehouses()).map(({ warehouseId }) => warehouseId));
    const supplies: Supply[] = [];
    for (const warehouseId of await facts.warehousesHolding(sku)) {
      if (!open.has(warehouseId)) continue;
      const { state } = await handlers.stock.loadSince(stockStream(warehouseId, sku), cause);
      if (state.phase !== 'active') continue;
      const cushion = Math.max(0, state.balance.safetyStock - freeOf(state.balance));
      const lines = withoutCushion(inOrder(expectedIn(state.arrivals)), cushion);
      supplies.push(...lines.map((line) => ({ ...line, warehouseId })));
    }
    return inOrder(supplies);
  };

  const promiseSku = async (task: FillTask): Promise<void> => {
    const { sku, cause, because } = task;
    if (!(await facts.isAnyWaitingFor([sku]))) return;
    let supplies = await suppliesOf(task);
    // Only news of goods on their way takes back what was promised of them; and mostly there are none.
    if (supplies.length === 0 && because !== 'inbound_changed') return;
    let told = 0;
    for await (const { orderId } of facts.ordersWaitingFor(sku)) {
      await takeTurn();
      const stream = orderStream(orderId);
      const { state: order } = await handlers.order.loadSince(stream, cause);
      if (order.phase === 'absent') continue;
      const [fills, left] = isLeftAlone(order) ? [[], supplies] : fill(order, sku, supplies);
      supplies = left;
      if (!sameJson(fillsOf(order, sku), fills)) {
        const context = cause.context(`promise/${orderId}/${sku}`);
        await handlers.order(stream, { type: 'PromiseFill', sku, fills, because }, context);
      }
      told += 1;
      if (told === toldMax) return;
    }
  };

  /** What it waits for, and what was promised to it. */
  const skusOf = async ({ orderId, cause }: OrderFillTask): Promise<readonly string[]> => {
    const { state: order } = await handlers.order.loadSince(orderStream(orderId), cause);
    if (order.phase === 'absent') return [];
    return [...lacksOf(order), ...(order.fills ?? [])].map(({ sku }) => sku);
  };

  return async (tasks: readonly FillTask[], orders: readonly OrderFillTask[]): Promise<void> => {
    const bySku = new Map(tasks.map((task) => [task.sku, task]));
    for (const order of orders) {
      const { cause, because } = order;
      for (const sku of await skusOf(order)) if (!bySku.has(sku)) bySku.set(sku, { sku, cause, because });
    }
    for (const task of bySku.values()) await promiseSku(task);
  };
};
