/** Which events of the live stream a caller gets: what was asked for, within what may be seen. Pure. */
import type { Handlers } from '../../commands/handlers.ts';
import { type Reach, reachesWarehouse } from '../../domain/access/authorize.ts';
import type { Principal, Scope } from '../../domain/access/principal.ts';
import type { LedgerEvent } from '../../domain/events.ts';
import { orderStream } from '../../domain/values.ts';
import { categoryOf, idOf, type RecordedEvent } from '../../eventsourcing/message.ts';
import type { ScanHint } from '../../eventsourcing/ports.ts';

interface LiveQuery {
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

/** Fields of an event that list what stands in a warehouse each. */
type SourceList<E> = E extends { readonly data: infer Data }
  ? {
      [Field in keyof Data]-?: Data[Field] extends readonly { readonly warehouseId: string }[] | undefined
        ? Field
        : never;
    }[keyof Data]
  : never;
/**
 * Whether what stands in the list makes its warehouse a part of the order, so that its people see the event. A new field of
 * this kind does not compile without its line.
 */
const sourceLists: { readonly [Field in SourceList<LedgerEvent>]: boolean } = {
  allocations: true,
  released: true,
  // Goods that have not come yet make no part.
  fills: false,
};
const partLists = Object.entries(sourceLists).flatMap(([field, isPart]) => (isPart ? [field] : []));

/** Warehouses an event is about; an order's are those of its allocations. */
const warehousesOf = ({ data }: RecordedEvent): readonly string[] => {
  const own = text(data, 'warehouseId');
  if (own !== undefined) return [own];
  const lists = partLists.flatMap((field) => (data as Readonly<Record<string, unknown>>)[field] ?? []);
  return lists.flatMap((each) => text(each, 'warehouseId') ?? []);
};

/** A transfer is the business of both its ends. A filter by warehouse asks for what happened in that one. */
const endsOf = ({ data }: RecordedEvent): readonly string[] =>
  ['fromWarehouseId', 'toWarehouseId'].flatMap((field) => text(data, field) ?? []);

/** The text before the first `-` of a stream's name (docs/glossary.md, "stream"). */
type StreamCategory = Lowercase<keyof Handlers>;
/**
 * The scope that the live events of each category need, and whether a customer sees those of an own order. `null`: never
 * live. A new category does not compile without its line.
 */
const liveCategories: {
  readonly [Category in StreamCategory]: { readonly scope: Scope; readonly isForCustomers: boolean } | null;
} = {
  stock: { scope: 'inventory:read', isForCustomers: false },
  item: { scope: 'inventory:read', isForCustomers: false },
  warehouse: { scope: 'inventory:read', isForCustomers: false },
  order: { scope: 'orders:read', isForCustomers: true },
  shipment: { scope: 'orders:read', isForCustomers: true },
  ordernumber: null,
  webhook: null,
  apiclient: null,
  alert: { scope: 'audit:read', isForCustomers: false },
  transfer: { scope: 'inventory:read', isForCustomers: false },
  inbound: { scope: 'inventory:read', isForCustomers: false },
  return: { scope: 'orders:read', isForCustomers: true },
  trackinglink: null,
};
const isKnown = (category: string): category is StreamCategory => Object.hasOwn(liveCategories, category);

export type LiveFilter = (event: RecordedEvent) => boolean;

/** A customer asks for one order, which the caller of this function has checked to be theirs. */
export const createLiveFilter = (
  { warehouseId, sku, orderId, types }: LiveQuery,
  { principal, reach }: { readonly principal: Principal; readonly reach: Reach },
): LiveFilter => {
  const wanted = types === undefined ? null : new Set(types.split(','));
  const maySee = (event: RecordedEvent): boolean => {
    const category = categoryOf(event.stream);
    const live = isKnown(category) ? liveCategories[category] : null;
    if (live === null || !principal.scopes.some((own) => own === live.scope || own === 'admin')) return false;
    if (reach.customerId !== null) return live.isForCustomers;
    if (reach.warehouses === 'all') return true;
    const about = category === 'transfer' ? endsOf(event) : warehousesOf(event);
    return category === 'item' || about.some((id) => reachesWarehouse(reach, id));
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
