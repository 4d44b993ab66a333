/** What events have changed of which the read models may not know yet. In memory, and no longer than until they do. */
import type { Handlers } from '../commands/handlers.ts';
import { lacksOf } from '../domain/order/lacks.ts';
import type { Order } from '../domain/order/state.ts';
import type { Warehouse } from '../domain/warehouse/decider.ts';
import type { Loaded } from '../eventsourcing/commandHandling/stateCache.ts';
import type { Streams } from '../eventsourcing/commandHandling/streams.ts';
import { eachLimited, type TakeTurn } from '../eventsourcing/concurrency.ts';
import { categoryOf, comparePositions, type Position, type RecordedEvent } from '../eventsourcing/message.ts';
import type { SourcingWarehouse, WaitingOrder } from './ports.ts';

/** Events after which more may be found than before, or other warehouses. */
export const indexedTypes: readonly string[] = [
  'WarehouseDefined',
  'WarehouseSourcingSet',
  'StockRegistered',
  'OrderLinesChanged',
  'OrderAllocated',
  'OrderBackordered',
  'OrderAllocationLapsed',
  'OrderAllocationReduced',
  'OrderSourcesReleased',
  'OrderCancelled',
  'OrderRemainderCancelled',
  'OrderShipmentDispatched',
  'OrderShipmentVoided',
];
const indexed = new Set(indexedTypes);

/** States that are loaded at once; mostly all of them are in the cache. */
const loadsAtOnce = 32;
interface KeptChange<T> {
  readonly value: T;
  readonly position: Position;
}

/** Taken out of the list of what to forget at once: to shift a list one by one walks over all of it. */
const forgottenMax = 1_000;

/** The latest value of each key, and where in the log it was changed last. */
const createChanges = <T>() => {
  const latest = new Map<string, KeptChange<T>>();
  /** In the order in which they were put. */
  let put: { readonly key: string; readonly position: Position }[] = [];
  let forgotten = 0;
  return {
    get: (key: string): T | undefined => latest.get(key)?.value,
    put: (key: string, value: T, position: Position): void => {
      const known = latest.get(key)?.position;
      const at = known !== undefined && comparePositions(known, position) > 0 ? known : position;
      latest.set(key, { value, position: at });
      put.push({ key, position: at });
    },
    /** Up to the first that lies beyond, as the list is nearly in the order of the log. */
    forgetUpTo: (position: Position, onForgotten: (key: string, value: T) => void = () => undefined): void => {
      for (let oldest = put[forgotten]; oldest !== undefined; oldest = put[forgotten]) {
        if (comparePositions(oldest.position, position) > 0) break;
        forgotten += 1;
        const change = latest.get(oldest.key);
        if (change === undefined || comparePositions(change.position, position) > 0) continue;
        latest.delete(oldest.key);
        onForgotten(oldest.key, change.value);
      }
      if (forgotten < forgottenMax) return;
      put = put.slice(forgotten);
      forgotten = 0;
    },
    values: (): readonly T[] => [...latest.values()].map(({ value }) => value),
    /** Of keys and of what is still to be forgotten of them: what memory holds. */
    size: (): number => put.length - forgotten,
    clear: (): void => {
      latest.clear();
      [put, forgotten] = [[], 0];
    },
  };
};

/** The first come, first served. */
export const isBefore = (a: Pick<WaitingOrder, 'placedAt' | 'orderId'>, b: typeof a): boolean =>
  a.placedAt === b.placedAt ? a.orderId < b.orderId : a.placedAt < b.placedAt;

const byAge = (a: WaitingOrder, b: WaitingOrder): number => (isBefore(a, b) ? -1 : 1);

/** Orders by their ids: what they wait for now, or `null` where that is nothing; and which of them wait for a SKU. */
const createWaitingOrders = () => {
  const changes = createChanges<WaitingOrder | null>();
  const bySku = new Map<string, Map<string, WaitingOrder>>();

  const remove = (orderId: string, before: WaitingOrder | null | undefined): void => {
    for (const sku of before?.skus ?? []) {
      const orders = bySku.get(sku);
      orders?.delete(orderId);
      if (orders?.size === 0) bySku.delete(sku);
    }
  };

  return {
    put: (orderId: string, order: WaitingOrder | null, position: Position): void => {
      remove(orderId, changes.get(orderId));
      changes.put(orderId, order, position);
      for (const sku of order?.skus ?? []) {
        const orders = bySku.get(sku) ?? new Map<string, WaitingOrder>();
        bySku.set(sku, orders.set(orderId, order as WaitingOrder));
      }
    },
    isAnyFor: (skus: readonly string[]): boolean => bySku.size > 0 && skus.some((sku) => bySku.has(sku)),
    /** By age. `null`: for any. */
    for: (sku: string | null): readonly WaitingOrder[] => {
      const orders = sku === null ? changes.values().filter((order) => order !== null) : bySku.get(sku)?.values();
      return [...(orders ?? [])].sort(byAge);
    },
    /** What is known of an order that is stored as waiting for this SKU; `null`: it no longer does. */
    latest: (stored: WaitingOrder, sku: string | null): WaitingOrder | null => {
      const changed = changes.get(stored.orderId);
      if (changed === undefined) return stored;
      return changed === null || (sku !== null && !changed.skus.includes(sku)) ? null : changed;
    },
    forgetUpTo: (position: Position): void => {
      changes.forgetUpTo(position, remove);
    },
    size: changes.size,
    clear: (): void => {
      changes.clear();
      bySku.clear();
    },
  };
};

export interface ChangePorts {
  readonly handlers: Pick<Handlers, 'order' | 'warehouse'>;
  readonly takeTurn: TakeTurn;
}

const waitingOf = (order: Order): WaitingOrder | null => {
  if (order.phase !== 'open') return null;
  const skus = [...new Set(lacksOf(order).map(({ sku }) => sku))];
  const { orderId, placedAt, allowSplit } = order;
  return skus.length === 0 ? null : { orderId, placedAt, allowSplit, skus };
};

const sourcingOf = (warehouse: Warehouse): readonly SourcingWarehouse[] =>
  warehouse.phase === 'absent' ? [] : [{ ...warehouse.description, sourcing: warehouse.sourcing }];

/** At least as new as the event. The cache may not have been told of it yet, or it is another process's. */
const stateAt = async <State>(
  { load, loadSince }: Pick<Streams<State>, 'load' | 'loadSince'>,
  event: RecordedEvent,
): Promise<State> => {
  const known: Loaded<State> = await load(event.stream);
  return (known.revision < event.revision ? await loadSince(event.stream, event) : known).state;
};

export const createAllocationChanges = ({ handlers, takeTurn }: ChangePorts) => {
  const warehouses = createChanges<readonly SourcingWarehouse[]>();
  const holders = createChanges<readonly string[]>();
  const waiting = createWaitingOrders();
  const all = [warehouses, holders, waiting];

  const learnOne = async (event: RecordedEvent): Promise<void> => {
    await takeTurn();
    const { stream, position, data } = event;
    if (categoryOf(stream) === 'warehouse') {
      const { warehouseId } = data as { readonly warehouseId: string };
      warehouses.put(warehouseId, sourcingOf(await stateAt(handlers.warehouse, event)), position);
    } else {
      const { orderId } = data as { readonly orderId: string };
      waiting.put(orderId, waitingOf(await stateAt(handlers.order, event)), position);
    }
  };

  const learn = async (events: readonly RecordedEvent[]): Promise<void> => {
    const latest = new Map<string, RecordedEvent>();
    for (const event of events) {
      if (event.type === 'StockRegistered') {
        const { sku, warehouseId } = event.data as { readonly sku: string; readonly warehouseId: string };
        holders.put(sku, [...new Set([...(holders.get(sku) ?? []), warehouseId])], event.position);
      } else if (indexed.has(event.type)) latest.set(event.stream, event);
    }
    await eachLimited([...latest.values()], loadsAtOnce, learnOne);
  };

  return {
    warehouses,
    /** Ids of warehouses by SKU. */
    holders,
    waiting,
    learn,
    forgetUpTo: (position: Position): void => {
      for (const changes of all) changes.forgetUpTo(position);
    },
    size: (): number => all.reduce((sum, { size }) => sum + size(), 0),
    clear: (): void => {
      for (const changes of all) changes.clear();
    },
  };
};
