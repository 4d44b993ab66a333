/** All that the model knows: what the events so far come to. */
import { itemKey, keyOf, type LogEvent, orderKey, shipmentKey, stockKey, warehouseKey } from './log.ts';
import { applyToOrder, type Order, showOrder } from './order.ts';
import { applyToShipment, type Shipment, showShipment } from './shipment.ts';
import { applyToStock, type Stock, showStock } from './stock.ts';

export interface Warehouse {
  readonly warehouseId: string;
  readonly isOpen: boolean;
  readonly priority: number;
  readonly revision: number;
}
export interface Item {
  readonly sku: string;
  readonly name: string;
  readonly mayWait: boolean;
  readonly revision: number;
}

/** By the keys of `log.ts`. */
export interface World {
  readonly stocks: Map<string, Stock>;
  readonly orders: Map<string, Order>;
  readonly shipments: Map<string, Shipment>;
  readonly warehouses: Map<string, Warehouse>;
  readonly items: Map<string, Item>;
  /** Stocks of an SKU, whatever became of them. */
  readonly shelves: Map<string, string[]>;
  /** By client and number. */
  readonly orderNumbers: Map<string, string>;
  /** All that happened to a stock, in order. */
  readonly pasts: Map<string, LogEvent[]>;
}

export const createWorld = (): World => ({
  stocks: new Map(),
  orders: new Map(),
  shipments: new Map(),
  warehouses: new Map(),
  items: new Map(),
  shelves: new Map(),
  orderNumbers: new Map(),
  pasts: new Map(),
});

export const stockAt = ({ stocks }: World, warehouseId: string, sku: string): Stock | undefined =>
  stocks.get(stockKey(warehouseId, sku));
export const orderOf = ({ orders }: World, orderId: string): Order | undefined => orders.get(orderKey(orderId));
export const shipmentOf = ({ shipments }: World, id: string): Shipment | undefined => shipments.get(shipmentKey(id));
export const isOpen = ({ warehouses }: World, warehouseId: string): boolean =>
  warehouses.get(warehouseKey(warehouseId))?.isOpen === true;
export const isKnownSku = ({ items, shelves }: World, sku: string): boolean =>
  items.has(itemKey(sku)) || shelves.has(sku);
export const numberKey = (client: string, orderNumber: string): string => `${client} ${orderNumber}`;

/** -1: nothing is there. */
export const revisionOf = ({ stocks, orders, shipments, warehouses, items }: World, key: string): number =>
  [stocks, orders, shipments, warehouses, items]
    .map((each) => each.get(key)?.revision)
    .find((at) => at !== undefined) ?? -1;

/** What a reader is shown of it; `null`: the model shows none of that kind. */
export const viewOf = ({ stocks, orders, shipments }: World, key: string): object | null => {
  const [stock, order, shipment] = [stocks.get(key), orders.get(key), shipments.get(key)];
  if (stock !== undefined) return showStock(stock);
  if (order !== undefined) return showOrder(order);
  return shipment === undefined ? null : showShipment(shipment);
};

const applyToStockOf = (world: World, key: string, event: LogEvent): void => {
  const { sku } = event.data;
  if (!world.stocks.has(key)) world.shelves.set(sku, [...(world.shelves.get(sku) ?? []), key]);
  world.stocks.set(key, applyToStock(world.stocks.get(key), event));
  const past = world.pasts.get(key);
  if (past === undefined) world.pasts.set(key, [event]);
  else past.push(event);
};

const applyToOrderOf = (world: World, key: string, event: LogEvent): void => {
  const order = applyToOrder(world.orders.get(key), event);
  world.orders.set(key, order);
  if (order.orderNumber !== undefined)
    world.orderNumbers.set(numberKey(order.client, order.orderNumber), order.orderId);
};

/** @throws RangeError for what the model does not know. */
export const applyTo = (world: World, event: LogEvent): void => {
  const key = keyOf(event);
  const { data, revision, type } = event;
  const { warehouseId, sku } = data;
  if (key === null) return;
  if (key.startsWith('stock ')) applyToStockOf(world, key, event);
  else if (key.startsWith('order ')) applyToOrderOf(world, key, event);
  else if (key.startsWith('shipment ')) world.shipments.set(key, applyToShipment(world.shipments.get(key), event));
  else if (key.startsWith('item ')) {
    world.items.set(key, { sku, name: data.name, mayWait: data.backorderAllowed !== false, revision });
  } else {
    const before = world.warehouses.get(key) ?? { isOpen: true, priority: 0 };
    const isNowOpen = type === 'WarehouseSourcingSet' ? data.sourcing === 'open' : before.isOpen;
    const priority = type === 'WarehouseDefined' ? data.priority : before.priority;
    world.warehouses.set(key, { warehouseId, isOpen: isNowOpen, priority, revision });
  }
};
