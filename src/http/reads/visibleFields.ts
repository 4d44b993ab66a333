/** An event, an order and a note as the one who reaches it may see it, by the table of the policies (R7.3). */
import { noteContext } from '../../commands/handlers.ts';
import type { PersonalData } from '../../commands/ports.ts';
import { type Reach, reachesWarehouse } from '../../domain/access/authorize.ts';
import { visibleFieldsByRole } from '../../domain/access/visibleFields.ts';
import type { DomainEvent, RecordedEvent, Sealed } from '../../eventsourcing/message.ts';
import { type PublicData, type PublicEvent, publicData, publicEvent } from '../../projections/publicEvent.ts';

/** Whether the caller sees the whole of an order; others see the part of their warehouses. */
export const seesWhole = ({ warehouses, customerId }: Reach): boolean => warehouses === 'all' || customerId !== null;

/** A customer sees each warehouse that has a part in the order. */
export const seesWarehouse = (reach: Reach, warehouseId: string): boolean =>
  seesWhole(reach) || reachesWarehouse(reach, warehouseId);

type EventFields = Readonly<Record<string, unknown>>;
type ShowValue = (value: unknown, isPlaced: boolean) => unknown;

const isEventFields = (value: unknown): value is EventFields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const prices: ReadonlySet<string> = new Set(['priceMinor', 'currency']);
/** Ids of what stands in a warehouse. Without a warehouse beside them it may be another caller's, so it is hidden. */
const placedIds: readonly string[] = ['shipmentId', 'reservationId'];
/** A free text that may name warehouses. */
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

const isForeign = (fields: EventFields, reach: Reach): boolean =>
  typeof fields.warehouseId === 'string' && !reachesWarehouse(reach, fields.warehouseId);

/** Only what concerns the warehouses in reach. `isPlaced`: one of them is named further out. */
const withinWarehouses = (reach: Reach): ShowValue => {
  const see: ShowValue = (value, isPlaced) => {
    if (Array.isArray(value)) return value.map((each) => see(each, isPlaced)).filter((each) => each !== undefined);
    if (!isEventFields(value)) return value;
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
  if (!isEventFields(value)) return value;
  const shown = Object.entries(value).filter(([name]) => !prices.has(name));
  return Object.fromEntries(shown.map(([name, each]) => [name, withoutPrices(each)]));
};

/**
 * An event as a read of the same caller would show it, for a conflict (B1), a dry run (B12) and the live stream. It goes by
 * the fields, so that new types of events are covered. `null`: the caller may not know of it. @throws UnknownEvent
 */
export const viewData = (event: DomainEvent, reach: Reach): PublicData | null => {
  const open = publicData(event);
  const data = visibleFieldsByRole[reach.role].prices ? open : withoutPrices(open);
  const seen = seesWhole(reach) ? data : withinWarehouses(reach)(data, false);
  return isEventFields(seen) ? seen : null;
};

/** `null`: the caller may not know of it. @throws UnknownEvent */
export const viewEvent = (event: RecordedEvent, reach: Reach): PublicEvent | null => {
  const data = viewData(event, reach);
  return data === null ? null : { ...publicEvent(event), data };
};

/** `note`: absent where there is none or the caller may not read it, `null` where its author's data was erased. */
type HistoryEvent = PublicEvent & { readonly note?: unknown };

const noteIn = ({ data }: RecordedEvent): Sealed | undefined =>
  'note' in data && typeof data.note === 'string' ? (data.note as Sealed) : undefined;

/** An event of history within the reader's reach, its note opened for those who may read notes. @throws UnknownEvent */
export const showHistory = async (
  event: RecordedEvent,
  reach: Reach,
  personalData: Pick<PersonalData, 'open'>,
): Promise<HistoryEvent> => {
  const data = viewData(event, reach);
  const note = data !== null && visibleFieldsByRole[reach.role].notes ? noteIn(event) : undefined;
  const shown = { ...publicEvent(event), data: data ?? {} };
  return note === undefined ? shown : { ...shown, note: await personalData.open(note, noteContext(event.stream)) };
};
