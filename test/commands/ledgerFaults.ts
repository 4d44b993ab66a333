/** What must hold once the policies have followed the log to its end. */
import type { RecordedEvent } from '../../src/domain/message.ts';
import type { PlacedOrder } from '../../src/domain/order/state.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { availableOf, evolveStock, freeOf, type Stock } from '../../src/domain/stock/state.ts';
import type { LogFold, OpenReservation } from '../support/logFold.ts';

const sum = <T extends { readonly quantity: number }>(of: readonly T[]): number =>
  of.reduce((total, { quantity }) => total + quantity, 0);

/** Pieces that an event brings in from outside, or takes out. */
const broughtBy = ({ type, data }: StockEvent): number => {
  switch (type) {
    case 'StockRegistered':
      return data.onHand;
    case 'StockReceived':
      return data.quantity;
    case 'StockAdjusted':
    case 'StockCounted':
      return data.delta;
    case 'StockShipped':
      return -data.quantity;
    default:
      return 0;
  }
};

/** At every event: nothing is promised twice, and the figures that it carries are those of the fold. */
const stockFaults = (events: readonly RecordedEvent[]): string[] => {
  const stocks = new Map<string, Stock>();
  const brought = new Map<string, number>();
  const faults: string[] = [];
  for (const { stream, revision, type, data } of events) {
    if (!stream.startsWith('stock-')) continue;
    const event = { type, data } as StockEvent;
    const stock = evolveStock(stocks.get(stream) ?? stockDecider.initialState, event);
    stocks.set(stream, stock);
    brought.set(event.data.sku, (brought.get(event.data.sku) ?? 0) + broughtBy(event));
    if (stock.phase === 'absent') continue;
    const at = `${stream}@${revision}`;
    if (freeOf(stock.balance) < 0 || availableOf(stock.balance) < 0) faults.push(`${at}: promised twice`);
    if (JSON.stringify(event.data.after) !== JSON.stringify(stock.balance)) faults.push(`${at}: not the fold`);
  }
  for (const [sku, pieces] of brought) {
    let onHand = 0;
    for (const [stream, stock] of stocks) {
      if (stream.endsWith(`.${sku}`) && stock.phase !== 'absent') onHand += stock.balance.onHand;
    }
    if (onHand !== pieces) faults.push(`${sku}: ${pieces} were brought and ${onHand} are there`);
  }
  return faults;
};

/** Each side knows exactly what the other counts on. */
const orderFaults = (order: PlacedOrder, open: readonly OpenReservation[]): string[] => {
  const { orderId, phase, allowSplit, allocations } = order;
  const own = open.filter((each) => each.orderId === orderId);
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
  const faults = stockFaults(await log.events());
  for (const { warehouseId, sku, stock } of await log.shelves()) {
    const claims = open.filter((each) => each.warehouseId === warehouseId && each.sku === sku);
    if (sum(claims) !== stock.balance.reserved) faults.push(`${warehouseId}.${sku}: reserved is not what is open`);
  }
  return [...faults, ...(await log.orders()).flatMap((order) => orderFaults(order, open))];
};
