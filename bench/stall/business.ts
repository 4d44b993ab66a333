/**
 * A business in events: many stocks, a few streams that are very long, orders of one to 2,000 lines, parcels. Its newest
 * orders are the largest, so that the first pages weigh most.
 */
import { contactContext, customerSubject, shipToContext } from '../../src/commands/orders.ts';
import type { PersonalData } from '../../src/commands/ports.ts';
import { itemDecider } from '../../src/domain/item/decider.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import type { Allocation, OrderLine } from '../../src/domain/order/shapes.ts';
import { shipmentDecider } from '../../src/domain/shipment/decider.ts';
import { stockDecider } from '../../src/domain/stock/decider.ts';
import type { Stock } from '../../src/domain/stock/state.ts';
import { itemStream, orderStream, shipmentStream, stockStream, warehouseStream } from '../../src/domain/values.ts';
import { warehouseDecider } from '../../src/domain/warehouse/decider.ts';
import { contact, shipTo } from '../requests.ts';
import type { Book } from './book.ts';

export const warehouseIds: readonly string[] = Array.from({ length: 20 }, (_, at) => `W${at}`);
/** Of the client `sandbox-customer`: a fifth of all orders, and the largest. */
export const bigCustomer = 'sandbox-customer';
export const skuOf = (at: number): string => `SKU-${at}`;
/** No warehouse has it; the largest orders wait for it. */
export const wantedSku = (at: number): string => `WANTED-${at}`;
export const hotSku = (at: number): string => `HOT-${at}`;
export const sharedTracking = 'SHARED-TRACKING';

/** As the schema of an order allows. */
export const linesMax = 2_000;
const hotStreams = 6;
const hotStreamEvents = 50_000;
const hotAppendEvents = 500;
const farFuture = '2099-01-01T00:00:00.000Z';

export interface Size {
  readonly events: number;
  readonly skus: number;
  readonly largeOrders: number;
  readonly hotEvents: number;
}
/** What a log of so many events is made of. */
export const sizeOf = (events: number): Size => ({
  events,
  skus: Math.max(20, Math.floor(events / 400)),
  largeOrders: Math.max(2, Math.min(250, Math.floor(events / 8_000))),
  hotEvents: Math.min(hotStreamEvents, Math.floor(events / 40)),
});

export const orderIdOf = (at: number): string => `0190a000-0000-7000-8000-${at.toString(16).padStart(12, '0')}`;
const shipmentIdOf = (at: number): string => `0190b000-0000-7000-8000-${at.toString(16).padStart(12, '0')}`;
const customerOf = (at: number): string => (at % 5 === 0 ? bigCustomer : `customer-${at % 1_000}`);

export interface Business {
  /** The next few hundred events; `false` when all are written. */
  readonly step: () => Promise<boolean>;
  readonly orders: () => number;
}

type Seal = Pick<PersonalData, 'seal'>;

const describeWarehouse = (warehouseId: string, at: number) =>
  ({
    type: 'DefineWarehouse',
    warehouseId,
    name: `Warehouse ${at}`,
    countryCode: 'DE',
    postalCode: '10115',
    latitude: 48 + at / 4,
    longitude: 9 + at / 4,
    timeZone: 'Europe/Berlin',
    priority: at,
    operator: 'own',
    sourcing: 'open',
  }) as const;

const lineOf = (at: number, sku: string): OrderLine => ({
  lineId: String(at + 1),
  sku,
  quantity: 1,
  priceMinor: 4_900,
  currency: 'EUR',
});

export const createBusiness = ({ skus, largeOrders, hotEvents, events }: Size, book: Book, seal: Seal): Business => {
  const stocks = new Map<string, Stock>();
  /** The last few are below their safety stock. */
  const sold = skus - 3;
  let orders = 0;
  let turn = 0;

  const change = (warehouseId: string, sku: string, commands: Parameters<typeof stockDecider.decide>[0][]): void => {
    const stream = stockStream(warehouseId, sku);
    stocks.set(stream, book.write(stream, stockDecider, stocks.get(stream) ?? stockDecider.initialState, commands));
  };
  const target = (warehouseId: string, sku: string) => ({ warehouseId, sku, occurredAt: book.now() });

  const defineItem = (sku: string): void => {
    const description = { name: sku, attributes: { color: 'oak' }, boxes: [] };
    book.write(itemStream(sku), itemDecider, itemDecider.initialState, [{ type: 'DefineItem', sku, ...description }]);
  };

  const place = async (lines: readonly OrderLine[], customerId: string) => {
    const orderId = orderIdOf(orders++);
    const subject = customerSubject(customerId);
    const [sealedContact, sealedShipTo] = await Promise.all([
      seal.seal(subject, contactContext(orderId), contact),
      seal.seal(subject, shipToContext(orderId), shipTo),
    ]);
    const order = {
      orderId,
      customerId,
      contact: sealedContact,
      shipTo: sealedShipTo,
      lines,
      sourcing: 'priority' as const,
      destinationCountry: 'DE',
      allowSplit: true,
      allowBackorder: true,
      placedBy: 'stall',
      placedAt: book.now(),
    };
    const state = book.write(orderStream(orderId), orderDecider, orderDecider.initialState, [
      { type: 'PlaceOrder', order, orderNumber: `N-${orders}` },
    ]);
    return { orderId, state };
  };

  const reserve = (orderId: string, lines: readonly OrderLine[], warehouseId: string): readonly Allocation[] =>
    lines.map(({ lineId, sku, quantity }) => {
      const reservationId = `${orderId}.${lineId}`;
      const claim = { reservationId, quantity, orderId, lineId, expiresAt: farFuture };
      change(warehouseId, sku, [{ type: 'ReserveStock', ...target(warehouseId, sku), ...claim }]);
      return { lineId, sku, warehouseId, reservationId, quantity };
    });

  /** Placed, allocated, mostly sent, partly delivered; a few are cancelled. */
  const trade = async (): Promise<void> => {
    const at = orders;
    const warehouseId = warehouseIds[at % 3 === 0 ? 0 : at % warehouseIds.length] ?? 'W0';
    const size = at % 500 === 499 ? 200 : 1 + (at % 4);
    const lines = Array.from({ length: size }, (_, line) => lineOf(line, skuOf((at * 7 + line) % sold)));
    const placed = await place(lines, customerOf(at));
    const { orderId } = placed;
    const stream = orderStream(orderId);
    if (at % 2_000 === 7) {
      book.write(stream, orderDecider, placed.state, [{ type: 'CancelOrder', reason: 'changed_mind' }]);
      return;
    }
    const allocations = reserve(orderId, lines, warehouseId);
    const allocated = book.write(stream, orderDecider, placed.state, [{ type: 'RecordAllocation', allocations }]);
    if (at % 10 > 6) return;
    const shipmentId = shipmentIdOf(at);
    const parcels = [{ parcelId: '1', boxes: [] }];
    const trackingNumber = at % 20 === 0 ? sharedTracking : `T-${at}`;
    const label = { shipmentId, warehouseId, carrier: 'DHL', trackingNumber, parcels };
    const sent = book.write(stream, orderDecider, allocated, [{ type: 'DispatchShipment', ...label, lines }]);
    for (const { sku, reservationId, lineId, quantity } of allocations) {
      const leaving = { reservationId, quantity, shipmentId, orderId, lineId };
      change(warehouseId, sku, [{ type: 'ShipStock', ...target(warehouseId, sku), ...leaving }]);
    }
    const left = allocations.map(({ lineId, sku, quantity, reservationId }) => ({
      lineId,
      sku,
      quantity,
      reservationId,
    }));
    const way = shipmentStream(shipmentId);
    const onItsWay = book.write(way, shipmentDecider, shipmentDecider.initialState, [
      { type: 'RecordDispatch', shipment: { ...label, orderId, lines: left } },
    ]);
    if (at % 10 > 4) return;
    const report = { parcelId: '1', status: 'delivered', reportedAt: book.now() } as const;
    book.write(way, shipmentDecider, onItsWay, [{ type: 'TrackParcel', ...report }]);
    book.write(stream, orderDecider, sent, [{ type: 'RecordDelivery', shipmentId }]);
  };

  const count = (): void => {
    const sku = skuOf((turn * 31) % skus);
    const warehouseId = warehouseIds[turn % warehouseIds.length] ?? 'W0';
    const about = target(warehouseId, sku);
    change(warehouseId, sku, [
      { type: 'ReceiveStock', ...about, quantity: 5, purchaseOrder: `PO-${turn}` },
      { type: 'AdjustStock', ...about, delta: -1, reason: 'damaged', reference: `R-${turn}` },
    ]);
  };

  const begin = (): void => {
    for (const [at, id] of warehouseIds.entries()) {
      const command = describeWarehouse(id, at);
      book.write(warehouseStream(id), warehouseDecider, warehouseDecider.initialState, [command]);
    }
    for (let at = 0; at < linesMax; at += 1) defineItem(wantedSku(at));
    for (let at = 0; at < hotStreams; at += 1) {
      defineItem(hotSku(at));
      const about = target('W0', hotSku(at));
      change('W0', hotSku(at), [{ type: 'RegisterStock', ...about, onHand: 1_000_000, safetyStock: 0 }]);
    }
  };

  /** Registers an SKU everywhere. */
  const open = (at: number): void => {
    defineItem(skuOf(at));
    for (const id of warehouseIds) {
      const about = target(id, skuOf(at));
      const safetyStock = at >= sold ? 2_000_000 : 0;
      change(id, skuOf(at), [{ type: 'RegisterStock', ...about, onHand: 1_000_000, safetyStock }]);
    }
  };

  const heat = (at: number): void => {
    const sku = hotSku(at % hotStreams);
    const about = target('W0', sku);
    const commands = Array.from(
      { length: Math.min(hotAppendEvents, hotEvents) },
      (_, index) => ({ type: 'AdjustStock', ...about, delta: index % 2 === 0 ? 1 : -1, reason: 'correction' }) as const,
    );
    change('W0', sku, commands);
  };

  /** An order of the largest size: most wait, some have all of their sources. */
  const placeLarge = async (at: number): Promise<void> => {
    const waits = at % 10 !== 0;
    const lines = Array.from({ length: linesMax }, (_, line) =>
      lineOf(line, waits ? wantedSku(line) : skuOf(line % sold)),
    );
    const { orderId, state } = await place(lines, bigCustomer);
    const allocations = waits ? [] : reserve(orderId, lines, 'W1');
    book.write(orderStream(orderId), orderDecider, state, [{ type: 'RecordAllocation', allocations }]);
  };

  /** One large order in ten has a reservation a line. */
  const largeEvents = largeOrders * 3 + Math.ceil(largeOrders / 10) * linesMax;
  const heats = Math.floor((hotStreams * hotEvents) / Math.min(hotAppendEvents, hotEvents));

  /** One of many things that happen, in a fixed order. */
  const happen = async (): Promise<boolean> => {
    turn += 1;
    if (turn === 1) begin();
    else if (turn <= skus + 1) open(turn - 2);
    else if (turn <= skus + 1 + heats) heat(turn);
    else if (book.count() < events - largeEvents) {
      if (turn % 3 === 0) await trade();
      else count();
    } else {
      for (let at = 0; at < largeOrders; at += 1) await placeLarge(at);
      return false;
    }
    return true;
  };

  return { step: happen, orders: () => orders };
};
