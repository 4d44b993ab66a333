/** Which events of the live stream a caller gets: what was asked for, within what may be seen. Pure. */
import { type Reach, reachesWarehouse } from '../../domain/access/policy.ts';
import type { Principal } from '../../domain/access/principal.ts';
import { orderStream } from '../../domain/values.ts';
import { categoryOf, idOf, type RecordedEvent } from '../../eventsourcing/message.ts';
import type { ScanHint } from '../../eventsourcing/ports.ts';

export interface LiveQuery {
  readonly warehouseId?: string;
  readonly sku?: string;
  readonly orderId?: string;
  readonly types?: string;
}

const text = (data: object, field: string): string | undefined => {
  const value = (data as Readonly<Record<string, unknown>>)[field];
  return typeof value === 'string' ? value : undefined;
};

/** What to look for in the log. Fields of these names hold the same in each version of an event. */
export const scanHintOf = ({ warehouseId, sku, orderId, types }: LiveQuery): ScanHint => {
  const field = (name: string, value: string): string => `"${name}":${JSON.stringify(value)}`;
  return {
    ...(types === undefined ? {} : { types: types.split(',') }),
    texts: [
      ...(warehouseId === undefined ? [] : [field('warehouseId', warehouseId)]),
      ...(sku === undefined ? [] : [field('sku', sku)]),
    ],
    ...(orderId === undefined ? {} : { either: { stream: orderStream(orderId), text: field('orderId', orderId) } }),
  };
};

/** Warehouses an event is about; an order's are those of its allocations. */
const warehousesOf = ({ data }: RecordedEvent): readonly string[] => {
  const own = text(data, 'warehouseId');
  if (own !== undefined) return [own];
  const lists = ['allocations', 'released'].flatMap(
    (field) => (data as Readonly<Record<string, unknown>>)[field] ?? [],
  );
  return lists.flatMap((each) => text(each, 'warehouseId') ?? []);
};

/** The scope that each kind of stream needs; endpoints are nobody's live news. */
const scopesByCategory: { readonly [category: string]: readonly string[] } = {
  stock: ['inventory:read'],
  item: ['inventory:read'],
  warehouse: ['inventory:read'],
  order: ['orders:read'],
  shipment: ['orders:read'],
};

/** A customer's order and its way; what else of a warehouse names the order is the warehouse's business. */
const ofCustomers: ReadonlySet<string> = new Set(['order', 'shipment']);

export type LiveFilter = (event: RecordedEvent) => boolean;

/** A customer asks for one order, which the caller of this function has checked to be theirs. */
export const createLiveFilter = (
  { warehouseId, sku, orderId, types }: LiveQuery,
  { principal, reach }: { readonly principal: Principal; readonly reach: Reach },
): LiveFilter => {
  const wanted = types === undefined ? null : new Set(types.split(','));
  const maySee = (event: RecordedEvent): boolean => {
    const scopes = scopesByCategory[categoryOf(event.stream)] ?? [];
    if (!scopes.some((scope) => principal.scopes.some((own) => own === scope || own === 'admin'))) return false;
    if (reach.customerId !== null) return ofCustomers.has(categoryOf(event.stream));
    if (reach.warehouses === 'all') return true;
    const about = warehousesOf(event);
    return categoryOf(event.stream) === 'item' || about.some((id) => reachesWarehouse(reach, id));
  };
  const isWanted = (event: RecordedEvent): boolean => {
    if (wanted !== null && !wanted.has(event.type)) return false;
    if (warehouseId !== undefined && !warehousesOf(event).includes(warehouseId)) return false;
    if (sku !== undefined && text(event.data, 'sku') !== sku) return false;
    const own = categoryOf(event.stream) === 'order' ? idOf(event.stream) : text(event.data, 'orderId');
    return orderId === undefined || own === orderId;
  };
  return (event) => isWanted(event) && maySee(event);
};
