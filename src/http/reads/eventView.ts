/**
 * An event as one caller may see it, whichever way it leaves: a conflict (B1), a dry run (B12), the live stream. What it
 * shows is what a read of the same caller would show. It goes by the fields, so that new types of events are covered too.
 */
import { type Reach, reachesWarehouse } from '../../domain/access/policy.ts';
import type { DomainEvent, RecordedEvent } from '../../eventsourcing/message.ts';
import { type PublicData, type PublicEvent, publicData, publicEvent } from '../../projections/publicEvent.ts';
import { seesWhole, sights } from './visibleFields.ts';

type Fields = Readonly<Record<string, unknown>>;
type See = (value: unknown, isPlaced: boolean) => unknown;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const prices: ReadonlySet<string> = new Set(['priceMinor', 'currency']);
/** Belong to a warehouse; where none is named beside them, it could be anybody's. */
const placedIds: readonly string[] = ['shipmentId', 'reservationId'];
/** Says in words what happened where. */
const words = 'detail';
const namesWarehouse = /^warehouseId$|WarehouseId$/;
const namesWarehouses = /^scope$|^warehouseIds$|WarehouseIds$/;

/** Names and lists of warehouses, cut to those in reach. `undefined`: nothing is left to show. */
const seeField = (name: string, value: unknown, reach: Reach): unknown => {
  if (namesWarehouse.test(name) && typeof value === 'string') return reachesWarehouse(reach, value) ? value : undefined;
  if (namesWarehouses.test(name) && Array.isArray(value)) {
    return value.filter((each) => reachesWarehouse(reach, String(each)));
  }
  return value;
};

const isForeign = (fields: Fields, reach: Reach): boolean =>
  typeof fields.warehouseId === 'string' && !reachesWarehouse(reach, fields.warehouseId);

/** Only what concerns the warehouses in reach. `isPlaced`: one of them is named further out. */
const withinWarehouses = (reach: Reach): See => {
  const see: See = (value, isPlaced) => {
    if (Array.isArray(value)) return value.map((each) => see(each, isPlaced)).filter((each) => each !== undefined);
    if (!isFields(value)) return value;
    if (isForeign(value, reach)) return undefined;
    const placed = isPlaced || typeof value.warehouseId === 'string';
    if (!placed && placedIds.some((name) => name in value)) return undefined;
    const shown = Object.entries(value)
      .filter(([name]) => placed || name !== words)
      .map(([name, each]) => [name, see(seeField(name, each, reach), placed)] as const);
    return Object.fromEntries(shown.filter(([, each]) => each !== undefined));
  };
  return see;
};

const withoutPrices = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutPrices);
  if (!isFields(value)) return value;
  const shown = Object.entries(value).filter(([name]) => !prices.has(name));
  return Object.fromEntries(shown.map(([name, each]) => [name, withoutPrices(each)]));
};

/** `null`: the event is none of the caller's business. @throws UnknownEvent */
export const viewData = (event: DomainEvent, reach: Reach): PublicData | null => {
  const open = publicData(event);
  const data = sights[reach.role].prices ? open : withoutPrices(open);
  const seen = seesWhole(reach) ? data : withinWarehouses(reach)(data, false);
  return isFields(seen) ? seen : null;
};

/** `null`: the event is none of the caller's business. @throws UnknownEvent */
export const viewEvent = (event: RecordedEvent, reach: Reach): PublicEvent | null => {
  const data = viewData(event, reach);
  return data === null ? null : { ...publicEvent(event), data };
};
