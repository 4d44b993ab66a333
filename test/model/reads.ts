/** Reads of all sizes beside the commands: what they show is compared with the model at the revision that they name. */
import type { Client } from './client.ts';
import type { Dice } from './dice.ts';
import type { Journal } from './journal.ts';
import type { Judge } from './judge.ts';
import { assigned, type Known, reaches, reachOf } from './known.ts';
import { orderKey, shipmentKey, stockKey } from './log.ts';
import { inventoryPath } from './stockCommands.ts';

export interface Reader {
  readonly client: Client;
  readonly dice: Dice;
  readonly judge: Judge;
  readonly journal: Journal;
  readonly known: Known;
}

interface View {
  readonly revision: number;
  readonly sku: string;
  readonly warehouseId: string;
  readonly orderId: string;
  readonly shipmentId: string;
}

/** Of a large page, so many are compared each time. */
const comparedMax = 25;

interface Shown {
  readonly lines?: readonly { readonly allocated: readonly { readonly warehouseId: string }[] }[];
  readonly shipments?: readonly { readonly warehouseId: string }[];
}

/** What of an order a warehouse or its partner sees: the part of their warehouses, and no prices. */
const partOf = (view: object): object => {
  const { allocation: ___, lines, shipments, ...rest } = view as Shown & { allocation?: string };
  const isOwn = ({ warehouseId }: { readonly warehouseId: string }): boolean => assigned.includes(warehouseId);
  return {
    ...rest,
    lines: lines?.map((line) => {
      const { priceMinor: _, currency: __, ...seen } = { priceMinor: 0, currency: '', ...line };
      return { ...seen, allocated: line.allocated.filter(isOwn) };
    }),
    shipments: shipments?.filter(isOwn),
  };
};

const withinReach = ({ role }: Client): ((view: object) => object) | undefined =>
  reachOf({ role }) === 'all' ? undefined : partOf;

const keyOfView = (kind: string, view: View): string => {
  if (kind === 'stock') return stockKey(view.warehouseId, view.sku);
  return kind === 'order' ? orderKey(view.orderId) : shipmentKey(view.shipmentId);
};

type Kind = 'stock' | 'order' | 'shipment';

/** Compared later with the model as it is at that revision. */
const see = ({ client, judge }: Reader, kind: Kind, view: unknown, path: string): void => {
  const shown = view as View;
  const where = `${client.role} GET ${path}`;
  const within = kind === 'order' ? withinReach(client) : undefined;
  judge.saw({ key: keyOfView(kind, shown), revision: shown.revision, view: shown, where, within });
};

const get = async ({ client, journal }: Reader, path: string, allowed: readonly number[] = [200]) => {
  const answer = await client.ask({ method: 'GET', path });
  if (allowed.includes(answer.status)) return answer;
  journal.differ(`${client.role} GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return null;
};

const seePage = (reader: Reader, kind: Kind, items: readonly unknown[], path: string): void => {
  const { dice, journal } = reader;
  const keys = items.map((item) => keyOfView(kind, item as View));
  if (new Set(keys).size < keys.length) journal.differ(`GET ${path} has one thing twice`);
  const from = dice.below(Math.max(1, items.length - comparedMax));
  for (const item of items.slice(from, from + comparedMax)) see(reader, kind, item, path);
};

const readStock = async (reader: Reader): Promise<void> => {
  const { dice, known, client } = reader;
  const path = inventoryPath(dice.pick(known.shelves.filter(({ warehouseId }) => reaches(client, warehouseId))));
  const answer = await get(reader, path, [200, 404]);
  if (answer?.status === 200) see(reader, 'stock', answer.body, path);
};

const readOrder = async (reader: Reader): Promise<void> => {
  const order = reader.dice.pickLate(reader.known.orders);
  if (order === undefined) return;
  const path = `/v1/orders/${order.orderId}`;
  // Acknowledged: whoever sees all of it finds it.
  const answer = await get(reader, path, withinReach(reader.client) === undefined ? [200] : [200, 404]);
  if (answer?.status === 200) see(reader, 'order', answer.body, path);
};

const readTracking = async (reader: Reader): Promise<void> => {
  const order = reader.dice.pickLate(reader.known.orders);
  if (order === undefined) return;
  const path = `/v1/orders/${order.orderId}/tracking`;
  const answer = await get(reader, path, [200, 404]);
  for (const shipment of (answer?.body.shipments ?? []) as readonly unknown[]) see(reader, 'shipment', shipment, path);
};

const readPage = async (reader: Reader, kind: Kind, path: string): Promise<void> => {
  const answer = await get(reader, path);
  if (answer !== null) seePage(reader, kind, answer.body.items as readonly unknown[], path);
};

/** One small read, by a client that may read orders and stocks. */
export const readSmall = async (reader: Reader): Promise<void> => {
  const { dice, client } = reader;
  const read = dice.pick([readStock, readOrder, readTracking]);
  await (client.role === 'customer' ? Promise.resolve() : read(reader));
};

/** One large read: a page, or what folds a part of the log. */
export const readLarge = async (reader: Reader): Promise<void> => {
  const { dice, known } = reader;
  const shelf = dice.pick(known.shelves);
  const stock = inventoryPath(shelf);
  const list = `/v1/warehouses/${shelf.warehouseId}/inventory?limit=${dice.pick([500, 500, 50])}`;
  const status = dice.pick(['processing', 'shipped', 'exception', 'delivered', 'cancelled']);
  const asOf = encodeURIComponent(new Date(Date.now() - dice.below(90 * 60_000)).toISOString());
  await dice.pick([
    () => readPage(reader, 'stock', list),
    () => readPage(reader, 'stock', `${list}&belowSafetyStock=true`),
    () => readPage(reader, 'order', '/v1/orders?limit=500'),
    () => readPage(reader, 'order', `/v1/orders?limit=500&status=${status}`),
    () => readPage(reader, 'order', `/v1/orders?limit=500&warehouseId=${shelf.warehouseId}`),
    () => get(reader, `${stock}/history?limit=500`, [200, 404]),
    () => get(reader, `${stock}?asOf=${asOf}`, [200, 404]),
    () => get(reader, `${stock}/explain`, [200, 404]),
    // None, where all of its stocks were retired.
    () => get(reader, `/v1/items/${encodeURIComponent(shelf.sku)}/availability`, [200, 404]),
    () => get(reader, '/v1/audit/events?limit=500', reader.client.role === 'support' ? [403] : [200]),
    () => get(reader, '/v1/items?limit=500'),
  ])();
};
