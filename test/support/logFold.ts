/** What the log says, worked out by folding all of it: no projection, no cache, nothing that could be wrong twice. */
import { entriesOf, lookUp } from '../../src/domain/bucketMap.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import type { OrderEvent } from '../../src/domain/order/events.ts';
import { unsourcedOf } from '../../src/domain/order/lacks.ts';
import type { Order, PlacedOrder } from '../../src/domain/order/state.ts';
import type { Reservation } from '../../src/domain/stock/claims.ts';
import { expiredAt, stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { evolveStock, type KnownStock, type Stock } from '../../src/domain/stock/state.ts';
import { categoryOf, type DomainEvent, type Position, type RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { EventSource } from '../../src/eventsourcing/ports.ts';
import type {
  AllocationReadModels,
  DueReservation,
  DueReservations,
  SourcingWarehouse,
  WaitingOrder,
} from '../../src/processManagers/ports.ts';

/** Stands for any page that is large enough for a test. */
const pageEvents = 1_000;
/** Small, so that tests have more than one page of waiting orders. */
const pageOrders = 3;

export interface ShelfState {
  readonly warehouseId: string;
  readonly sku: string;
  readonly stock: KnownStock;
}
export interface OpenReservation extends Reservation {
  readonly reservationId: string;
  readonly warehouseId: string;
  readonly sku: string;
}

export interface LogFold extends AllocationReadModels, DueReservations {
  /** All events, in order. */
  events(): Promise<readonly RecordedEvent[]>;
  shelves(): Promise<readonly ShelfState[]>;
  orders(): Promise<readonly PlacedOrder[]>;
  openReservations(): Promise<readonly OpenReservation[]>;
  /** By age; `null`: for any SKU. */
  waitingFor(sku: string | null): Promise<readonly WaitingOrder[]>;
}

export const createLogFold = (source: Pick<EventSource, 'readAll'>): LogFold => {
  const log: RecordedEvent[] = [];
  const warehouses = new Map<string, SourcingWarehouse>();
  const shelves = new Map<string, { readonly warehouseId: string; readonly sku: string; readonly stock: Stock }>();
  const orders = new Map<string, Order>();

  const fold = ({ stream, type, data }: RecordedEvent): void => {
    const event = { type, data } as DomainEvent;
    if (type === 'WarehouseDefined' || type === 'WarehouseSourcingSet') {
      const known = warehouses.get(stream) ?? { sourcing: 'open' };
      warehouses.set(stream, { ...known, ...(data as SourcingWarehouse) });
    }
    if (categoryOf(stream) === 'stock') {
      const { warehouseId, sku } = data as StockEvent['data'];
      const stock = evolveStock(shelves.get(stream)?.stock ?? stockDecider.initialState, event as StockEvent);
      shelves.set(stream, { warehouseId, sku, stock });
    }
    if (categoryOf(stream) === 'order') {
      orders.set(stream, orderDecider.evolve(orders.get(stream) ?? orderDecider.initialState, event as OrderEvent));
    }
  };

  /** Each call reads on from where the last one stopped; calls in between wait for it. */
  let reading: Promise<void> = Promise.resolve();
  const readOn = (): Promise<void> => {
    reading = reading.then(async () => {
      for (;;) {
        const from: Position | null = log.at(-1)?.position ?? null;
        const events = await source.readAll(from, 'forwards', pageEvents);
        for (const event of events) {
          log.push(event);
          fold(event);
        }
        if (events.length < pageEvents) return;
      }
    });
    return reading;
  };

  const known = (): ShelfState[] =>
    [...shelves.values()].flatMap(({ stock, ...place }) => (stock.phase === 'absent' ? [] : [{ ...place, stock }]));
  const placed = (): PlacedOrder[] =>
    [...orders.values()].flatMap((order) => (order.phase === 'absent' ? [] : [order]));

  const waitingFor = (sku: string | null): readonly WaitingOrder[] => {
    const skusOf = (order: PlacedOrder): readonly string[] => {
      const missing = new Set(unsourcedOf(order).map(({ lineId }) => lineId));
      return [...new Set(order.lines.filter(({ lineId }) => missing.has(lineId)).map((line) => line.sku))];
    };
    return placed()
      .filter(({ phase }) => phase === 'open')
      .map(({ orderId, placedAt, allowSplit, ...order }) => ({
        orderId,
        placedAt,
        allowSplit,
        skus: skusOf({ orderId, placedAt, allowSplit, ...order }),
      }))
      .filter(({ skus }) => skus.length > 0 && (sku === null || skus.includes(sku)))
      .sort((a, b) => (`${a.placedAt}${a.orderId}` < `${b.placedAt}${b.orderId}` ? -1 : 1));
  };

  return {
    builds: () => 'the log',
    position: () => log.at(-1)?.position ?? null,
    storedPosition: async () => log.at(-1)?.position ?? null,
    warehouses: async () => {
      await readOn();
      return [...warehouses.values()];
    },
    warehousesHolding: async (wanted) => {
      await readOn();
      return known().flatMap(({ warehouseId, sku, stock }) =>
        sku === wanted && stock.phase === 'active' ? [warehouseId] : [],
      );
    },
    waitingFor: async (sku) => {
      await readOn();
      return waitingFor(sku);
    },
    isAnyWaitingFor: async (skus) => {
      await readOn();
      return (skus ?? [null]).some((sku) => waitingFor(sku).length > 0);
    },
    ordersWaitingFor: async (sku, { cursor }) => {
      await readOn();
      const waiting = waitingFor(sku).filter(
        ({ placedAt, orderId }) => cursor === null || `${placedAt}${orderId}` > cursor,
      );
      const last = waiting[pageOrders - 1];
      const nextCursor = waiting.length > pageOrders && last ? `${last.placedAt}${last.orderId}` : null;
      return { orders: waiting.slice(0, pageOrders), nextCursor };
    },
    dueAt: async (now, limit, after) => {
      await readOn();
      const keyOf = ({ warehouseId, sku, reservationId, expiresAt }: DueReservation): string =>
        [expiresAt, warehouseId, sku, reservationId].join(' ');
      const dueOf = ({ stock, ...place }: ShelfState): readonly DueReservation[] =>
        expiredAt(stock, now).map((reservationId) => {
          const expiresAt = new Date(lookUp(stock.reservations, reservationId)?.expiresAtMs ?? 0).toISOString();
          return { ...place, reservationId, expiresAt };
        });
      return known()
        .flatMap(dueOf)
        .filter((due) => after === undefined || keyOf(due) > keyOf(after))
        .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
        .slice(0, limit);
    },
    events: async () => {
      await readOn();
      return [...log];
    },
    shelves: async () => {
      await readOn();
      return known();
    },
    orders: async () => {
      await readOn();
      return placed();
    },
    openReservations: async () => {
      await readOn();
      return known().flatMap(({ stock, ...place }) =>
        [...entriesOf(stock.reservations)].map(([reservationId, open]) => ({ ...open, ...place, reservationId })),
      );
    },
  };
};
