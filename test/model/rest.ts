/** At rest: every stock, order, shipment, list and history is what the model has. */
import type { Client } from './client.ts';
import type { Dice } from './dice.ts';
import type { Journal } from './journal.ts';
import type { Known } from './known.ts';
import { covers, type Figures, itemKey, type LogEvent, orderKey, stockKey } from './log.ts';
import { showOrder } from './order.ts';
import { showShipment } from './shipment.ts';
import { availableOf, moveFigures, showStock } from './stock.ts';
import { inventoryPath } from './stockCommands.ts';
import { isOpen, type World } from './world.ts';

export interface Rest {
  readonly world: World;
  readonly client: Client;
  readonly dice: Dice;
  readonly journal: Journal;
  readonly known: Known;
  /** Addresses as they were told last, by order. */
  readonly addressOf: (orderId: string) => object | undefined;
}

/** Of what is asked for one by one, so many each time. */
const sampled = 25;
const pagesMax = 1_000;
const statuses = [
  'pending',
  'processing',
  'partially_shipped',
  'shipped',
  'partially_delivered',
  'delivered',
  'cancelled',
  'exception',
];

type Body = Readonly<Record<string, unknown>>;

const ask = async ({ client }: Rest, path: string): Promise<{ status: number; body: Body }> =>
  client.ask({ method: 'GET', path });

/** All pages of a list. */
const all = async (rest: Rest, path: string, limit = 500): Promise<readonly Body[]> => {
  const items: Body[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pagesMax; page += 1) {
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await ask(rest, `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${from}`);
    if (status !== 200) {
      rest.journal.differ(`GET ${path}: ${status} ${JSON.stringify(body)}`);
      return items;
    }
    items.push(...(body.items as readonly Body[]));
    cursor = body.nextCursor as string | null;
    if (cursor === null) break;
  }
  return items;
};

interface Compared {
  readonly what: string;
  readonly shown: ReadonlyMap<string, unknown>;
  readonly wanted: ReadonlyMap<string, object>;
}

const compare = ({ journal }: Rest, { what, shown, wanted }: Compared): void => {
  for (const key of shown.keys()) if (!wanted.has(key)) journal.differ(`${what} has ${key}, the model has not`, [key]);
  for (const [key, own] of wanted) {
    const seen = shown.get(key);
    if (seen === undefined) journal.differ(`${what} lacks ${key}`, [key]);
    else if (!covers(seen, own)) {
      journal.differ(`${what} shows ${JSON.stringify(seen)}, the model has ${JSON.stringify(own)}`, [key]);
    }
  }
};

const byKey = (items: readonly Body[], keyFor: (item: Body) => string): ReadonlyMap<string, Body> =>
  new Map(items.map((item) => [keyFor(item), item]));

const checkStocks = async (rest: Rest): Promise<void> => {
  const { world, dice } = rest;
  for (const { warehouseId } of world.warehouses.values()) {
    const path = `/v1/warehouses/${warehouseId}/inventory`;
    const items = await all(rest, path, dice.pick([500, 500, 37]));
    const own = [...world.stocks].filter(([, stock]) => stock.warehouseId === warehouseId);
    const wanted = new Map(own.map(([key, stock]) => [key, showStock(stock)]));
    const shown = byKey(items, ({ sku }) => stockKey(warehouseId, String(sku)));
    if (shown.size < items.length) rest.journal.differ(`${path} lists a stock twice`);
    compare(rest, { what: path, shown, wanted });
  }
};

const checkOrders = async (rest: Rest): Promise<void> => {
  const { world, journal, addressOf } = rest;
  const items = await all(rest, '/v1/orders');
  const shown = byKey(items, ({ orderId }) => orderKey(String(orderId)));
  const wanted = new Map([...world.orders].map(([key, order]) => [key, showOrder(order)]));
  if (shown.size < items.length) journal.differ('/v1/orders lists an order twice');
  compare(rest, { what: '/v1/orders', shown, wanted });
  const times = items.map(({ placedAt }) => String(placedAt));
  if (times.some((time, index) => time > (times[index - 1] ?? time)))
    journal.differ('/v1/orders is not the newest first');
  for (const [key, item] of shown) {
    if (!covers(item.shipTo, addressOf(String(item.orderId)))) {
      journal.differ(`${key} goes to ${JSON.stringify(item.shipTo)}, and was told another address`, [key]);
    }
  }
  for (const status of statuses) {
    const found = await all(rest, `/v1/orders?status=${status}`);
    const own = [...wanted].filter(([, order]) => order.status === status).map(([key]) => key);
    const seen = new Set(found.map(({ orderId }) => orderKey(String(orderId))));
    const isSame = own.length === found.length && own.every((key) => seen.has(key));
    if (!isSame) journal.differ(`/v1/orders?status=${status} has ${found.length} orders, the model ${own.length}`);
  }
};

const some = <T>(dice: Dice, list: readonly T[]): readonly T[] =>
  list.length <= sampled ? list : Array.from({ length: sampled }, () => dice.pick(list));

const checkShipments = async (rest: Rest): Promise<void> => {
  const { world, dice, journal } = rest;
  const shipments = [...world.shipments.values()];
  for (const { orderId } of some(dice, shipments)) {
    const { body } = await ask(rest, `/v1/orders/${orderId}/tracking`);
    const own = shipments.filter((shipment) => shipment.orderId === orderId);
    const wanted = new Map(own.map((shipment) => [shipment.shipmentId, showShipment(shipment)]));
    const shown = byKey((body.shipments ?? []) as readonly Body[], ({ shipmentId }) => String(shipmentId));
    compare(rest, { what: `tracking of ${orderId}`, shown, wanted });
    const order = world.orders.get(orderKey(orderId));
    const status = order === undefined ? '' : showOrder(order).status;
    if (body.status !== status)
      journal.differ(`tracking of ${orderId} says ${String(body.status)}`, [orderKey(orderId)]);
  }
  for (const { trackingNumber, orderId } of some(dice, shipments)) {
    if (trackingNumber === undefined || trackingNumber === 'SAME-1') continue;
    const found = await all(rest, `/v1/orders?trackingNumber=${encodeURIComponent(trackingNumber)}`);
    if (found.length === 1 && found[0]?.orderId === orderId) continue;
    journal.differ(`${found.length} orders are found by ${trackingNumber}`, [orderKey(orderId)]);
  }
};

/** The figures by what had happened by then, and was known by then. */
const figuresAt = (past: readonly LogEvent[], asOf: string, knownAt: string): Figures | null => {
  let figures: Figures | null = null;
  for (const event of past) {
    if (event.occurredAt > asOf || event.recordedAt > knownAt) continue;
    if (figures === null && event.type !== 'StockRegistered') continue;
    figures = moveFigures(figures ?? { onHand: 0, reserved: 0, quarantined: 0, safetyStock: 0 }, event);
  }
  return figures;
};

const checkPast = async (rest: Rest): Promise<void> => {
  const { world, dice, journal } = rest;
  for (const [key, stock] of some(dice, [...world.stocks])) {
    const past = world.pasts.get(key)!;
    const [asOf, knownAt] = [dice.pick(past).occurredAt, dice.pick([dice.pick(past), past.at(-1)!]).recordedAt];
    const path = `${inventoryPath(stock)}?asOf=${encodeURIComponent(asOf)}&knownAt=${encodeURIComponent(knownAt)}`;
    const { status, body } = await ask(rest, path);
    const figures = figuresAt(past, asOf, knownAt);
    const wanted = figures === null ? null : { ...figures, available: availableOf(figures) };
    const isSame = wanted === null ? status === 404 : covers(body, wanted);
    if (!isSame)
      journal.differ(`${path} shows ${JSON.stringify(body)}, the model has ${JSON.stringify(wanted)}`, [key]);
  }
};

/** The history is the part of the log that is about it, and what explains a figure adds up to it. */
const checkHistory = async (rest: Rest): Promise<void> => {
  const { world, dice, journal } = rest;
  for (const [key, stock] of some(dice, [...world.stocks])) {
    const past = world.pasts.get(key)!;
    const history = await all(rest, `${inventoryPath(stock)}/history`, dice.pick([500, 7]));
    const isSame = covers(
      history.map(({ id }) => id),
      past.map(({ id }) => id),
    );
    if (!isSame) journal.differ(`the history of ${key} has ${history.length} events, the log ${past.length}`, [key]);
    const causes = await all(rest, `${inventoryPath(stock)}/explain?field=onHand`);
    const sum = causes.reduce((total, { delta }) => total + Number(delta), 0);
    if (sum !== stock.figures.onHand) journal.differ(`the causes of ${key} add up to ${sum}`, [key]);
  }
};

const checkAvailability = async (rest: Rest): Promise<void> => {
  const { world, dice, journal } = rest;
  for (const [sku, keys] of some(dice, [...world.shelves])) {
    const stocks = keys.map((key) => world.stocks.get(key)!);
    const open = stocks.filter(({ warehouseId }) => isOpen(world, warehouseId));
    const promise = ({ status, figures }: (typeof stocks)[number]): number =>
      status === 'active' ? availableOf(figures) : 0;
    const available = open.reduce((sum, stock) => sum + promise(stock), 0);
    const { status, body } = await ask(rest, `/v1/items/${encodeURIComponent(sku)}/availability`);
    // It has no item, and all its stocks are retired.
    const isGone = !world.items.has(itemKey(sku)) && stocks.every((stock) => stock.status !== 'active');
    if (isGone ? status !== 404 : body.available !== available) {
      journal.differ(`${String(body.available)} of ${sku} are available, by the model ${available}`, keys);
    }
  }
};

/** What became of all that was proposed. */
const checkApprovals = async (rest: Rest): Promise<void> => {
  const wanted = new Map<string, object>();
  for (const { type, data } of [...rest.world.pasts.values()].flat()) {
    const { approvalId, warehouseId, sku, change, held, proposedBy, approvedBy, rejectedBy } = data;
    const before = wanted.get(approvalId);
    if (type === 'StockChangeProposed') {
      wanted.set(approvalId, { warehouseId, sku, change, held, proposedBy, status: 'open', decidedBy: null });
    }
    if (type === 'StockChangeApproved')
      wanted.set(approvalId, { ...before, status: 'approved', decidedBy: approvedBy });
    if (type === 'StockChangeRejected') {
      const status = rejectedBy === undefined ? 'superseded' : 'rejected';
      wanted.set(approvalId, { ...before, status, decidedBy: rejectedBy ?? null });
    }
  }
  const items = await all(rest, '/v1/approvals', rest.dice.pick([500, 37]));
  const shown = byKey(items, ({ approvalId }) => String(approvalId));
  if (shown.size < items.length) rest.journal.differ('/v1/approvals lists one twice');
  compare(rest, { what: '/v1/approvals', shown, wanted });
  const open = await all(rest, '/v1/approvals?status=open');
  const openNow = [...rest.world.stocks.values()].flatMap(({ proposals }) => proposals);
  if (open.length !== openNow.length) {
    rest.journal.differ(`${open.length} approvals are open, by the model ${openNow.length}`);
  }
};

export const checkAtRest = async (rest: Rest): Promise<void> => {
  await checkStocks(rest);
  await checkApprovals(rest);
  await checkOrders(rest);
  await checkShipments(rest);
  await checkPast(rest);
  await checkHistory(rest);
  await checkAvailability(rest);
};
