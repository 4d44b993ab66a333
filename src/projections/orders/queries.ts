import type { Pace } from '../../eventsourcing/projecting/builtReadModels.ts';
import type { DocumentQuery, Documents } from '../../eventsourcing/projecting/documents.ts';
import { newestOfAny } from '../../eventsourcing/projecting/mergedPages.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import { anySku, type OrderDocument } from './projection.ts';
import type { OrderStatus } from './status.ts';

export interface OrdersQuery extends PageRequest {
  readonly customerId?: string;
  /** The number that the client who placed it has given it. */
  readonly orderNumber?: string;
  /** Of a shipment or a parcel of it. */
  readonly trackingNumber?: string;
  readonly status?: OrderStatus;
  /** Only orders that this warehouse has or had a part in. */
  readonly warehouseId?: string;
  /** How far the caller sees: only orders that any of these has or had a part in. Absent: all. */
  readonly warehouseIds?: readonly string[];
  /** Placed at this time or later, ISO 8601 UTC with milliseconds. */
  readonly from?: string;
  /** Placed before this time. */
  readonly to?: string;
}

/** Of these customers. One query each: the caller bounds how many there are. */
export interface OrdersOfCustomers extends Pick<OrdersQuery, 'limit' | 'cursor' | 'status' | 'from' | 'to'> {
  readonly customerIds: readonly string[];
}

export interface OrderQueries {
  get(orderId: string): Promise<OrderDocument | null>;
  /** Newest first by `placedAt`. A `warehouseId` out of reach finds nothing. @throws InvalidCursor */
  list(query: OrdersQuery): Promise<Page<OrderDocument>>;
  /** Newest first by `placedAt`. @throws InvalidCursor */
  ofCustomers(query: OrdersOfCustomers): Promise<Page<OrderDocument>>;
  /** Orders with a line of this SKU that lacks a source, the oldest first by `placedAt`. @throws InvalidCursor */
  waitingFor(sku: string, page: PageRequest): Promise<Page<OrderDocument>>;
  /** Whether any order lacks a source for any of these; `null`: for anything. */
  isAnyWaiting(skus: readonly string[] | null): Promise<boolean>;
}

type OrderFilter = DocumentQuery['where'];

const newestFirst = { field: 'placedAt', direction: 'descending' } as const;
const oldestFirst = { field: 'placedAt', direction: 'ascending' } as const;

const whereOf = ({ customerId, orderNumber, trackingNumber, status, from, to }: OrdersQuery): OrderFilter => ({
  ...(orderNumber === undefined ? {} : { orderNumber: { equals: orderNumber } }),
  ...(trackingNumber === undefined ? {} : { trackingNumbers: { has: trackingNumber } }),
  ...(customerId === undefined ? {} : { customerId: { equals: customerId } }),
  ...(status === undefined ? {} : { status: { equals: status } }),
  ...(from === undefined && to === undefined
    ? {}
    : { placedAt: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { below: to }) } }),
});

/** The warehouses of which the order must know at least one; `null`: any order will do. */
const warehousesOf = ({ warehouseId, warehouseIds }: OrdersQuery): readonly string[] | null => {
  if (warehouseId === undefined) return warehouseIds === undefined ? null : [...new Set(warehouseIds)];
  return warehouseIds === undefined || warehouseIds.includes(warehouseId) ? [warehouseId] : [];
};

export const createOrderQueries = (documents: Documents, collection: () => string, pace: Pace): OrderQueries => {
  const newest = (where: OrderFilter, page: PageRequest): Promise<Page<OrderDocument>> =>
    pageOf(documents, collection(), { where, orderBy: newestFirst }, page);

  const newestOf = (conditions: readonly OrderFilter[], page: PageRequest): Promise<Page<OrderDocument>> =>
    newestOfAny(
      { conditions, newest, placeOf: ({ placedAt, orderId }) => ({ time: placedAt, id: orderId }), pace },
      page,
    );

  return {
    get: async (orderId) => (await documents.get<OrderDocument>(collection(), orderId))?.document ?? null,
    list: (query) => {
      const { limit, cursor } = query;
      const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
      const warehouseIds = warehousesOf(query);
      if (warehouseIds === null) return newest(whereOf(query), page);
      const where = whereOf(query);
      return newestOf(
        warehouseIds.map((warehouseId) => ({ ...where, warehouseIds: { has: warehouseId } })),
        page,
      );
    },
    ofCustomers: ({ customerIds, limit, cursor, ...filters }) => {
      const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
      return newestOf(
        customerIds.map((customerId) => whereOf({ ...filters, customerId, limit })),
        page,
      );
    },
    waitingFor: (sku, page) =>
      pageOf(documents, collection(), { where: { waitingSkus: { has: sku } }, orderBy: oldestFirst }, page),
    isAnyWaiting: (skus) => documents.hasAny(collection(), 'waitingSkus', skus ?? [anySku]),
  };
};
