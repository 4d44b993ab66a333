import { describe, expect, it } from 'vitest';
import { InvalidCursor, type Page } from '../../src/eventsourcing/projecting/page.ts';
import type { ShownOrderEvent } from '../../src/projections/orders/kept.ts';
import { type OrderDocument, orders } from '../../src/projections/orders/projection.ts';
import { createOrderQueries, type OrderQueries, type OrdersQuery } from '../../src/projections/orders/queries.ts';
import { sampleOrder } from '../support/samples.ts';
import { ledgerLog } from '../webhooks/ledgerLog.ts';
import { projected, timeAt } from './stockLog.ts';

const atOnce = (): Promise<void> => Promise.resolve();
const place = (orderId: string, second: number, customerId = 'customer1'): ShownOrderEvent => ({
  type: 'OrderPlaced',
  data: sampleOrder({ orderId, customerId, placedAt: timeAt(second) }),
});
/** Three chairs for line 1, one from each of these or, of one, all three; the lamps of line 2 wait. */
const allocate = (orderId: string, ...warehouseIds: readonly string[]): ShownOrderEvent => ({
  type: 'OrderAllocated',
  data: {
    orderId,
    allocations: warehouseIds.map((warehouseId) => ({
      lineId: '1',
      sku: 'CHAIR',
      warehouseId,
      reservationId: `${orderId}-${warehouseId}`,
      quantity: warehouseIds.length === 1 ? 3 : 1,
    })),
    backordered: [],
  },
});
const cancel = (orderId: string): ShownOrderEvent => ({
  type: 'OrderCancelled',
  data: { orderId, reason: 'late', released: [] },
});

const open = async (...events: readonly ShownOrderEvent[]): Promise<OrderQueries> =>
  createOrderQueries(await projected(orders, ledgerLog(...events)), () => orders.name, atOnce);

const ids = ({ items }: Page<OrderDocument>): readonly string[] => items.map(({ orderId }) => orderId);

/** Every page of a list, each of `limit`. */
const pagesOf = async (queries: OrderQueries, query: Omit<OrdersQuery, 'cursor'>): Promise<(readonly string[])[]> => {
  const pages: (readonly string[])[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<OrderDocument> = await queries.list({ ...query, ...(cursor === null ? {} : { cursor }) });
    pages.push(ids(page));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
};

describe('orders that are looked for (T26)', () => {
  const number = (orderId: string, orderNumber: string): ShownOrderEvent => ({
    type: 'OrderNumbered',
    data: { orderId, orderNumber },
  });
  const ship = (orderId: string, warehouseId: string, trackingNumber: string, parcel: string): ShownOrderEvent => ({
    type: 'OrderShipmentDispatched',
    data: {
      orderId,
      shipmentId: `s-${orderId}`,
      warehouseId,
      carrier: 'ups',
      trackingNumber,
      lines: [],
      parcels: [{ parcelId: 'P1', trackingNumber: parcel, boxes: [] }],
    },
  });

  it('are found by number and by tracking number, of a shipment or a parcel, within what may be seen', async () => {
    const queries = await open(
      place('o1', 1),
      number('o1', 'W-1'),
      place('o2', 2, 'customer2'),
      number('o2', 'W-1'),
      allocate('o1', 'BER'),
      allocate('o2', 'PAR'),
      ship('o1', 'BER', 'T-1', 'P-1'),
      ship('o2', 'PAR', 'T-2', 'P-1'),
    );
    const found = async (query: Omit<OrdersQuery, 'limit'>) => ids(await queries.list({ ...query, limit: 10 }));
    expect(await found({ orderNumber: 'W-1' })).toEqual(['o2', 'o1']);
    expect(await found({ orderNumber: 'W-1', customerId: 'customer1' })).toEqual(['o1']);
    expect(await found({ orderNumber: 'W-1', warehouseIds: ['PAR'] })).toEqual(['o2']);
    expect(await found({ orderNumber: 'w-1' })).toEqual([]);
    expect(await found({ trackingNumber: 'T-1' })).toEqual(['o1']);
    expect(await found({ trackingNumber: 'P-1' })).toEqual(['o2', 'o1']);
    expect(await found({ trackingNumber: 'P-1', warehouseIds: ['BER'] })).toEqual(['o1']);
  });
});

const five = [
  place('o1', 1),
  place('o2', 2, 'customer2'),
  place('o3', 3),
  place('o4', 4, 'customer2'),
  place('o5', 5),
  allocate('o1', 'BER'),
  allocate('o2', 'PAR'),
  allocate('o3', 'BER', 'PAR'),
  allocate('o4', 'ROM'),
];

describe('one order', () => {
  it('is found by its id, or is not there (R3.2)', async () => {
    const queries = await open(...five);
    expect(await queries.get('o3')).toMatchObject({ orderId: 'o3', status: 'processing', revision: 1 });
    expect(await queries.get('o9')).toBeNull();
  });
});

describe('the list of orders', () => {
  it('has the newest first, page by page, with orders of the same moment once each', async () => {
    const queries = await open(place('a', 1), place('b', 2), place('c', 2), place('d', 2), place('e', 3));
    expect(await pagesOf(queries, { limit: 2 })).toEqual([['e', 'd'], ['c', 'b'], ['a']]);
  });

  it.each<[string, Omit<OrdersQuery, 'limit'>, readonly string[]]>([
    ['a customer', { customerId: 'customer2' }, ['o4', 'o2']],
    ['a status', { status: 'pending' }, ['o5']],
    ['a customer and a status', { customerId: 'customer1', status: 'processing' }, ['o3', 'o1']],
    ['a time, from it on', { from: timeAt(4) }, ['o5', 'o4']],
    ['a time, before it', { to: timeAt(2) }, ['o1']],
    ['a customer and a time', { customerId: 'customer1', from: timeAt(2), to: timeAt(5) }, ['o3']],
    ['a warehouse that has a part in it', { warehouseId: 'BER' }, ['o3', 'o1']],
    ['a warehouse, a customer and a time', { warehouseId: 'PAR', customerId: 'customer1', from: timeAt(1) }, ['o3']],
    ['any of some warehouses, each order once', { warehouseIds: ['BER', 'PAR'] }, ['o3', 'o2', 'o1']],
    ['any of some warehouses and a status', { warehouseIds: ['PAR', 'ROM'], status: 'cancelled' }, []],
    ['a warehouse within reach', { warehouseId: 'PAR', warehouseIds: ['BER', 'PAR'] }, ['o3', 'o2']],
    ['a warehouse out of reach', { warehouseId: 'ROM', warehouseIds: ['BER', 'PAR'] }, []],
    ['no warehouse at all', { warehouseIds: [] }, []],
  ])('can be limited to %s', async (_what, filter, expected) => {
    expect(ids(await (await open(...five)).list({ limit: 10, ...filter }))).toEqual(expected);
  });

  it('of any of some warehouses pages like one list, however the orders are spread', async () => {
    const spread = [
      ['BER'],
      ['BER', 'PAR'],
      ['PAR'],
      ['ROM'],
      ['PAR'],
      ['BER', 'PAR', 'ROM'],
      ['OSL'],
      ['BER'],
      ['BER'],
    ];
    const events = spread.flatMap((warehouseIds, index) => [
      // Two at a time are placed in the same moment.
      place(`o${index}`, Math.floor(index / 2)),
      allocate(`o${index}`, ...warehouseIds),
    ]);
    const queries = await open(...events);
    const warehouseIds = ['ROM', 'PAR', 'BER', 'PAR'];
    const all = ids(await queries.list({ warehouseIds, limit: 100 }));
    expect(all).toEqual(['o8', 'o7', 'o5', 'o4', 'o3', 'o2', 'o1', 'o0']);
    for (const limit of [1, 2, 3, 4, 7, 8]) {
      const pages = await pagesOf(queries, { warehouseIds, limit });
      expect(pages.flat(), `pages of ${limit}`).toEqual(all);
      expect(pages).toHaveLength(Math.ceil(all.length / limit));
    }
  });

  it('keeps on where it was when orders are placed and allocated meanwhile', async () => {
    const documents = await projected(orders, ledgerLog(...five));
    const queries = createOrderQueries(documents, () => orders.name, atOnce);
    const filter = { warehouseIds: ['BER', 'PAR'], limit: 1 };
    const first = await queries.list(filter);
    const newer = { ...(await queries.get('o3')), orderId: 'o9', placedAt: timeAt(9) };
    await documents.write(orders.name, [{ id: 'o9', document: newer, position: 99n, expected: null }]);
    expect(ids(first)).toEqual(['o3']);
    expect(ids(await queries.list({ ...filter, cursor: first.nextCursor ?? '' }))).toEqual(['o2']);
  });

  it('refuses a cursor that is none', async () => {
    const queries = await open(...five);
    await expect(queries.list({ limit: 1, cursor: 'o3' })).rejects.toThrow(InvalidCursor);
    await expect(queries.list({ limit: 1, cursor: 'o3', warehouseIds: ['BER'] })).rejects.toThrow(InvalidCursor);
  });
});

describe('orders that wait for a SKU', () => {
  const waiting = [...five, place('o6', 0), allocate('o6', 'BER')];

  it('come the oldest first, page by page; not those that nobody has planned yet', async () => {
    const queries = await open(...waiting);
    const first = await queries.waitingFor('LAMP', { limit: 3 });
    expect(ids(first)).toEqual(['o6', 'o1', 'o2']);
    const second = await queries.waitingFor('LAMP', { limit: 3, cursor: first.nextCursor ?? '' });
    expect(ids(second)).toEqual(['o3', 'o4']);
    expect(second.nextCursor).toBeNull();
  });

  it('are only those that lack this one', async () => {
    const queries = await open(...waiting);
    expect(ids(await queries.waitingFor('CHAIR', { limit: 9 }))).toEqual(['o3']);
    expect(ids(await queries.waitingFor('TABLE', { limit: 9 }))).toEqual([]);
  });

  it('are known to be there, or not, by one question for many SKUs', async () => {
    const queries = await open(...waiting);
    expect(await queries.isAnyWaiting(['TABLE', 'CHAIR'])).toBe(true);
    expect(await queries.isAnyWaiting(['TABLE', 'DESK'])).toBe(false);
    expect(await queries.isAnyWaiting(null)).toBe(true);
    expect(await (await open(place('o1', 1))).isAnyWaiting(null), 'not planned yet').toBe(false);
  });

  it('wait no longer once they are cancelled', async () => {
    const queries = await open(...waiting, cancel('o3'), cancel('o6'));
    expect(ids(await queries.waitingFor('CHAIR', { limit: 9 }))).toEqual([]);
    expect(ids(await queries.waitingFor('LAMP', { limit: 9 }))).toEqual(['o1', 'o2', 'o4']);
  });
});
