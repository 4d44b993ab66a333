/** What must hold once the policies have followed the log to its end. */
import { unsourcedOf } from '../../src/domain/order/lacks.ts';
import { isEnded, type PlacedOrder } from '../../src/domain/order/state.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { availableOf, evolveStock, freeOf, type KnownStock, type Stock } from '../../src/domain/stock/state.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { LogFold, OpenReservation } from '../support/logFold.ts';
import { broughtBy, onHandOf } from '../support/stockFacts.ts';
import { inboundFaults } from './inboundFaults.ts';

const sum = (of: readonly { readonly quantity: number }[]): number =>
  of.reduce((total, { quantity }) => total + quantity, 0);

/** Nothing is promised twice after an append, and the figures that an event carries are those of the fold. */
const faultsAt = ({ stream, revision, data }: RecordedEvent, stock: KnownStock, isLast: boolean): string[] => {
  const { balance } = stock;
  const faults: string[] = [];
  if ((isLast && freeOf(balance) < 0) || availableOf(balance) < 0) faults.push(`${stream}@${revision}: promised twice`);
  const { after } = data as StockEvent['data'];
  if (JSON.stringify(after) !== JSON.stringify(balance)) faults.push(`${stream}@${revision}: not the fold`);
  return faults;
};

/** At every event, and of all that was ever brought: it is on a shelf or was taken out. */
const stockFaults = (events: readonly RecordedEvent[]): string[] => {
  const stocks = new Map<string, Stock>();
  /** Pieces by SKU that were brought and are not there. */
  const lost = new Map<string, number>();
  const faults: string[] = [];
  for (const [index, recorded] of events.entries()) {
    if (!recorded.stream.startsWith('stock-')) continue;
    // A fact and what it takes from claims stand in one append.
    const isLast = events[index + 1]?.metadata.commandId !== recorded.metadata.commandId;
    const event = { type: recorded.type, data: recorded.data } as StockEvent;
    const { sku } = event.data;
    const before = stocks.get(recorded.stream) ?? stockDecider.initialState;
    const stock = evolveStock(before, event);
    stocks.set(recorded.stream, stock);
    lost.set(sku, (lost.get(sku) ?? 0) + broughtBy(event) - (onHandOf(stock) - onHandOf(before)));
    if (stock.phase !== 'absent') faults.push(...faultsAt(recorded, stock, isLast));
  }
  for (const [sku, pieces] of lost) if (pieces !== 0) faults.push(`${sku}: ${pieces} pieces were lost`);
  return faults;
};

/** Reservations that no policy made, by stock and id. */
const heldByPeople = (events: readonly RecordedEvent[]): ReadonlySet<string> =>
  new Set(
    events.flatMap(({ type, data, metadata }) => {
      if (type !== 'StockReserved' || metadata.actor.kind === 'system') return [];
      const { warehouseId, sku, reservationId } = data as Extract<StockEvent, { type: 'StockReserved' }>['data'];
      return [`${warehouseId}.${sku}.${reservationId}`];
    }),
  );

/** What a person holds for an order is no source of it as long as it lacks nothing of it, is on hold, or can not use a part. */
const mayBeUncounted = (order: PlacedOrder, { sku }: OpenReservation): boolean => {
  if (isEnded(order)) return false;
  const lacking = new Set(unsourcedOf(order).map(({ lineId }) => lineId));
  const isLacking = order.lines.some((line) => line.sku === sku && lacking.has(line.lineId));
  return !isLacking || order.held || !order.allowSplit || order.excludesHolds === true;
};

/** Each side knows exactly what the other counts on. */
const orderFaults = (order: PlacedOrder, open: readonly OpenReservation[], held: ReadonlySet<string>): string[] => {
  const { orderId, phase, allowSplit, allocations } = order;
  // What a person held under its id of something else ends by its time.
  const skus = new Set(order.lines.map(({ sku }) => sku));
  const sources = new Set(allocations.map(({ reservationId }) => reservationId));
  const isHeld = (each: OpenReservation): boolean =>
    !sources.has(each.reservationId) &&
    held.has(`${each.warehouseId}.${each.sku}.${each.reservationId}`) &&
    mayBeUncounted(order, each);
  const own = open.filter((each) => each.orderId === orderId && skus.has(each.sku) && !isHeld(each));
  if (phase === 'cancelled') return own.length === 0 ? [] : [`${orderId}: cancelled, and ${own.length} still reserved`];
  const counted = allocations
    .filter(({ quantity, shipped }) => quantity > shipped)
    .map(({ reservationId, warehouseId, lineId, quantity, shipped }) =>
      JSON.stringify([reservationId, warehouseId, lineId, quantity - shipped]),
    );
  const reserved = own.map(({ reservationId, warehouseId, lineId, quantity }) =>
    JSON.stringify([reservationId, warehouseId, lineId, quantity]),
  );
  const faults: string[] = [];
  for (const each of counted) if (!reserved.includes(each)) faults.push(`${orderId}: counts ${each}, not reserved`);
  for (const each of reserved) if (!counted.includes(each)) faults.push(`${orderId}: nobody counts ${each}`);
  if (!allowSplit && new Set(allocations.map(({ warehouseId }) => warehouseId)).size > 1) {
    faults.push(`${orderId}: split, and may not be`);
  }
  if (phase === 'pending') faults.push(`${orderId}: never looked at`);
  return faults;
};

export const faultsOf = async (log: LogFold): Promise<readonly string[]> => {
  const open = await log.openReservations();
  const events = await log.events();
  const held = heldByPeople(events);
  const faults = stockFaults(events);
  for (const { warehouseId, sku, stock } of await log.shelves()) {
    const claims = open.filter((each) => each.warehouseId === warehouseId && each.sku === sku);
    if (sum(claims) !== stock.balance.reserved) faults.push(`${warehouseId}.${sku}: reserved is not what is open`);
  }
  faults.push(...inboundFaults(events));
  return [...faults, ...(await log.orders()).flatMap((order) => orderFaults(order, open, held))];
};
